"What the checks share: the project's settings, its notebooks and its pages."
import os
import re
import subprocess
import sys
from pathlib import Path
from shutil import copytree, ignore_patterns

import nbformat
import yaml
from execnb.nbio import nb2str, read_nb
from nbdev.config import get_config
from nbdev.doclinks import nbglob
from nbdev.process import extract_directives
from nbdev.processors import FilterDefaults

cfg = get_config()
root, nbs, here = cfg.config_path.resolve(), cfg.nbs_path.resolve(), Path(__file__).resolve().parent
colab = 'https://colab.research.google.com/github/'
_fig_alt = re.compile(r'^#\s*\|\s*fig-alt:(.*)', re.M)
_fence = re.compile(r' {0,3}(`{3,}|~{3,})(.*)')


def notebooks():
    "Every notebook of the project, in the order of their names."
    return sorted(nbglob(nbs, as_path=True))


def name(path):
    "`path` as seen from the folder of the notebooks."
    return Path(path).relative_to(nbs).as_posix()


def options(cell):
    "The `#|` options of `cell`, each with its arguments."
    return extract_directives(cell, remove=False) if cell.cell_type == 'code' else {}


def left_out(cell, flags=()):
    "Whether `cell` is one that nbdev does not run: `eval: false`, or any of the `flags`."
    opts = options(cell)
    return opts.get('eval:', [''])[0].lower() == 'false' or bool(opts.keys() & set(flags))


def pictures(cell):
    "The outputs of `cell` that are pictures."
    return [o for o in cell.outputs if any(kind.startswith('image/') for kind in o.get('data', {}))]


def alt_texts(cell):
    "The texts for the pictures of `cell`, as Quarto reads `#| fig-alt:`: one, or a list of them."
    m = _fig_alt.search(cell.source)
    texts = yaml.safe_load(m[1]) if m else []
    return texts if isinstance(texts, list) else [texts]


def page(path):
    "What nbdev hands to Quarto of the notebook at `path`: its front matter and its cells."
    os.environ['IN_TEST'] = '1'
    nb = read_nb(path)
    FilterDefaults()(nb)
    nb.cells = [c for c in nb.cells if c.cell_type != 'raw']
    nb.metadata['language_info'] = {'name': 'python'}
    return nb.frontmatter_, nbformat.reads(nb2str(nb), as_version=4)


def prose(text):
    "The Markdown `text` without its fenced blocks, and the fence that is left open, if any."
    lines, mark = [], None
    for line in text.splitlines():
        m = _fence.match(line)
        if not m:
            if mark is None: lines.append(line)
        elif mark is None: mark = m[1]
        elif m[1].startswith(mark) and not m[2].strip(): mark = None
    return '\n'.join(lines), mark


def run(*args):
    "What a command prints, run from outside the project; show it and stop where it fails."
    args = [str(a) for a in args]
    r = subprocess.run(args, cwd='/', text=True, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    if r.returncode: sys.exit(f'{r.stdout[-4000:]}\nFAILED {" ".join(args[1:5])}')
    return r.stdout


def wheel(folder):
    "The wheel of the library, built in `folder` from a copy of the project."
    tree = folder/'tree'
    copytree(root, tree, symlinks=True, ignore=ignore_patterns('.*', 'build', 'dist', '*.egg-info', '_proc', '_docs'))
    run(sys.executable, '-m', 'uv', 'build', '-q', '--wheel', '--out-dir', folder, tree)
    found, = folder.glob('*.whl')
    return found


def make_environment(folder, python, *wanted):
    "The Python of an environment in `folder`, made for `python`, or there already where that is None, with the packages `wanted`."
    if python: run(sys.executable, '-m', 'uv', 'venv', '-q', '--seed', '--no-project', '--python', python, folder)
    made = folder/('Scripts/python.exe' if os.name == 'nt' else 'bin/python')
    run(sys.executable, '-m', 'uv', 'pip', 'install', '-q', '--python', made, *wanted)
    return made


def finish(faults, done):
    "Print the `faults`, or what was `done`, and leave with the status that tells which."
    print('\n'.join(faults) or done)
    sys.exit(bool(faults))
