"""Every notebook, top to bottom, as Colab would run it: the built wheel and today's releases of what it needs, no nbdev,
an empty folder. The cells that nbdev_test leaves out (slow, cuda, `eval: false`) are left out here too."""
import argparse
import os
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from tempfile import TemporaryDirectory

import nbformat
from execnb.nbio import nb2str, read_nb
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError
from nbconvert.filters import strip_ansi

from project import cfg, left_out, make_environment, name, notebooks, run, wheel

minutes = 15  # for one notebook
facts = f'''
from importlib.metadata import version
from importlib.util import find_spec
assert not find_spec('nbdev'), 'nbdev is here'
assert 'site-packages' in find_spec('{cfg.lib_name}').origin, '{cfg.lib_name} is not the installed one'
print(*[f'{{p}} {{version(p)}}' for p in ('{cfg.lib_name}', 'fastai', 'fastcore', 'torch', 'ipykernel')], sep=', ')
'''


class Client(NotebookClient):
    "Runs a notebook by the Python of another environment."
    def create_kernel_manager(self):
        km = super().create_kernel_manager()
        km.kernel_spec.argv[0] = self.python
        return km


def environment(folder):
    "A new environment with the library's wheel, as Colab's install cell would make it; returns its Python."
    return make_environment(folder/'venv', sys.executable, f'{wheel(folder)}[video,widgets,onnx,app,cluster]', 'ipykernel', 'timm')


def kept(path):
    "The notebook at `path` without the cells that want minutes, a GPU or the network, and how many those were."
    nb = read_nb(path)
    left = [c for c in nb.cells if not left_out(c, cfg.tst_flags.split())]
    dropped, nb.cells = len(nb.cells) - len(left), left
    return nbformat.reads(nb2str(nb), as_version=4), dropped


def execute(nb, python):
    "Run `nb` in an empty folder; returns what went wrong, if anything did."
    started, end = [], time.monotonic() + 60 * minutes
    with TemporaryDirectory(ignore_cleanup_errors=True) as folder, TemporaryDirectory(ignore_cleanup_errors=True) as scratch:
        os.chmod(scratch, 0o755)  # a test looks at its folder as another user
        client = Client(nb, kernel_name='python3', resources={'metadata': {'path': folder}},
                        timeout_func=lambda cell: max(1, int(end - time.monotonic())),
                        on_cell_start=lambda cell, cell_index: started.append(cell.id))
        client.python = str(python)
        try: client.execute(env=os.environ | dict(TMPDIR=scratch))
        except (CellExecutionError, CellTimeoutError, DeadKernelError) as e: return f'cell {started[-1]}\n{strip_ansi(str(e))}'


def check(path, python):
    "What went wrong in the notebook at `path`, and how long it took."
    nb, dropped = kept(path)
    start = time.monotonic()
    return execute(nb, python), f'{time.monotonic() - start:.0f} s, {dropped} cells dropped'


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('notebooks', nargs='*', type=lambda f: Path(f).resolve(), help='some notebooks instead of all')
    parser.add_argument('--python', type=Path, help='the Python of an environment that has the wheel and ipykernel already')
    args = parser.parse_args()
    for variable in ('MPLBACKEND', 'PYTHONPATH'): os.environ.pop(variable, None)
    os.environ['OMP_NUM_THREADS'] = '1'  # one notebook for each core

    failed = 0
    with TemporaryDirectory() as tmp:
        python = args.python.absolute() if args.python else environment(Path(tmp))
        os.environ['PATH'] = f'{python.parent}{os.pathsep}{os.environ["PATH"]}'
        print(run(python, '-c', facts), end='', flush=True)
        with ThreadPoolExecutor(os.cpu_count()) as pool:
            for path, fault, said in pool.map(lambda path: (path, *check(path, python)), args.notebooks or notebooks()):
                if fault: print(fault)
                print(f'{"FAILED" if fault else "passed"} {name(path)} as in Colab: {said}', flush=True)
                failed += bool(fault)
    sys.exit(bool(failed))


if __name__ == '__main__': main()
