"""The page as people meet it: built, served by `python -m http.server`, and used in headless Chromium. A photograph dropped and
colored as by Python, a hint, the slider, files saved and read back, a broken file, twenty files, a phone, the dark, no network;
then the page of `colorgan app`, where Python colors what a browser cannot.
`skipped: why` where there is no browser. --install fetches what is missing, as browser.py does; --time measures the speed instead."""
import argparse
import functools
import http.server
import io
import json
import re
import shutil
import subprocess
import sys
import threading
import time
import traceback
import zipfile
from base64 import b64encode
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory

import browser as widget
from browser import browsers, phone
from project import root

flags = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync']
desk = dict(width=1440, height=900)
shown = '.pair:not(.empty):not(.working)'


def lacking(install):
    "Why it can't be done here; or None."
    widget.needed = ('playwright',)
    return widget.lacking(install) or (None if find_spec('onnxscript') else 'onnxscript not installed: pip install "colorgan[onnx]"')


class Quiet(http.server.SimpleHTTPRequestHandler):
    "The handler of `python -m http.server`, without its log. It adds no header."
    def log_message(self, *args): pass


@contextmanager
def served(folder):
    "The address of a folder."
    with http.server.ThreadingHTTPServer(('127.0.0.1', 0), functools.partial(Quiet, directory=str(folder))) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try: yield f'http://127.0.0.1:{server.server_port}/'
        finally: server.shutdown()


class Hands:
    "A person at the page."
    def __init__(self, browser, address, folder, shots=None, **context):
        self.context = browser.new_context(**context)
        self.page, self.address, self.folder, self.shots, self.faults, self.asked = self.context.new_page(), address, folder, shots, [], []
        self.page.set_default_timeout(60_000)
        self.page.on('pageerror', lambda e: self.faults.append(e.stack or str(e)))
        self.page.on('console', lambda m: self.faults.append(m.text) if m.type in ('error', 'warning') else None)
        self.context.on('request', lambda r: self.asked.append(r.url))

    def there(self, css): return self.page.locator(css)

    def open(self):
        self.page.goto(self.address)
        self.there('html[data-ready]').wait_for(state='attached')

    def idle(self): self.there(shown).wait_for()

    def drop(self, *files):
        "Let files fall on the page, and wait until one is in color."
        data = self.page.evaluate_handle('''files => { const d = new DataTransfer();
            for (const [name, text] of files) d.items.add(new File([Uint8Array.from(atob(text), c => c.charCodeAt(0))], name)); return d; }''',
            [(o.name, b64encode(o.read_bytes()).decode()) for o in files])
        self.there('body').dispatch_event('drop', dict(dataTransfer=data))

    def saved(self, button='#save', format=''):
        self.there('#format').select_option(format)
        with self.page.expect_download() as waiting: self.there(button).click()
        file = self.folder/waiting.value.suggested_filename
        waiting.value.save_as(file)
        self.idle()
        return file

    def count(self, css): return self.there(css).count()

    def shoot(self, name):
        if not self.shots: return
        self.shots.mkdir(parents=True, exist_ok=True)
        self.page.screenshot(path=self.shots/f'{name}.png')


def check(what, fine, more=''):
    print(f'{"passed" if fine else "FAILED"} the page in a browser: {what}{"" if fine else f" ({more})"}', flush=True)
    return bool(fine)


def off(a, b):
    "The share of the values that differ by more than a level, and the largest difference."
    import numpy as np
    if (a.mode, b.mode) == ('RGBA', 'RGB') and a.getchannel('A').getextrema() == (255, 255): a = a.convert('RGB')  # as some browsers write
    if a.size != b.size or a.mode != b.mode: return 1., 255
    d = abs(np.asarray(a, int) - np.asarray(b, int))
    return float((d > 1).mean()), int(d.max())


def at_a_desk(hands, photos, colorizer):
    "By mouse and key, on a wide screen."
    from PIL import Image
    from colorgan.pictures.read import describe
    hands.shoot('empty')
    hands.drop(photos['coffee'])
    hands.idle()
    for name in ('astronaut', 'chelsea', 'rocket', 'tall', 'clear'):
        hands.drop(photos[name])
        tile = hands.there(f'.tile.ready[title="{photos[name].name}"]')
        tile.wait_for()
        tile.click()
        hands.idle()
        with Image.open(photos[name]) as im: want = colorizer.colorize(im)
        with Image.open(hands.saved()) as got: share, worst = off(got, want)
        yield f'{name} is as Python colors it', share <= 1e-3, (share, worst)
    hands.there('.tile').first.click()
    hands.idle()
    plain = hands.saved(format='PNG')
    with Image.open(photos['coffee']) as im: share, worst = off(Image.open(plain), colorizer.colorize(im))
    yield 'a JPEG is as Python colors it', share <= 1e-3, (share, worst)  # two decoders of one library
    record = describe(plain)['record'] or {}
    expected = dict(weights=colorizer.digest, size=colorizer.size, saturation=colorizer.saturation)
    yield 'the file says how it was colored', {k: record.get(k) for k in expected} == expected, record
    turned = hands.saved(format='JPEG')
    with Image.open(turned) as im: exif = im.getexif()
    yield from tiff_is_whole(hands, plain, colorizer)
    yield 'EXIF is kept, upright, with the program', (exif.get(271), exif.get(274), exif.get(305, '')[:9]) == ('Kodak', 1, 'colorgan '), dict(exif)

    box = hands.there('.pair').bounding_box()
    x, y, w, h = (box[k] for k in ('x', 'y', 'width', 'height'))
    hands.page.mouse.move(x + w/2, y + h/2)
    hands.page.mouse.down()
    hands.page.mouse.move(x + .3*w, y + h/2, steps=4)
    hands.page.mouse.up()
    dragged = hands.there('.handle').get_attribute('aria-valuenow')
    hands.page.keyboard.press('ArrowRight')
    yield 'the slider goes where it is dragged, and by key', (dragged, hands.there('.handle').get_attribute('aria-valuenow')) == ('30', '32'), dragged

    hands.there('.pair').click(position=dict(x=.68*w, y=.6*h))
    hands.there('.swatch[title="strong blue"]').click()
    hands.there('.mark').wait_for()
    hands.idle()
    hands.shoot('picker')
    marks = hands.page.evaluate('[...document.querySelectorAll(".mark")].map(o => o.getAttribute("aria-label"))')
    at = tuple(map(int, re.findall(r'\d+', marks[0])[1:]))
    read = hands.there('.picker .read').text_content()
    a, b = (int(o) for o in re.findall(r'-?\d+', read))
    hands.there('.picker .main').click()
    with Image.open(photos['coffee']) as im: want = colorizer.colorize(im, hints=[(*at, a, b)])
    with Image.open(hands.saved(format='PNG')) as got: share, worst = off(got, want)
    yield 'a hint spreads as in Python', worst <= 6 and share < .05, (share, worst)  # a and b are shown in whole numbers
    hands.there('.pair').focus()
    for key in ('ArrowLeft',)*12 + ('ArrowUp', 'Enter'): hands.page.keyboard.press(key)
    hands.there('.plane').wait_for()
    for key in ('Shift+ArrowRight', 'ArrowDown', 'Enter', 'Escape'): hands.page.keyboard.press(key)
    hands.there('.mark').nth(1).wait_for()
    hands.idle()
    yield 'a color given by key alone', (hands.count('.mark'), hands.count('.picker')) == (2, 0)
    hands.there('#undo').click()
    hands.page.keyboard.press('Control+z')
    hands.page.wait_for_timeout(200)
    hands.idle()
    yield 'undo', hands.saved(format='PNG').read_bytes() == plain.read_bytes()
    hands.there('#saturation').fill('0')
    hands.page.wait_for_timeout(200)
    hands.idle()
    with Image.open(hands.saved(format='PNG')) as got: red, green, blue = got.convert('RGB').split()
    yield 'saturation 0 is gray', off(red, blue)[1] <= 1 and off(red, green)[1] <= 1
    hands.there('#saturation').fill(str(colorizer.saturation))

    before = hands.count('.tile.ready')
    hands.drop(photos['letter'], *photos['twenty'])
    hands.page.locator('#messages .error', has_text='letter.jpg').wait_for()
    hands.there('.tile.ready').nth(before + 19).wait_for()
    names = zipfile.ZipFile(io.BytesIO(hands.saved('#all').read_bytes())).namelist()
    yield 'a broken file is named, and twenty others are colored', len(names) == before + 20 and len(set(names)) == len(names), names
    hands.shoot('twenty')
    refused = hands.page.evaluate("fetch('http://127.0.0.1:9/').then(() => false, () => true)")
    hands.faults = [f for f in hands.faults if '127.0.0.1:9/' not in f and 'Content Security Policy' not in f]
    yield 'a connection to another place is refused', refused and not any(':9/' in o for o in hands.asked)


def tiff_is_whole(hands, plain, colorizer):
    "A TIFF that the page wrote, as Pillow, tifffile and libtiff read it, beside the PNG."
    import numpy as np
    import tifffile
    from PIL import Image
    from colorgan.pictures.read import describe
    file = hands.saved(format='TIFF')
    with Image.open(plain) as png, Image.open(file) as tif:
        want, exif = np.asarray(png.convert(tif.mode)), tif.getexif()
        same = tif.mode in ('RGB', 'RGBA') and (np.asarray(tif) == want).all() and (tifffile.imread(file) == want).all()
    yield 'a TIFF has the pixels of the PNG', bool(same), (file.name, want.shape)
    record, kept = describe(file)['record'] or {}, (exif.get(271), exif.get(274), exif.get(305, '')[:9])
    yield 'it says how it was colored, and keeps EXIF', record.get('weights') == colorizer.digest and kept == ('Kodak', 1, 'colorgan '), (record, kept)
    if shutil.which('tiffinfo'):
        said = subprocess.run(['tiffinfo', file], capture_output=True, text=True)
        yield 'libtiff reads it without a word', not said.stderr and 'XMLPacket' in said.stdout and 'AdobeDeflate' in said.stdout, said.stderr


def with_python(hands, photos, colorizer):
    "The page of `colorgan app`: what a browser cannot do is done by Python, and a folder where it lies."
    import numpy as np
    import tifffile
    from PIL import Image
    from colorgan.inference import Colorizer
    like_the_server = Colorizer(device='cpu')
    hands.drop(photos['deep'], photos['vast'])
    for name in ('deep', 'vast'):
        job = hands.page.locator('.job', has_text=photos[name].name)
        with hands.page.expect_download() as waiting: job.locator('button', has_text='Save').click()
        file, want = hands.folder/f'server {waiting.value.suggested_filename}', hands.folder/f'by python {photos[name].name}'
        waiting.value.save_as(file)
        like_the_server.colorize_file(photos[name], want)
        if name == 'deep': a, b = tifffile.imread(file), tifffile.imread(want)
        else:
            with Image.open(file) as one, Image.open(want) as two: a, b = np.asarray(one), np.asarray(two)
        fine = a.dtype == b.dtype == ('uint16' if name == 'deep' else 'uint8') and a.shape == b.shape and a.shape[-1] == 3 and (a == b).all()
        yield f'{photos[name].name} is colored by Python, and saved', bool(fine), (a.dtype, a.shape, b.dtype, b.shape)
    hands.there('select[aria-label=Folder]').select_option('scans')
    hands.page.locator('button', has_text='Color it').click()
    hands.page.locator('.job', has_text='scans').locator('button', has_text='Put away').wait_for()
    colored = sorted(o.name for o in photos['scans'].rglob('*') if o.parent.name == 'colored')
    yield 'a folder is colored where it lies', colored == ['0.jpg', '1.jpg', '2.jpg'], (colored, hands.there('#jobs').inner_text())
    hands.drop(photos['chelsea'])
    hands.idle()
    yield 'a small one is colored in the browser, by the same page', hands.count('.tile.ready') == 1
    hands.shoot('app')
    hands.page.reload()
    hands.there('html[data-ready]').wait_for(state='attached')
    yield 'the token is no longer in the address, and is still known', 'token' not in hands.page.url and hands.there('select[aria-label=Folder] option').count() == 1


def without_network(hands, photos, colorizer):
    "Once loaded, the page needs no network."
    hands.drop(photos['chelsea'])
    hands.idle()
    hands.page.evaluate('navigator.serviceWorker.ready.then(() => 1)')
    hands.context.set_offline(True)
    hands.page.reload()
    hands.there('html[data-ready]').wait_for(state='attached')
    threads = hands.there('html').get_attribute('data-threads')
    hands.drop(photos['chelsea'])
    hands.idle()
    yield f'it loads and colors without a network, in {threads} threads', hands.count('.tile.ready') == 1


def on_a_phone(hands, photos, colorizer):
    "By touch, on a narrow screen, in the dark."
    hands.shoot('phone-empty')
    hands.there('#samples button').nth(0).tap()
    hands.idle()
    hands.there('.pair').tap(position=dict(x=90, y=120))
    hands.there('.swatch[title="soft red"]').tap()
    hands.there('.mark').wait_for()
    hands.idle()
    hands.shoot('phone-dark')
    over = hands.page.evaluate('document.documentElement.scrollWidth - document.documentElement.clientWidth')
    yield 'a sample and a hint by touch, and nothing sticks out', (hands.count('.mark'), over) == (1, 0), over
    paper = hands.page.evaluate('getComputedStyle(document.body).backgroundColor')
    yield 'it is dark where people want it', sum(map(int, re.findall(r'\d+', paper)[:3])) < 150, paper
    small = hands.page.evaluate('''[...document.querySelectorAll("button, a, input, select, canvas")].filter(o => o.offsetParent &&
        !(o.ariaLabel || o.textContent.trim() || o.title || o.labels?.length || o.querySelector?.("img[alt]"))).map(o => o.outerHTML.slice(0, 80))''')
    yield 'everything that can be touched has a name', not small, small


def gather(folder):
    "The photographs of the check, by name."
    from PIL import Image
    from colorgan.core.show import sample_photos
    photos, files = sample_photos(), {}
    def put(name, im, ending='png', **options):
        files[name] = folder/f'{name}.{ending}'
        im.save(files[name], **options)
    exif = Image.Exif()
    exif[271], exif[274] = 'Kodak', 6
    put('coffee', photos['coffee'].convert('L').transpose(Image.Transpose.ROTATE_90), 'jpg', quality=95, exif=exif)
    put('astronaut', photos['astronaut'].convert('L').resize((511, 333)))
    put('chelsea', photos['chelsea'])
    put('rocket', photos['rocket'].convert('L').resize((639, 77)))
    put('tall', photos['coffee'].convert('L').resize((97, 401)))
    clear = photos['hopper'].convert('L').convert('RGBA')
    clear.paste((0, 0, 0, 0), (0, 0, 60, 60))
    put('clear', clear)
    files['letter'] = folder/'letter.jpg'
    files['letter'].write_text('Dear Sir')
    files['twenty'] = []
    import numpy as np
    import tifffile
    files['deep'], files['vast'], files['scans'] = folder/'deep.tif', folder/'vast.jpg', folder/'scans'
    tifffile.imwrite(files['deep'], np.asarray(photos['coffee'].convert('L').resize((400, 300)), np.uint16)*257 + 9)
    photos['rocket'].convert('L').resize((8000, 5200)).save(files['vast'], quality=60)  # more than a browser is given
    files['scans'].mkdir()
    for i in range(3): photos['chelsea'].convert('L').resize((200 + i, 150)).save(files['scans']/f'{i}.jpg')
    for i in range(20):
        files['twenty'].append(folder/f'number {i}.jpg')
        photos['astronaut'].convert('L').rotate(18*i).resize((300 + 7*i, 240)).save(files['twenty'][-1], quality=85)
    return files


def peak():
    "Forget the most memory that this process had, and return what reads it from then on, in MB; None where Linux is not."
    try: Path('/proc/self/clear_refs').write_text('5')
    except OSError: return lambda: None
    return lambda: int(re.search(r'VmHWM:\s+(\d+)', Path('/proc/self/status').read_text())[1])/1024


def in_a_process(weights, files):
    "Seconds and the most memory, by picture, of Python in a process of its own; the colored pictures beside the files."
    code = """import json, sys, time
sys.path[:0] = sys.argv[4:]
from page import peak
from PIL import Image
from colorgan.inference import Colorizer
weights, out, files = sys.argv[1], sys.argv[2], json.loads(sys.argv[3])
options = dict(device='onnx:CPU') if weights.endswith('.onnx') else dict(device='cpu', precision='fp32')
colorizer = Colorizer.from_file(weights, **options) if weights else Colorizer(**options)
with Image.open(files['640x480']) as im: colorizer.colorize(im)  # the first one loads and starts
found = {}
for name, file in files.items():
    memory, times = peak(), []
    for _ in range(3):
        start = time.perf_counter()
        with Image.open(file) as im: colored = colorizer.colorize(im)
        times.append(time.perf_counter() - start)
    colored.save(f'{out}/{name}.png', compress_level=1)
    found[name] = min(times), memory()
print(json.dumps(found))"""
    out = files['640x480'].parent/('onnx' if weights else 'python')
    out.mkdir()
    named = json.dumps({k: str(v) for k, v in files.items()})
    said = subprocess.run([sys.executable, '-c', code, str(weights or ''), str(out), named, str(root/'.ci'), str(root)], check=True, capture_output=True, text=True)
    return json.loads(said.stdout), out


def in_the_browser(browser, address, folder, files):
    "The same of the page: from the drop until it is shown, the best of three; memory of the largest renderer."
    hands, found = Hands(browser, address, folder), {}
    out = folder/'page colors'
    out.mkdir()
    start = time.perf_counter()
    hands.open()
    print(f'the page is loaded in {time.perf_counter() - start:.2f} s')
    for name, file in [('first', files['640x480']), *files.items()]:
        times = []
        for _ in range(1 if name == 'first' else 3):
            if hands.count('.away'): hands.there('.away').first.click()
            hands.there('#zone').wait_for()
            start = time.perf_counter()
            hands.drop(file)
            hands.idle()
            times.append(time.perf_counter() - start)
        steps = [o for w in hands.page.workers for o in w.evaluate('performance.getEntriesByType("measure").map(o => `${o.name} ${o.duration.toFixed(0)}`)')]
        for w in hands.page.workers: w.evaluate('performance.clearMeasures()')
        print(f'page, {name}: {min(times):.2f} s; ms: {", ".join(steps)}')
        if name == 'first': continue
        shutil.copy(hands.saved(format='PNG'), out/f'{name}.png')
        found[name] = min(times), renderer_memory()
    hands.context.close()
    return found, out


def renderer_memory():
    "The most memory of a renderer of Chromium so far, in MB; None where Linux is not."
    memory = []
    for status in Path('/proc').glob('[0-9]*/status'):
        try: command, text = (status.parent/'cmdline').read_bytes(), status.read_text()
        except OSError: continue
        if b'--type=renderer' in command and (m := re.search(r'VmHWM:\s+(\d+)', text)): memory.append(int(m[1])/1024)
    return max(memory, default=None)


def clock(browser, address, folder, page):
    "Print a table in Markdown: Python, ONNX Runtime and the page, on the same pictures, one after the other."
    from PIL import Image
    from colorgan.core.show import sample_photos
    astronaut, files = sample_photos()['astronaut'].convert('L'), {}
    for name, size in (('640x480', (640, 480)), ('12 megapixels', (4000, 3000))):
        files[name] = folder/f'{name}.jpg'
        astronaut.resize(size).save(files[name], quality=90)
    rows = {'Python': in_a_process(None, files), 'Python with ONNX Runtime': in_a_process(page/'colorgan.onnx', files),
            'page in Chromium': in_the_browser(browser, address, folder, files)}
    print('| | ' + ' | '.join(f'{name}, seconds | memory, MB | levels off: more than 1, most' for name in files) + ' |\n|---|' + '---:|---:|---:|'*len(files))
    for row, (found, out) in rows.items():
        cells = []
        for name in files:
            with Image.open(rows['Python'][1]/f'{name}.png') as want, Image.open(out/f'{name}.png') as got: share, worst = off(got, want)
            seconds, memory = found[name]
            cells += [f'{seconds:.2f}', f'{memory:.0f}' if memory else '–', '–' if row == 'Python' else f'{share:.4%}, {worst}']
        print(f'| {row} | ' + ' | '.join(cells) + ' |')


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--install', action='store_true', help='install what is missing: Python packages, and as root Chromium')
    parser.add_argument('--shots', type=Path, metavar='DIR', help='write screenshots there')
    parser.add_argument('--time', action='store_true', help='measure the speed and memory beside Python and ONNX Runtime, check nothing')
    parser.add_argument('--weights', metavar='FILE', help='an ONNX file of `colorgan export`, so that it need not be exported again')
    args = parser.parse_args()
    if why := lacking(args.install): return print(f'skipped: the page in a browser: {why}')
    from playwright.sync_api import sync_playwright
    sys.path.insert(0, str(root))
    from colorgan.app.page import build_page
    from colorgan.app.server import start_app
    from colorgan.inference import Colorizer

    start, fine = time.monotonic(), True
    with TemporaryDirectory() as tmp:
        folder = Path(tmp)
        build_page(folder/'page', args.weights)
        photos, colorizer = gather(folder), Colorizer(device='cpu', precision='fp32')
        (folder/'saved').mkdir()
        with served(folder/'page') as address, sync_playwright() as p:
            browser = p.chromium.launch(executable_path=next(filter(None, map(shutil.which, browsers))), args=flags)
            if args.time: return clock(browser, address, folder, folder/'page')
            def visit(name, steps, address, **context):
                nonlocal fine
                hands, results = Hands(browser, address, folder/'saved', args.shots, **context), []
                try:
                    hands.open()
                    for result in steps(hands, photos, colorizer): fine &= check(*result)
                    results.append((f'no error on the console, at the {name}', not hands.faults, hands.faults))
                    others = {o for o in hands.asked if not o.startswith((address.partition('?')[0], 'blob:', 'data:'))}
                    results.append((f'no request to another place, at the {name}', not others, others))
                except Exception:
                    traceback.print_exc()
                    if args.shots: hands.shoot(f'{name}-failed')
                    results.append((f'at the {name}', False, ['stopped by the above', *hands.faults]))
                hands.context.close()
                for result in results: fine &= check(*result)
            visit('desk', at_a_desk, address, viewport=desk)
            visit('offline', without_network, address, viewport=desk)
            visit('phone', on_a_phone, address, viewport=phone, has_touch=True, is_mobile=True, device_scale_factor=2, color_scheme='dark')
            began = time.monotonic()
            with start_app(page=folder/'page', folders=[photos['scans']], device='cpu') as server: visit('server', with_python, server.address, viewport=desk)
            print(f'{time.monotonic() - began:.0f} s with the server')
            browser.close()
    print(f'{time.monotonic() - start:.0f} s')
    sys.exit(not fine)


if __name__ == '__main__': main()
