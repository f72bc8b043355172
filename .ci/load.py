"""A small web service under load: one process loads the weights and colors a picture, then forks two workers, as
`gunicorn --preload` does. Eight clients send photographs for some seconds. It passes with no error, no hang, and
equal bytes for equal pictures."""
import argparse
import asyncio
import hashlib
import io
import os
import signal
import socket
import sys
import time
import urllib.request
from collections import Counter
from concurrent.futures import ThreadPoolExecutor



def service():
    "The application: a photograph in, the colored one out; and the colorizer that it shares."
    from starlette.applications import Starlette
    from starlette.concurrency import run_in_threadpool
    from starlette.responses import PlainTextResponse, Response
    from starlette.routing import Route

    from colorgan.core.files import PictureError
    from colorgan.inference import Colorizer

    colorizer = Colorizer(device='cpu')

    def color(data):
        out = io.BytesIO()
        colorizer.colorize(io.BytesIO(data)).save(out, 'png', compress_level=1)
        return out.getvalue()

    async def colorize(request):
        try: return Response(await run_in_threadpool(color, await request.body()), media_type='image/png',
                             headers={'worker': str(os.getpid())})
        except PictureError as e: return PlainTextResponse(str(e), 422)

    return Starlette(routes=[Route('/', colorize, methods=['POST'])]), color


def serve(app, listening):
    "Run one worker until it is told to end; never returns."
    import uvicorn
    server = uvicorn.Server(uvicorn.Config(app, log_level='warning', lifespan='off'))
    asyncio.run(server.serve(sockets=[listening]))
    os._exit(0)


def photographs():
    "PNG files of a few sizes, and what is no picture."
    from colorgan.core.show import sample_photos
    files = []
    for i, im in enumerate(sample_photos().values()):
        out = io.BytesIO()
        im.convert('L').resize((160 + 40*i, 200)).save(out, 'png')
        files.append(out.getvalue())
    return files


def client(n, port, files, end, answers, faults):
    "Send one file after the other until the time is over."
    i = n
    while time.monotonic() < end:
        i, data = i + 1, files[i % len(files)]
        start = time.monotonic()
        try:
            with urllib.request.urlopen(urllib.request.Request(f'http://127.0.0.1:{port}/', data), timeout=60) as r:
                body, worker = r.read(), r.headers['worker']
        except Exception as e:
            faults.append(f'client {n}: {type(e).__name__}: {e}')
            if len(faults) > 20: return
        else: answers.append((files.index(data), hashlib.sha256(body).hexdigest(), worker, time.monotonic() - start))


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--seconds', type=float, default=60)
    parser.add_argument('--clients', type=int, default=8)
    parser.add_argument('--workers', type=int, default=2)
    args = parser.parse_args()

    app, color = service()
    files = photographs()
    expected = [hashlib.sha256(color(f)).hexdigest() for f in files]  # before the fork: every pool has started
    listening = socket.create_server(('127.0.0.1', 0), backlog=128)
    port, workers = listening.getsockname()[1], []
    for _ in range(args.workers):
        pid = os.fork()
        if not pid: serve(app, listening)
        workers.append(pid)
    answers, faults = [], []
    try:
        start, end = time.monotonic(), time.monotonic() + args.seconds
        with ThreadPoolExecutor(args.clients) as pool:
            for n in range(args.clients): pool.submit(client, n, port, files, end, answers, faults)
        seconds = time.monotonic() - start
    finally:
        for pid in workers: os.kill(pid, signal.SIGKILL)
        for pid in workers: os.waitpid(pid, 0)
    wrong = sum(expected[i] != digest for i, digest, *_ in answers)
    if wrong: faults.append(f'{wrong} answers of other bytes than before the fork')
    by_worker = Counter(w for *_, w, _ in answers)
    if len(by_worker) < args.workers: faults.append(f'only {len(by_worker)} of {args.workers} workers answered')
    times = sorted(t for *_, t in answers) or [float('nan')]
    print('\n'.join(faults))
    print(f'{len(answers)} pictures in {seconds:.0f} s by {args.workers} forked workers for {args.clients} clients: '
          f'{len(answers)/seconds:.1f} a second, median {times[len(times)//2]*1000:.0f} ms, slowest {times[-1]*1000:.0f} ms; '
          f'{len(faults)} faults')
    sys.exit(bool(faults))


if __name__ == '__main__': main()
