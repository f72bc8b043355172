"""Attacks on `colorgan serve` and `colorgan app`, each a process of its own: slow and silent clients, floods, bombs, damaged requests,
other sites, paths that lead out; then eight clients at once, and Ctrl-C in the middle. After each attack a picture must come back right."""
import argparse
import hashlib
import http.client
import io
import json
import os
import random
import re
import resource
import signal
import socket
import struct
import subprocess
import sys
import time
import traceback
import zlib
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory

from PIL import Image

token = 'a long word for this test'


class Server:
    "A verb of the command that runs until Ctrl-C."
    def __init__(self, tmp, *args):
        self.tmp = tmp
        tmp.mkdir()
        self.process = subprocess.Popen([sys.executable, '-m', 'colorgan', *map(str, args)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                                        env=os.environ | dict(TMPDIR=str(tmp), COLORGAN_TOKEN=token))
        line = self.process.stdout.readline()
        if not line: raise RuntimeError(self.process.stderr.read())
        m = re.match(r'http://([^:/]+):(\d+)/(?:\?token=(\S+))?', line)
        self.host, self.port, self.token = m[1], int(m[2]), m[3] or token

    def memory(self):
        return int(Path(f'/proc/{self.process.pid}/statm').read_text().split()[1])*os.sysconf('SC_PAGE_SIZE')/1e6

    def interrupt(self):
        "Press Ctrl-C: the seconds it took, the status, what it said on standard error, and the files that are left."
        start = time.monotonic()
        self.process.send_signal(signal.SIGINT)
        _, err = self.process.communicate(timeout=20)
        return time.monotonic() - start, self.process.returncode, err, [o.name for o in self.tmp.rglob('*')]

    def end(self):
        if self.process.poll() is None: self.process.kill()
        self.process.communicate()

    def ask(self, path='/health', body=None, method=None, timeout=30, **headers):
        "The status, the body and the headers of an answer."
        c = http.client.HTTPConnection(self.host, self.port, timeout=timeout)
        try:
            c.request(method or ('POST' if body is not None else 'GET'), path, body, {'X-Colorgan-Token': self.token} | {k.replace('_', '-'): v for k, v in headers.items()})
            r = c.getresponse()
            return r.status, r.read(), r.headers
        finally: c.close()

    def color(self, photo, **how): return self.ask('/colorize', photo, Content_Type='image/jpeg', **how)

    @contextmanager
    def wire(self, timeout=20):
        "A plain connection."
        with socket.create_connection((self.host, self.port), timeout) as s: yield s

    def raw(self, data, timeout=20):
        "What comes back for these bytes, until the connection ends."
        said = b''
        with suppress(OSError), self.wire(timeout) as s:
            with suppress(OSError): s.sendall(data)
            while piece := s.recv(2**16): said += piece
        return said


def head(s, method='POST', path='/colorize', **headers):
    given = {'Host': f'localhost:{s.port}', 'X-Colorgan-Token': token, 'Content-Type': 'image/jpeg'} | {k.replace('_', '-'): v for k, v in headers.items()}
    return f'{method} {path} HTTP/1.1\r\n'.encode() + b''.join(f'{k}: {v}\r\n'.encode('latin-1') for k, v in given.items() if v is not None) + b'\r\n'


def photograph(width=640, height=480):
    from colorgan.core.show import sample_photos
    out = io.BytesIO()
    sample_photos()['coffee'].convert('L').resize((width, height)).save(out, 'jpeg')
    return out.getvalue()


def png(width, height, *chunks, data=b'', depth=8):
    "A PNG with a header of any size."
    def chunk(kind, body): return struct.pack('>I', len(body)) + kind + body + struct.pack('>I', zlib.crc32(kind + body))
    ihdr = struct.pack('>IIBBBBB', width, height, depth, 0, 0, 0, 0)
    return b'\x89PNG\r\n\x1a\n' + chunk(b'IHDR', ihdr) + b''.join(chunk(*o) for o in chunks) + chunk(b'IDAT', data) + chunk(b'IEND', b'')


def form(photo, boundary=b'xyz', disposition=b'form-data; name="file"; filename="a.jpg"', **fields):
    parts = [b'--' + boundary + f'\r\nContent-Disposition: form-data; name="{k}"\r\n\r\n{v}\r\n'.encode() for k, v in fields.items()]
    return b''.join(parts) + b'--' + boundary + b'\r\nContent-Disposition: ' + disposition + b'\r\n\r\n' + photo + b'\r\n--' + boundary + b'--\r\n'


def times_of_others(server, photo, expected, n=4):
    "The slowest of some honest requests, while others attack."
    slowest = 0
    for _ in range(n):
        start = time.monotonic()
        status, body, _ = server.color(photo)
        assert status == 200 and hashlib.sha256(body).digest() == expected, (status, body[:200])
        slowest = max(slowest, time.monotonic() - start)
    return slowest


def silent_clients(s, photo, expected):
    with ExitStack() as stack:
        wires = [stack.enter_context(s.wire()) for _ in range(300)]
        for o in wires[::3]: o.send(b'POST /colorize HT')
        slowest = times_of_others(s, photo, expected)
    return f'300 connections that say nothing or half a head: others wait {slowest:.2f} s at most'


def slow_bodies(s, photo, expected):
    with ExitStack() as stack:
        wires = [stack.enter_context(s.wire()) for _ in range(50)]
        for o in wires: o.send(head(s, Content_Length=10**6) + b'\xff')
        start, slowest, cut = time.monotonic(), 0, set()
        while time.monotonic() - start < 13 and len(cut) < len(wires):
            slowest = max(slowest, times_of_others(s, photo, expected, 1))
            for o in wires:
                o.setblocking(False)
                try:
                    if o not in cut: o.send(b'x')
                    if o not in cut and o.recv(100).startswith(b'HTTP/1.1 408'): cut.add(o)
                except BlockingIOError: pass
                except OSError: cut.add(o)
            time.sleep(.5)
    assert len(cut) == len(wires), f'{len(wires) - len(cut)} of {len(wires)} are still there'
    return f'50 bodies of a byte at a time: cut off after {time.monotonic() - start:.0f} s, others wait {slowest:.2f} s at most'


def slow_readers(s, photo, expected):
    large = photograph(4000, 3000)
    with ExitStack() as stack:
        for _ in range(4):
            o = stack.enter_context(s.wire())
            o.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            o.sendall(head(s, path='/colorize?format=tif', Content_Length=len(large)) + large)
        slowest = times_of_others(s, photo, expected, 2)
        start = time.monotonic()
        while any(o.is_dir() for o in s.tmp.glob('colorgan-*/*')) and time.monotonic() - start < 25: time.sleep(.2)
        assert not list(s.tmp.glob('colorgan-*/*')), 'an answer that nobody fetches is kept'
    return f'4 answers of 36 MB that nobody reads: given up after {time.monotonic() - start:.0f} s, others wait {slowest:.2f} s at most'


def connection_flood(s, photo, expected):
    def knock(_):
        with suppress(OSError), s.wire(5) as o: o.send(head(s, 'GET', '/health'))
    with ThreadPoolExecutor(16) as pool: list(pool.map(knock, range(2000)))
    return f'2000 connections that are dropped at once: then {times_of_others(s, photo, expected):.2f} s'


def bombs(s, photo, expected):
    before, zeros = s.memory(), zlib.compress(bytes(3*10**8), 9)
    frames = [Image.new('L', (4000, 4000), i) for i in range(3)]
    gif, tif = io.BytesIO(), io.BytesIO()
    frames[0].save(gif, 'gif', save_all=True, append_images=frames[1:])
    frames[0].save(tif, 'tiff', compression='tiff_deflate', save_all=True, append_images=frames[1:])
    wide = io.BytesIO()
    Image.new('1', (20000, 20000)).save(wide, 'tiff', compression='group4')
    made = {'a PNG of 60000x60000': png(60000, 60000, data=zeros), 'a PNG of 2^31 pixels': png(2**31 - 1, 1, data=zeros),
            'a profile of 300 MB': png(8, 8, (b'iCCP', b'x\0\0' + zeros), data=zlib.compress(bytes(72))),
            'a text of 300 MB': png(8, 8, (b'zTXt', b'x\0\0' + zeros), data=zlib.compress(bytes(72))),
            'an iTXt of 300 MB': png(8, 8, (b'iTXt', b'x\0\1\0\0\0' + zeros), data=zlib.compress(bytes(72))),
            'pixels of 300 MB for 64': png(8, 8, data=zeros), 'a GIF of 3 frames of 16 megapixels': gif.getvalue(),
            'a TIFF of 3 such pages': tif.getvalue(), 'a fax of 400 megapixels': wide.getvalue()}
    found = {}
    for name, data in made.items():
        start = time.monotonic()
        status, body, _ = s.ask('/colorize', data, Content_Type='image/png')
        assert status in (200, 413, 422), (name, status, body[:200])
        found[name] = status
        assert time.monotonic() - start < 10, f'{name} took {time.monotonic() - start:.0f} s'
    assert found['a PNG of 60000x60000'] == found['a PNG of 2^31 pixels'] == found['a fax of 400 megapixels'] == found['a GIF of 3 frames of 16 megapixels'] == 413, found
    times_of_others(s, photo, expected, 1)
    peak = int(re.search(r'VmHWM:\s+(\d+)', Path(f'/proc/{s.process.pid}/status').read_text())[1])/1e3
    assert peak < before + 900, f'{before:.0f} MB became {peak:.0f} MB'
    return f'{len(made)} bombs: {", ".join(f"{k} {v}" for k, v in found.items())}; memory {before:.0f} MB, at most {peak:.0f} MB'


def oversize(s, photo, expected):
    def pieces(n=200):
        for _ in range(n): yield bytes(2**18)
    before = s.memory()
    for name, body in (('by its header', bytes(30*10**6)), ('as it comes', pieces())):
        status, answer, _ = s.ask('/colorize', body, Content_Type='image/jpeg')
        assert status == 413 and b'larger than' in answer, (name, status, answer[:100])
    said = s.raw(head(s, Content_Length=10**15) + b'x'*1000)
    assert said.startswith(b'HTTP/1.1 413'), said[:100]
    assert s.memory() < before + 60, (before, s.memory())
    return 'refused by its header, and as it comes'


def options(s, photo, expected):
    bad = [dict(saturation='1e400'), dict(saturation='-1'), dict(saturation='\u0661x'), dict(hints='['*10**4), dict(hints='[[1e308,1e308,1,1]]'), dict(hints='[[NaN,1,1,1]]'),
           dict(hints='[[1,1,1e999,1]]'), dict(hints=json.dumps([[i % 640, i//640, 1, 1] for i in range(2000)])), dict(hints='[[1,1,"navvy"]]'), dict(hints='{"a":1}'),
           dict(hints='[[1,1,{"a":1}]]'), dict(hints='[[1,1,[1],[2]]]'), dict(format='exe'), dict(format='../../x'), dict(format='a\0b')]
    for o in bad:
        status, body, _ = s.ask('/colorize', form(photo, **o), Content_Type='multipart/form-data; boundary=xyz')
        assert status in (422, 400) and b'error' in body and b'/tmp' not in body, (o, status, body[:300])
    start = time.monotonic()
    many = json.dumps([[(i*37) % 640, (i*91) % 480, i % 90, i % 70] for i in range(500)])
    status, body, _ = s.ask('/colorize', form(photo, hints=many), Content_Type='multipart/form-data; boundary=xyz')
    assert status == 200, body[:200]
    return f'{len(bad)} options that are wrong; 500 hints at once take {time.monotonic() - start:.1f} s'


def wrong_senders(s, photo, expected):
    trials = [(401, dict(X_Colorgan_Token='')), (401, dict(X_Colorgan_Token=token[:-1])), (401, dict(X_Colorgan_Token=token + 'x')), (401, dict(X_Colorgan_Token=token.upper())),
              (403, dict(Origin='http://evil.example')), (403, dict(Origin='null')), (403, dict(Origin=f'http://127.0.0.1:{s.port}')), (403, dict(Sec_Fetch_Site='cross-site')),
              (403, dict(Host='evil.example')), (403, dict(Host=f'127.0.0.1.evil.example:{s.port}')), (403, dict(Host='localhost:1')), (403, dict(Host=''))]
    for wanted, headers in trials:
        status, _, got = s.color(photo, **headers)
        assert status == wanted and not any(k.lower().startswith('access-control') for k in got), (headers, status)
    for method in ('PUT', 'DELETE', 'PATCH', 'TRACE', 'OPTIONS', 'GET', 'HEAD', 'PROPFIND'):
        status, *_ = s.ask('/colorize', method=method)
        assert status == 405, (method, status)
    return f'{len(trials)} wrong tokens, hosts and origins; 8 wrong methods'


def damaged_http(s, photo, expected):
    n = len(photo)
    trials = {'two lengths': head(s, Content_Length=n).replace(b'\r\n\r\n', b'\r\nContent-Length: 5\r\n\r\n') + photo, 'a length and chunks': head(s, Content_Length=5, Transfer_Encoding='chunked') + b'0\r\n\r\nGET /health HTTP/1.1\r\n\r\n',
              'a bad chunk': head(s, Transfer_Encoding='chunked') + b'zz\r\n', 'a huge chunk': head(s, Transfer_Encoding='chunked') + b'f'*20 + b'\r\n', 'a negative length': head(s, Content_Length=-1),
              'a long head': b'GET / HTTP/1.1\r\nX: ' + b'x'*10**6, 'many headers': b'GET / HTTP/1.1\r\n' + b'X: y\r\n'*20000, 'a NUL': head(s, X='a\0b'), 'a line break': b'GET / HTTP/1.1\nHost: x\n\n',
              'no host': head(s, Host=None), 'two hosts': head(s).replace(b'\r\n\r\n', b'\r\nHost: evil\r\n\r\n'), 'HTTP 0.9': b'GET /\r\n', 'HTTP 2': b'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 'TLS': b'\x16\x03\x01\x02\x00\x01\x00\x01\xfc',
              'another site in the line': head(s, 'GET', 'http://evil.example/health'), 'CONNECT': head(s, 'CONNECT', 'evil.example:443'), 'a websocket': head(s, 'GET', '/health', Connection='Upgrade', Upgrade='websocket', Sec_WebSocket_Key='eA==', Sec_WebSocket_Version=13),
              'noise': random.Random(0).randbytes(5000), 'two at once': head(s, 'GET', '/health') * 2, 'an encoding': head(s, Content_Encoding='gzip', Content_Length=n) + photo, 'an unknown encoding': head(s, Transfer_Encoding='gzip') + photo}
    with ThreadPoolExecutor(len(trials)) as pool: answers = pool.map(lambda o: s.raw(o, timeout=12), trials.values())
    for name, said in zip(trials, answers):
        assert said.count(b'HTTP/1.1 ') <= 1 and not said.startswith(b'HTTP/1.1 5') and b'Traceback' not in said, (name, said[:300])
    return f'{len(trials)} requests that are no HTTP, or two in one'


def damaged_forms(s, photo, expected, n=120):
    rng, counts = random.Random(1), {}
    whole = form(photograph(64, 48), saturation=1, hints='[[1,1,"navy"]]')
    for i in range(n):
        data = bytearray(whole)
        for _ in range(rng.randint(1, 6)):
            at = rng.randrange(400 if i % 2 else len(data))
            if rng.random() < .5: data[at:at + rng.randint(0, 40)] = rng.randbytes(rng.randint(0, 40))
            else: data[at] = rng.choice(b'\0\r\n"-;=%')
        kind = rng.choice(['multipart/form-data; boundary=xyz', 'multipart/form-data; boundary="x\'yz"', 'multipart/form-data; boundary=', 'multipart/form-data; charset=utf-7; boundary=xyz', 'image/png'] if i % 5 == 0 else ['multipart/form-data; boundary=xyz'])
        status, body, headers = s.ask('/colorize', bytes(data), Content_Type=kind)
        assert status in (200, 400, 413, 415, 422), (status, body[:300], bytes(data[:300]))
        assert b'/tmp' not in body[:2000] and not ({'\r', '\n'} & set(headers.get('Content-Disposition', ''))), (body[:300], headers)
        counts[status] = counts.get(status, 0) + 1
    for name in (b'a\r\nSet-Cookie: x=1', b'%0d%0aSet-Cookie: x', b'a"; filename*=UTF-8\'\'%2e%2e%2fx.jpg', b'../../../etc/cron.d/x', b'\\\\host\\share\\x.jpg', 'Großmutter\u202egpj.exe'.encode(), b'x'*5000, b'\xff\xfe\0'):
        status, body, headers = s.ask('/colorize', form(photo, disposition=b'form-data; name="file"; filename="' + name + b'"'), Content_Type='multipart/form-data; boundary=xyz')
        assert status in (200, 400) and 'Set-Cookie' not in headers, (name, status, body[:200])
        if status == 200: assert '/' not in headers['Content-Disposition'] and '..' not in headers['Content-Disposition'], headers['Content-Disposition']
    times_of_others(s, photo, expected, 1)
    return f'{n} forms with errors: {counts}; 8 names of files'


def eight_clients(s, photo, expected, seconds=10):
    faults, times, refused = [], [], []
    end = time.monotonic() + seconds
    def client(_):
        while time.monotonic() < end:
            start = time.monotonic()
            try: status, body, _ = s.color(photo)
            except Exception as e: faults.append(f'{type(e).__name__}: {e}')
            else:
                if status == 503: refused.append(1)
                elif status != 200 or hashlib.sha256(body).digest() != expected: faults.append(f'{status}: {body[:100]}')
                else: times.append(time.monotonic() - start)
    start, before = time.monotonic(), s.memory()
    with ThreadPoolExecutor(8) as pool: list(pool.map(client, range(8)))
    took = time.monotonic() - start
    assert not faults, faults[:3]
    times.sort()
    return (f'{len(times)} pictures of 640x480 in {took:.0f} s by 8 clients: {len(times)/took:.1f} a second, median {times[len(times)//2]*1e3:.0f} ms, '
            f'slowest {times[-1]*1e3:.0f} ms; {len(refused)} sent away; memory {before:.0f} to {s.memory():.0f} MB')


def static_paths(s, photo, expected):
    page = Path(s.page)
    (page.parent/'secret').write_text('TOP SECRET')
    for name, target in (('link', '../secret'), ('up', '..'), ('root', '/')): (page/name).symlink_to(target)
    tried = 0
    for up in ('..', '%2e%2e', '.%2e', '%252e%252e', '..%00', '%c0%ae%c0%ae', '..;', '....'):
        for slash in ('/', '%2f', '\\', '%5c', '//'):
            for start in ('/', '/x/', '//', '/api/'):
                for rest in ('secret', f'..{slash}secret'):
                    said = s.raw(f'GET {start}{up}{slash}{rest} HTTP/1.1\r\nHost: 127.0.0.1:{s.port}\r\n\r\n'.encode())
                    assert b'TOP SECRET' not in said and said[9:10] == b'4', (start, up, slash, said[:200])
                    tried += 1
    for path in ('/link', '/up/secret', '/root/etc/passwd', '/' + str(page.parent/'secret'), '/file:///etc/passwd', '/C:/Windows/win.ini', '/index.html/../../secret', '/index.html%00.js'):
        status, body, _ = s.ask(path)
        assert status in (400, 403, 404) and b'root:' not in body and b'SECRET' not in body, (path, status)
    return f'{tried + 8} paths that lead out of the page'


def page_and_api(s, photo, expected):
    status, body, headers = s.ask('/', X_Colorgan_Token='')
    assert status == 200 and b'colorgan-server' in body and token not in body.decode() and s.token not in body.decode()
    assert headers['Referrer-Policy'] == 'no-referrer' and headers['X-Content-Type-Options'] == 'nosniff' and "frame-ancestors 'none'" in headers['Content-Security-Policy']
    for path, body in (('/api/about', None), ('/api/colorize', form(photo)), ('/api/films', form(photo)), ('/api/folders', b'{"folder": "scans"}'), ('/api/jobs/x', None), ('/api/jobs/x/file', None)):
        for wanted, headers in ((401, dict(X_Colorgan_Token='')), (401, dict(X_Colorgan_Token='x'*32)), (403, dict(Origin='http://evil.example')), (403, dict(Host='evil.example')), (403, dict(Sec_Fetch_Site='cross-site'))):
            status, answer, got = s.ask(path, body, Content_Type='multipart/form-data; boundary=xyz', **headers)
            assert status == wanted and 'error' in json.loads(answer) and not any(k.lower().startswith('access-control') for k in got), (path, headers, status)
    for name in ('..', '/etc', '../scans', 'scans/..', '', 'SCANS', None, 1, ['scans'], {'a': 1}):
        status, answer, _ = s.ask('/api/folders', json.dumps(dict(folder=name)).encode())
        assert status == 404 and b'/root' not in answer and b'/tmp' not in answer, (name, status, answer)
    return '6 addresses without the token or from another site; 10 folders that were not given'


def ended(s, photo, expected):
    "Ctrl-C, while pictures are in work and a client sends slowly."
    large = photograph(6000, 5000)
    with ThreadPoolExecutor(4) as pool, s.wire() as slow:
        slow.send(head(s, Content_Length=10**6) + b'x')
        def send(_):
            with suppress(Exception): s.color(large)
        busy = [pool.submit(send, i) for i in range(4)]
        time.sleep(1.5)
        took, status, err, left = s.interrupt()
        for o in busy: o.result()
    assert took < 1.5 and status == 130 and 'Traceback' not in err and not left, (took, status, err, left)
    with socket.create_server((s.host, s.port)): pass
    return f'{took:.2f} s after Ctrl-C; no file is left, the port is free'


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--seconds', type=float, default=8, help='of eight clients at once')
    parser.add_argument('--workers', type=int, default=1)
    args = parser.parse_args()
    if sys.platform != 'linux': return print('skipped: it reads /proc')
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(4096, hard), hard))
    photo, failed = photograph(), 0
    from colorgan.inference import Colorizer
    with TemporaryDirectory() as tmp:
        tmp = Path(tmp)
        (tmp/'photo.jpg').write_bytes(photo)
        Colorizer().colorize_file(tmp/'photo.jpg', tmp/'color.jpg')
        expected = hashlib.sha256((tmp/'color.jpg').read_bytes()).digest()
        for folder in ('page', 'scans'): (tmp/folder).mkdir()
        (tmp/'page/index.html').write_text('<html><head></head><body>colorgan</body></html>')
        serve = Server(tmp/'1', 'serve', '--port', 0, '--max-bytes', 10e6, '--max-pixels', 40e6, '--queue', 12, '--workers', args.workers)
        app = Server(tmp/'2', 'app', '--page', tmp/'page', '--folder', tmp/'scans')
        app.page = tmp/'page'
        try:
            for s, attack in [*((serve, o) for o in (silent_clients, slow_bodies, slow_readers, connection_flood, bombs, oversize, options, wrong_senders, damaged_http, damaged_forms)),
                              (app, page_and_api), (app, static_paths), (serve, lambda *a: eight_clients(*a, seconds=args.seconds)), (serve, ended), (app, ended)]:
                name, start = {'<lambda>': 'eight_clients'}.get(attack.__name__, attack.__name__).replace('_', ' '), time.monotonic()
                try: print(f'passed {name}: {attack(s, photo, expected)} [{time.monotonic() - start:.1f} s]', flush=True)
                except Exception:
                    traceback.print_exc()
                    print(f'FAILED {name}', flush=True)
                    failed += 1
        finally:
            for s in (serve, app): s.end()
    sys.exit(bool(failed))


if __name__ == '__main__': main()
