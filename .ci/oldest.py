"""The library at work with the oldest release of everything that settings.ini allows, of a wheel in a new environment.
Where this fails, raise the bound in settings.ini, or mend the code."""
import argparse
import shlex
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from project import cfg, here, make_environment, wheel

extras = 'metrics', 'video', 'widgets', 'onnx', 'app'


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--python', default=sys.executable, help='the Python of the environment, the oldest that settings.ini names')
    args = parser.parse_args()
    wanted = [o for name in ('requirements', *(f'{extra}_requirements' for extra in extras)) for o in shlex.split(cfg[name])]
    with TemporaryDirectory() as tmp:
        python = make_environment(Path(tmp)/'venv', args.python, '--resolution', 'lowest-direct', *wanted)
        make_environment(Path(tmp)/'venv', None, '--no-deps', wheel(Path(tmp)))
        sys.exit(subprocess.run([python, here/'smoke.py'], cwd=tmp, stdin=subprocess.DEVNULL).returncode)


if __name__ == '__main__': main()
