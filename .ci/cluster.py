"""Proofs of the batch on a cluster, on this machine. `--only` names some of them:
kills (not among the usual ones: with Ray it has not passed yet): pictures of mixed sizes and kinds, some of them bad, two workers; one is killed with -9 again and again, the command twice;
driver: the scheduler's memory and speed, with workers that only pretend; store: a loopback S3 server with faults; manifest: a long one;
overhead: beside `colorize_many` on the same pictures. The small form takes a minute or two; `--pictures 2000 --rows 1000000` is the full one."""
import argparse
import os
import random
import resource
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from tempfile import TemporaryDirectory

from colorgan.coloring.batch import colorize_many
from colorgan.coloring.cluster import BatchOptions, failed_row, load_colorizer
from colorgan.coloring.dataset import DatasetOptions, colorize_dataset
from colorgan.coloring.engines import Scheduler, chunked, run_chunks
from colorgan.coloring.places import list_places, read_manifest, read_place, write_place
from colorgan.coloring.report import JobReport
from colorgan.core.show import sample_photos

options = BatchOptions(device='cpu')


def scans(folder, n, bad):
    "Make pictures of mixed sizes and kinds, and bad ones."
    photos = [im.convert('L') for im in sample_photos().values()]
    folder.mkdir()
    for i in range(n):
        side = (96, 160, 320, 640)[i % 4 if i % 40 == 3 else i % 3]
        if i < bad: (folder/f'bad{i:04}.jpg').write_bytes((b'Dear Sir', b'%PDF-1.7', b'\xff\xd8\xff torn', b'')[i % 4])
        else: photos[i % 8].resize((side, side*3//4)).save(folder/f'{i:05}.{("jpg", "png", "tif", "bmp")[i % 4]}')


def workers(engine):
    "The processes of the workers."
    mark = b'ray::_Worker' if engine == 'ray' else b'serve_rows('
    for f in Path('/proc').glob('[0-9]*/cmdline'):
        try: found = mark in f.read_bytes()
        except OSError: continue
        if found and int(f.parent.name) != os.getpid(): yield int(f.parent.name)


def kill_workers(engine, every, stop, killed):
    "Kill a worker again and again."
    while not stop.wait(every):
        for pid in list(workers(engine))[:1]:
            try: os.kill(pid, signal.SIGKILL)
            except OSError: continue
            killed.append(pid)


def kills(tmp, args):
    "Kill workers and the command; everything must be there once, whole and equal to what one machine makes."
    n, bad = args.pictures, args.pictures//50
    scans(tmp/'scans', n, bad)
    command = [sys.executable, '-m', 'colorgan', 'batch', tmp/'scans', tmp/'out', '--engine', args.engine, '--workers', '2', '--device', 'cpu', '--quiet']
    stop, killed, start = threading.Event(), [], time.monotonic()
    threading.Thread(target=kill_workers, args=(args.engine, args.every, stop, killed), daemon=True).start()
    for share in (.25, .6):
        p = subprocess.Popen(list(map(str, command)))
        while p.poll() is None and sum(1 for _ in (tmp/'out').glob('[0-9]*')) < share*n: time.sleep(.05)
        p.kill()
        p.wait()
    last = subprocess.run(list(map(str, command)), capture_output=True, text=True)
    stop.set()
    seconds = time.monotonic() - start
    assert last.returncode == 0, last.stderr
    rows = list(JobReport(tmp/'out-report').rows())
    assert Counter(r['outcome'] for r in rows) == dict(done=n - bad, failed=bad), Counter(r['outcome'] for r in rows)
    assert {Path(r['src']).name for r in rows} == {f.name for f in (tmp/'scans').iterdir()}
    assert {Path(r['src']).name for r in rows if r['outcome'] == 'failed'} == {f.name for f in (tmp/'scans').glob('bad*')}
    list(colorize_many(load_colorizer(options), tmp/'scans', tmp/'many'))
    for r in rows:
        if r['outcome'] == 'failed': continue
        one = tmp/'many'/Path(r['src']).with_suffix('.png' if r['src'].endswith('.bmp') else Path(r['src']).suffix).name
        assert Path(r['dst']).read_bytes() == one.read_bytes(), r['dst']
    assert {f.name for f in (tmp/'out').iterdir()} == {Path(r['dst']).name for r in rows if r['outcome'] == 'done'}, 'other files in the output folder'
    print(f'passed kills, {args.engine}: {n} pictures, {bad} bad; {len(killed)} workers and 2 commands killed; {seconds:.0f} s')


class Sleeping:
    "Workers that take a while for each row and color nothing; each dies now and then."
    def __init__(self, slots, seconds, luck):
        self.slots, self.seconds, self.luck, self.dice, self.todo, self.lost = slots, seconds, luck, random.Random(0), {}, 0
        self.clock = 0.

    def give(self, slot, rows, alone): self.todo[slot] = [rows, self.clock + self.seconds*len(rows)*self.dice.choice((1, 1, 1, 2)), alone]

    def wait(self, seconds):
        "Pass to the moment when the next worker ends."
        slot = min(self.todo, key=lambda k: self.todo[k][1])
        rows, self.clock, _ = self.todo.pop(slot)
        if self.dice.random() < self.luck:
            self.lost += len(rows)
            return [(slot, 'died', 'killed')]
        return [(slot, 'rows', [failed_row(r, '') | dict(outcome='done') for r in rows]), (slot, 'end', None)]

    def kill(self, slot): pass
    def close(self): pass


def memory(): return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss/1024


def driver(tmp, args):
    "The scheduler with 200 workers that pretend: its memory must not grow with the rows."
    seen = []
    for n in (args.rows//10, args.rows):
        pool, start, done = Sleeping(200, .025, .002), time.monotonic(), 0
        stream = ((dict(src=f'in/{i:09}.jpg', dst=f'out/{i:09}.jpg'), 200_000) for i in range(n))
        for chunk in run_chunks(Scheduler(pool), chunked(stream)): done += len(chunk.found)
        assert done == n, (done, n)
        seconds, ideal = time.monotonic() - start, n*.025*1.25/200
        seen.append(memory())
        print(f'{n} rows, 200 workers of 25 ms: {n/seconds:.0f} rows/s by the scheduler, most memory {seen[-1]:.0f} MB; '
              f'{pool.lost} rows lost with their workers and done again; {pool.clock:.0f} s of their clock, {ideal:.0f} s without deaths and stragglers')
    assert seen[1] < seen[0] + 30, seen
    print('passed driver: memory is flat')


class Faulty(BaseHTTPRequestHandler):
    "A proxy before the S3 server that fails, waits, or cuts the connection now and then."
    protocol_version, upstream, dice, faults, lock = 'HTTP/1.1', 0, random.Random(0), Counter(), threading.Lock()

    def log_message(self, *args): pass

    def do_GET(self):
        body = self.rfile.read(int(self.headers.get('Content-Length') or 0))
        with self.lock: luck = self.dice.random()
        kind = 'error' if luck < .05 else 'slow' if luck < .08 else 'cut' if luck < .12 else 'none'
        self.faults[kind] += 1
        if kind == 'error': return self.answer(500, {}, b'<Error><Code>InternalError</Code></Error>')
        if kind == 'slow': time.sleep(1)
        upstream = HTTPConnection('127.0.0.1', self.upstream)
        upstream.request(self.command, self.path, body, {k: v for k, v in self.headers.items() if k.lower() != 'connection'})
        answer = upstream.getresponse()
        data = answer.read()
        self.answer(answer.status, dict(answer.getheaders()), data, cut=kind == 'cut')
        upstream.close()

    do_PUT = do_HEAD = do_POST = do_DELETE = do_GET

    def answer(self, status, headers, data, cut=False):
        self.send_response(status)
        for k, v in headers.items():
            if k.lower() not in ('content-length', 'transfer-encoding', 'connection', 'date', 'server'): self.send_header(k, v)
        length = next((v for k, v in headers.items() if k.lower() == 'content-length'), len(data))
        self.send_header('Content-Length', str(length))
        self.end_headers()
        if self.command != 'HEAD': self.wfile.write(data[:len(data)//2] if cut else data)
        self.close_connection = cut


def store(tmp, args):
    "Sources, targets and the report on a loopback S3 server that fails now and then."
    import logging

    import boto3
    from moto.server import ThreadedMotoServer
    logging.getLogger('werkzeug').setLevel(logging.ERROR)
    server = ThreadedMotoServer(port=0, verbose=False)
    server.start()
    Faulty.upstream = server.get_host_and_port()[1]
    proxy = ThreadingHTTPServer(('127.0.0.1', 0), Faulty)
    threading.Thread(target=proxy.serve_forever, daemon=True).start()
    os.environ |= dict(AWS_ACCESS_KEY_ID='none', AWS_SECRET_ACCESS_KEY='none', AWS_DEFAULT_REGION='us-east-1', AWS_ENDPOINT_URL=f'http://127.0.0.1:{proxy.server_port}')
    boto3.client('s3', endpoint_url=f'http://127.0.0.1:{Faulty.upstream}').create_bucket(Bucket='box')
    n = min(args.pictures, 120)
    scans(tmp/'small', n, 4)
    for f in (tmp/'small').iterdir(): write_place(f's3://box/in/{f.name}', f.read_bytes())
    assert sum(1 for _ in list_places('s3://box/in')) == n
    start = time.monotonic()
    state = colorize_dataset('s3://box/in', 's3://box/out', options=options, run=DatasetOptions(workers=2), say=lambda line: None)
    assert state.outcomes == dict(done=n - 4, failed=4), (state.outcomes, state.failures)
    list(colorize_many(load_colorizer(options), tmp/'small', tmp/'plain'))
    for r in JobReport('s3://box/out-report').rows():
        if r['outcome'] == 'failed': continue
        one = tmp/'plain'/Path(r['src']).with_suffix('.png' if r['src'].endswith('.bmp') else Path(r['src']).suffix).name
        assert read_place(r['dst']) == one.read_bytes(), r['dst']
    print(f'passed store: {n} pictures in {time.monotonic() - start:.0f} s; answers of the store: {dict(Faulty.faults)}')
    proxy.shutdown()
    server.stop()


def manifest(tmp, args):
    "A long manifest is read a line at a time."
    with open(tmp/'long.txt', 'w') as f: f.writelines(f's3://box/in/deep/{i:09}.jpg\n' for i in range(args.rows))
    before, start = memory(), time.monotonic()
    listed = sum(len(c.rows) for c in chunked((dict(src=o.src, dst=o.name), 0) for o in read_manifest(tmp/'long.txt')))
    assert listed == args.rows and memory() < before + 30
    print(f'passed manifest: {listed} names in {time.monotonic() - start:.0f} s, {memory() - before:.0f} MB more memory')


def overhead(tmp, args):
    "The same pictures by `colorize_many` and by the command's function, in turns."
    n, times = max(args.pictures, 400), dict(many=[], local=[])
    scans(tmp/'speed', n, 0)
    for turn in range(args.turns):
        start = time.monotonic()
        assert sum(r.outcome == 'done' for r in colorize_many(load_colorizer(options), tmp/'speed', tmp/f'many{turn}')) == n
        times['many'].append(time.monotonic() - start)
        start = time.monotonic()
        state = colorize_dataset(tmp/'speed', tmp/f'out{turn}', options=options, say=lambda line: None)
        times['local'].append(time.monotonic() - start)
        assert state.outcomes == dict(done=n), state.outcomes
    many, local = (min(times[k]) for k in ('many', 'local'))
    print(f'{n} pictures, least of {args.turns}: colorize_many {many:.1f} s, colorize_dataset {local:.1f} s with the start of its workers: {local/many - 1:+.1%}')


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--only', nargs='*', choices=['kills', 'driver', 'store', 'manifest', 'overhead'], default=['driver', 'store', 'manifest'])
    parser.add_argument('--pictures', type=int, default=100)
    parser.add_argument('--rows', type=int, default=100_000)
    parser.add_argument('--every', type=float, default=5, help='seconds between two kills')
    parser.add_argument('--turns', type=int, default=2)
    parser.add_argument('--engine', choices=['local', 'ray'], default='ray')
    args = parser.parse_args()
    for proof in (kills, driver, store, manifest, overhead):
        if proof.__name__ in args.only:
            with TemporaryDirectory(prefix='colorgan-') as tmp: proof(Path(tmp), args)


if __name__ == '__main__': main()
