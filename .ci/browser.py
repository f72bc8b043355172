"""The widget as people meet it: JupyterLab and headless Chromium, a photograph uploaded, the slider moved, colors given
by mouse, key, touch, name and stroke, other answers, doubt and references, each undone, files taken home and compared with what `colorize_file` writes. `skipped: why` where there is no
browser. --install fetches what is missing into this environment, and Chromium by apt-get if it may."""
import argparse
import io
import json
import os
import re
import secrets
import shutil
import socket
import subprocess
import sys
import time
import traceback
import urllib.request
import zipfile
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory

from project import root

needed = 'jupyterlab', 'playwright', 'anywidget'
browsers = 'chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'
cell = '''from colorgan.inference import Colorizer
from colorgan.app.widgets import ColorizeApp
ColorizeApp(Colorizer(device='cpu', precision='fp32'))'''  # on a busy machine, two processes may not choose alike
wide, phone = dict(width=1200, height=1100), dict(width=390, height=844)


def lacking(install):
    "Why it can't be done here; or None."
    missing = [p for p in needed if not find_spec(p)]
    if missing and install: subprocess.run([sys.executable, '-m', 'pip', 'install', '-q', *missing], stdin=subprocess.DEVNULL)
    missing = [p for p in missing if not find_spec(p)]
    if missing: return f'{", ".join(missing)} not installed: pip install {" ".join(missing)}, or give --install'
    if not any(map(shutil.which, browsers)) and install and shutil.which('apt-get') and os.geteuid() == 0:
        for command in (['update', '-qq'], ['install', '-qq', '-y', '--no-install-recommends', 'chromium']):
            subprocess.run(['apt-get', *command], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, timeout=300)
    if not any(map(shutil.which, browsers)): return 'no Chromium or Chrome to be found, nor could one be installed'


@contextmanager
def lab(folder):
    "JupyterLab at work in `folder`: the address of its notebook."
    settings = folder/'config/labconfig/page_config.json'
    settings.parent.mkdir(parents=True)
    settings.write_text(json.dumps(dict(disabledExtensions={'@jupyterlab/apputils-extension:announcements': True})))
    with socket.socket() as s:
        s.bind(('127.0.0.1', 0))
        port = s.getsockname()[1]
    token, env = secrets.token_hex(16), os.environ | dict(JUPYTER_CONFIG_DIR=str(folder/'config'), JUPYTER_DATA_DIR=str(folder/'data'), PYTHONPATH=str(root))
    options = dict(ip='127.0.0.1', port=port, root_dir=folder/'work', allow_root=True, open_browser=False)
    command = [sys.executable, '-m', 'jupyterlab', f'--IdentityProvider.token={token}', '--LabApp.expose_app_in_browser=True',
               *[f'--ServerApp.{k}={v}' for k, v in options.items()]]
    with open(folder/'lab.log', 'wb') as log, subprocess.Popen(command, env=env, stdin=subprocess.DEVNULL, stdout=log, stderr=log) as server:
        try:
            for _ in range(120):
                try: urllib.request.urlopen(f'http://127.0.0.1:{port}/api?token={token}', timeout=5).close()
                except OSError: time.sleep(.5)
                else: break
            else: raise RuntimeError((folder/'lab.log').read_text()[-2000:])
            yield f'http://127.0.0.1:{port}/doc/tree/app.ipynb?token={token}&reset'
        finally: server.terminate()


def notebook(path):
    "A notebook that shows the widget."
    import nbformat
    nb = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell)])
    nb.metadata['kernelspec'] = dict(name='python3', display_name='Python 3', language='python')
    nbformat.write(nb, path)


class Hands:
    "A person at the widget."
    def __init__(self, browser, folder, shots, **context):
        self.context = browser.new_context(**context)
        self.page, self.folder, self.shots, self.faults = self.context.new_page(), folder, shots, []
        self.page.set_default_timeout(60_000)
        self.page.on('pageerror', lambda e: self.faults.append(e.stack or str(e)))
        self.page.on('console', lambda m: self.faults.append(f'{m.text} {m.location.get("url", "")}') if m.type == 'error' else None)

    def open(self, address):
        "Open the notebook, and when its kernel is ready run its cell."
        self.page.goto(address)
        self.page.locator('.jp-Notebook-ExecutionIndicator[data-status=idle]').wait_for(state='attached', timeout=120_000)
        for _ in range(4):  # JupyterLab drops what is run while it still connects: the prompt is empty again
            self.page.locator('.jp-CodeCell .cm-content').first.click()
            self.page.keyboard.press('Shift+Enter')
            self.page.wait_for_timeout(1000)
            self.page.wait_for_function('''document.querySelector('.cg-zone')
                || document.querySelector('.jp-InputArea-prompt').textContent.trim() === '[ ]:' ''', timeout=120_000)
            if self.page.locator('.cg-zone').count(): break
        self.page.locator('.cg-zone').wait_for()

    def there(self, css): return self.page.locator(f'.cg-root {css}')

    def idle(self): self.page.wait_for_function("!document.querySelector('.cg-working')")

    def bring(self, file, more=1):
        "Choose a file; there are so many pictures more then."
        there = self.there('.cg-frame').count()
        self.there('input[type=file][multiple]').set_input_files(file)
        self.page.wait_for_function('n => document.querySelectorAll(".cg-frame").length === n', arg=there + more)
        self.idle()

    def drop(self, file, css='.cg-stage'):
        "Let a file fall on the stage, or on a part of it."
        data = self.page.evaluate_handle('''([bytes, name]) => { const d = new DataTransfer();
            d.items.add(new File([new Uint8Array(bytes)], name)); return d; }''', [list(file.read_bytes()), file.name])
        for event in ('dragover', 'drop'): self.there(css).dispatch_event(event, dict(dataTransfer=data))

    def seen(self): return self.there('.cg-after').get_attribute('src')

    def changed(self, src):
        self.page.wait_for_function('src => document.querySelector(".cg-after").src !== src && !document.querySelector(".cg-working")', arg=src)

    def save(self, button):
        with self.page.expect_download() as waiting: self.press(button)
        file = self.folder/waiting.value.suggested_filename
        waiting.value.save_as(file)
        return file

    def press(self, button): self.page.locator('button.jupyter-button', has_text=re.compile(rf'^\s*{button}\s*$')).click()

    def box(self, css):
        self.there(css).scroll_into_view_if_needed()
        return self.there(css).bounding_box().values()

    def tap(self, css, x, y, until):
        "Tap there, once more when nothing comes of it: a browser may take a tap soon after a drag for a part of it."
        from playwright.sync_api import TimeoutError as Late
        for patience in (1, 0):
            self.there(css).tap(position=dict(x=x, y=y))
            try: return self.there(until).first.wait_for(timeout=20_000)
            except Late:
                if not patience: raise

    def undo(self):
        "Press Undo, and wait for another picture."
        src = self.seen()
        self.press('Undo')
        self.changed(src)

    def split(self): return float(self.there('.cg-handle').get_attribute('aria-valuenow'))

    def dark(self, on):
        self.page.evaluate("theme => jupyterapp.commands.execute('apputils:change-theme', {theme})", f'JupyterLab {"Dark" if on else "Light"}')
        self.page.wait_for_function(f'document.body.dataset.jpThemeLight === "{"false" if on else "true"}"')

    def shoot(self, name):
        if not self.shots: return
        self.shots.mkdir(parents=True, exist_ok=True)
        self.page.locator('.jp-OutputArea-output').first.screenshot(path=self.shots/f'{name}.png')


def check(what, fine, more=''):
    print(f'{"passed" if fine else "FAILED"} the widget in a browser: {what}{"" if fine else f" ({more})"}', flush=True)
    return bool(fine)


def at_a_desk(hands, photos, colored):
    "By mouse and key, on a wide screen."
    coffee, cat, letter = photos
    hands.shoot('empty')
    hands.bring(coffee)
    plain = hands.save('Download')
    yield 'a photograph uploaded and taken home is what colorize_file writes', plain.read_bytes() == colored(coffee).read_bytes()

    x, y, w, h = hands.box('.cg-pair')
    hands.page.mouse.move(x + w/2, y + h/2)
    hands.page.mouse.down()
    hands.page.mouse.move(x + .3*w, y + h/2, steps=4)
    hands.page.mouse.up()
    dragged = hands.split()
    hands.page.keyboard.press('ArrowRight')
    yield 'the slider goes where it is dragged, and by key', (dragged, hands.split()) == (30, 32), (dragged, hands.split())

    src = hands.seen()
    hands.there('.cg-pair').click(position=dict(x=.68*w, y=.6*h))
    hands.there('.cg-plane').click(position=dict(x=95, y=105))
    hands.changed(src)
    hands.there('.cg-plane').click(position=dict(x=60, y=90))
    hands.page.wait_for_timeout(300)
    hands.idle()
    hands.shoot('picker')
    hands.dark(True)
    hands.shoot('picker-dark')
    hands.dark(False)
    hands.there('.cg-done').click()
    yield 'a click asks for a color, and choosing again replaces it', hands.there('.cg-mark').count() == 1, hands.there('.cg-mark').count()

    from colorgan.coloring.hints import load_hints
    first = load_hints(hands.save('Save hints'))
    saved = hands.save('Download')
    yield 'the picture is that of colorize_file with these hints', saved.read_bytes() == colored(coffee, hints=first).read_bytes(), first

    src = hands.seen()
    hands.there('.cg-pair').focus()
    for key in ('ArrowLeft',)*12 + ('ArrowUp', 'Enter'): hands.page.keyboard.press(key)
    hands.there('.cg-plane').wait_for()
    for key in ('Shift+ArrowRight', 'ArrowDown', 'Enter', 'Escape'): hands.page.keyboard.press(key)
    hands.changed(src)
    both = load_hints(hands.save('Save hints'))
    yield 'a color given by key alone', (len(both), hands.there('.cg-picker').count()) == (2, 0), both
    src = hands.seen()
    hands.press('Undo')
    hands.changed(src)
    yield 'undo', hands.save('Download').read_bytes() == saved.read_bytes()

    yield from with_more_words(hands, coffee, colored, saved.read_bytes(), first)
    hands.drop(cat)
    hands.page.wait_for_function('document.querySelectorAll(".cg-frame").length === 2')
    hands.idle()
    hands.bring(letter, more=0)
    hands.page.locator('.cg-said', has_text='letter.jpg').wait_for()
    names = zipfile.ZipFile(io.BytesIO(hands.save('Download all').read_bytes())).namelist()
    yield 'a second photograph dropped, a bad file named, and all in a zip', names == ['coffee in color.jpg', 'cat in color.png'], names
    hands.there('.cg-tile').first.click()
    hands.idle()
    hands.page.mouse.move(0, 0)
    hands.shoot('wide')
    hands.dark(True)
    hands.shoot('wide-dark')


def with_more_words(hands, coffee, colored, saved, first):
    "Named colors, strokes, other answers, doubt and references, and the way back from each."
    from colorgan.coloring.guidance import Guidance
    from colorgan.coloring.hints import load_hints
    def download(): return hands.save('Download').read_bytes()
    _, _, w, h = hands.box('.cg-pair')
    src = hands.seen()
    hands.there('.cg-pair').click(position=dict(x=.3*w, y=.75*h))
    hands.there('.cg-text').fill('nvy')
    hands.page.keyboard.press('Enter')
    hands.there('.cg-wrong').filter(has_text='Did you mean navy').wait_for()
    hands.shoot('named-wrong')
    hands.there('.cg-text').fill('navy')
    hands.page.keyboard.press('Enter')
    hands.changed(src)
    hands.page.wait_for_timeout(300)
    hands.shoot('named')
    hands.there('.cg-done').click()
    hints = load_hints(hands.save('Save hints'))
    places = [o[:2] for o in hints if o not in first]
    yield 'a color by name, and what is none is said', download() == colored(coffee, hints=[*first, *((*p, 'navy') for p in places)]).read_bytes() and len(places) == 1, hints
    hands.undo()
    yield 'a color by name undone', download() == saved

    src = hands.seen()
    hands.there('button:text-is("Stroke")').click()
    x, y, w, h = hands.box('.cg-pair')
    hands.page.mouse.move(x + .1*w, y + .2*h)
    hands.page.mouse.down()
    for u in (.2, .3, .4): hands.page.mouse.move(x + u*w, y + (.2 + .1*(u == .3))*h, steps=5)
    hands.page.mouse.up()
    hands.there('.cg-plane').click(position=dict(x=60, y=90))
    hands.changed(src)
    hands.page.wait_for_timeout(300)
    hands.shoot('stroke')
    hands.there('.cg-done').click()
    hints = load_hints(hands.save('Save hints'))
    line, drawn = [o for o in hints if o not in first], download() == colored(coffee, hints=hints).read_bytes()
    yield 'a stroke gives one color to a line of points', drawn and 8 <= len(line) <= 24 and len({o[2:] for o in line}) == 1 and line[-1].x - line[0].x > 150, line
    hands.undo()
    yield 'a stroke undone in one step', download() == saved
    hands.there('.cg-pair').focus()
    for key in ('Enter',) + ('Shift+ArrowLeft',)*2 + ('Enter',): hands.page.keyboard.press(key)
    hands.there('.cg-plane').wait_for()
    title = hands.there('.cg-picker').get_attribute('aria-label')
    hands.page.keyboard.press('Escape')
    hands.there('button:text-is("Stroke")').click()
    yield 'a stroke by key', title == 'A color for the line', title

    src = hands.seen()
    hands.press('Other answers')
    hands.there('.cg-others .cg-tile').nth(4).wait_for()
    hands.idle()
    hands.there('.cg-others .cg-tile').nth(2).click()
    hands.changed(src)
    hands.shoot('answers')
    pressed = hands.there('.cg-others .cg-tile[aria-pressed=true]').get_attribute('aria-label')
    yield 'another answer is taken and saved', download() == colored(coffee, hints=Guidance(first, variant=2)).read_bytes() and pressed == 'Answer 3', pressed
    hands.undo()
    yield 'another answer undone', download() == saved

    src = hands.seen()
    hands.page.get_by_label('Where it guesses').check()
    hands.changed(src)
    hands.there('.cg-worth').wait_for()
    hands.shoot('doubt')
    src, note = hands.seen(), hands.there('.cg-note').text_content()
    place = hands.there('.cg-worth').get_attribute('aria-label')
    hands.there('.cg-worth').click()
    hands.there('.cg-plane').click(position=dict(x=60, y=90))
    hands.changed(src)
    hands.there('.cg-done').click()
    places = [o.get_attribute('aria-label') for o in hands.there('.cg-worth').all()]
    yield 'where it guesses is shown, and the best place for a color moves on', 'question mark' in note and place not in places, (note, place, places)
    hands.undo()
    src = hands.seen()
    hands.page.get_by_label('Where it guesses').uncheck()
    hands.changed(src)
    yield 'the color given there undone', download() == saved
    hands.press('Other answers')
    hands.there('.cg-others').wait_for(state='hidden')

    src, cup = hands.seen(), hands.folder/'cup.png'
    hands.drop(coffee, '.cg-refer')
    hands.page.locator('.cg-said', has_text='The reference coffee.jpg has no color').wait_for()
    hands.drop(cup, '.cg-refer')
    hands.changed(src)
    hands.there('.cg-name').filter(has_text='cup.png').wait_for()
    hands.shoot('reference')
    liked = download()
    yield 'a reference dropped is followed, and a gray one refused', liked == colored(coffee, hints=Guidance(first, references=[str(cup)])).read_bytes() and liked != saved
    src = hands.seen()
    hands.there('.cg-name button').click()
    hands.changed(src)
    results = [download()]
    for _ in range(2):
        hands.undo()
        results.append(download())
    yield 'a reference removed, and undone', results == [saved, liked, saved] and not hands.there('.cg-name').count()


def on_a_phone(hands, photos, colored):
    "By touch, on a narrow screen."
    hands.dark(False)
    hands.shoot('phone-empty')
    hands.bring(photos[0])
    touch = hands.context.new_cdp_session(hands.page)
    x, y, w, h = hands.box('.cg-pair')
    for kind, u in (('touchStart', .5), ('touchMove', .4), ('touchMove', .2), ('touchEnd', None)):
        touch.send('Input.dispatchTouchEvent', dict(type=kind, touchPoints=[] if u is None else [dict(x=x + u*w, y=y + h/2)]))
    yield 'the slider follows a finger', abs(hands.split() - 20) < 1.5, hands.split()
    hands.page.wait_for_timeout(800)  # a tap right after a drag is none
    src = hands.seen()
    hands.tap('.cg-pair', .68*w, .6*h, until='.cg-plane')
    hands.tap('.cg-plane', 80, 120, until='.cg-mark')
    hands.changed(src)
    over = hands.page.evaluate('(s => s.scrollWidth - s.clientWidth)(document.querySelector(".cg-stage"))')
    yield 'a tap gives a color, and nothing sticks out', (hands.there('.cg-mark').count(), over) == (1, 0), over
    hands.shoot('phone')
    hands.dark(True)
    hands.shoot('phone-dark')


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--install', action='store_true', help='install what is missing: Python packages, and as root Chromium')
    parser.add_argument('--shots', type=Path, metavar='DIR', help='write screenshots there')
    args = parser.parse_args()
    if why := lacking(args.install): return print(f'skipped: the widget in a browser: {why}')
    from playwright.sync_api import TimeoutError as Late, sync_playwright
    sys.path.insert(0, str(root))
    from colorgan.core.show import sample_photos
    from colorgan.inference import Colorizer

    start, fine = time.monotonic(), True
    with TemporaryDirectory() as tmp:
        folder = Path(tmp)
        (folder/'work').mkdir()
        notebook(folder/'work/app.ipynb')
        photos = folder/'coffee.jpg', folder/'cat.png', folder/'letter.jpg'
        sample_photos()['coffee'].convert('L').save(photos[0], quality=95)
        sample_photos()['chelsea'].convert('L').save(photos[1])
        photos[2].write_text('Dear Sir')
        sample_photos()['coffee'].transpose(0).save(folder/'cup.png')
        colorizer = Colorizer(device='cpu', precision='fp32')

        def colored(file, **kw): return Path(colorizer.colorize_file(file, folder/f'expected{file.suffix}', **kw).dst)

        with lab(folder) as address, sync_playwright() as p:
            browser = p.chromium.launch(executable_path=next(filter(None, map(shutil.which, browsers))), args=['--no-sandbox'])
            for name, steps, context in (('desk', at_a_desk, dict(viewport=wide)),
                                         ('phone', on_a_phone, dict(viewport=phone, has_touch=True, is_mobile=True, device_scale_factor=2))):
                for patience in (1, 0):  # a machine with other work may be late once
                    hands, results, late = Hands(browser, folder, args.shots, **context), [], False
                    try:
                        hands.open(address)
                        results += steps(hands, photos, colored)
                        ours = [f for f in hands.faults if 'Failed to load resource' not in f and ('/static/lab/' not in f or 'blob:' in f)]
                        for f in set(hands.faults) - set(ours): print(f'noted, not of the widget: {f}')
                        results.append((f'no error on the console, at the {name}', not ours, ours))
                    except Exception as e:
                        traceback.print_exc()
                        if args.shots: hands.page.screenshot(path=args.shots/f'{name}-failed.png')
                        results.append((f'at the {name}', False, 'stopped by the above'))
                        late = isinstance(e, Late)
                    hands.context.close()
                    if not (late and patience): break
                for result in results: fine &= check(*result)
            browser.close()
    print(f'{time.monotonic() - start:.0f} s')
    sys.exit(not fine)


if __name__ == '__main__': main()
