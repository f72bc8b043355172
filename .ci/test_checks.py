"The checks find what they are there for: each fault, planted alone in a notebook of its own, is reported and nothing else."
import importlib
import json
import subprocess
import sys
from pathlib import Path
from shutil import copy
from tempfile import TemporaryDirectory

from execnb.nbio import mk_cell, new_nb, write_nb

from checker import hidden
from project import colab, cfg, finish, root

here = Path(__file__).parent
badge = '[![Open In Colab](https://colab.research.google.com/assets/colab-badge.svg)]' \
    f'({colab}{cfg.user}/{cfg.repo}/blob/{cfg.branch}/nbs/{{}})'
error = {'output_type': 'error', 'ename': 'ValueError', 'evalue': 'no', 'traceback': ['no']}
pixel = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGNoAAAAggCBd81ytgAAAABJRU5ErkJggg=='


def md(text): return mk_cell(text, 'markdown')


def code(text, *outputs):
    cell = mk_cell(text)
    cell.outputs = list(outputs)
    return cell


def shown(alt=None, **data):
    "The output of a cell: a picture, with its text, or other data."
    data, metadata = data or {'image/png': pixel}, {'image/png': {'alt': alt}} if alt else {}
    return {'output_type': 'display_data', 'data': data | {'text/plain': 'f'}, 'metadata': metadata}


documented = '#| export\ndef twice(x:int, # a number\n          )->int: # its double\n    return 2*x'
faults = {  # the cells of a notebook, and what pages.py says of it
    'dead_link': ([md('[there](nowhere.ipynb)')], 'a dead link: nowhere.ipynb'),
    'dead_site': ([md(f'[there]({cfg.doc_host}{cfg.doc_baseurl}/nowhere.html)')], 'a dead link'),
    'dead_source': ([md(f'[there]({cfg.git_url}/blob/{cfg.branch}/nowhere.py)')], 'a dead link'),
    'outside': ([md('[there](../settings.ini)')], 'a dead link: ../settings.ini'),
    'dead_anchor': ([md('[there](#nowhere)')], 'a dead anchor: #nowhere'),
    'dead_far_anchor': ([md('[there](index.ipynb#nowhere)')], 'a dead anchor: index.ipynb#nowhere'),
    'no_picture': ([md('![A picture](images/nowhere.png)')], 'a dead link: images/nowhere.png'),
    'no_attachment': ([md('![A picture](attachment:nowhere.png)')], 'attachment'),
    'no_alt': ([md('![](here.png)')], 'a picture without alt text: here.png'),
    'no_fig_alt': ([code('f()', shown())], 'its pictures and their texts in `#| fig-alt:` are 1 and 0'),
    'few_fig_alts': ([code('#| fig-alt: ["A cat."]\nf()', shown('A cat.'), shown('A cat.'))], 'are 2 and 1'),
    'unwritten_fig_alt': ([code('#| fig-alt: "A cat."\nf()', shown('A dog.'))], 'is not in its output'),
    'no_html_alt': ([code('f()', shown(**{'text/html': '<img src="here.png">'}))], 'a picture without alt text: here.png'),
    'widget': ([code('f()', shown(**{'application/vnd.jupyter.widget-view+json': {'model_id': '0'}}))], 'a widget, which is dead'),
    'error': ([code('f()', error)], 'an error output'),
    'option': ([code('#| exprot\nf()')], 'unknown option `#| exprot`'),
    'low_option': ([code('f()\n#| hide')], '`#| hide` stands below code'),
    'fence': ([md('```python\nf()')], 'a fence is left open'),
    'div': ([md('::: {.callout-note}\nHear, hear.')], '`:::` blocks do not match'),
    'magic': ([code('if True:\n    %pip install colorgan')], 'the page shows code that does not parse'),
    'imports': ([code('import os\nos.listdir()')], 'imports share their cell'),
    'broken': ([code('#| export\n1/0')], 'no page can be made of it'),
    'long': ([code('#| export\n' + '\n'.join(f'x{i} = {i}' for i in range(31)))], '31 lines exported at once'),
    'annotation': ([code(documented.replace(':int,', ','))], '`twice`: `x` has no annotation'),
    'comment': ([code(documented.replace(' # a number', ''))], '`twice`: `x` has no comment of its own'),
    'returns': ([code(documented.replace('->int', ''))], '`twice` does not say what it returns'),
    'nested': ([md('[`rgb_loaders`](index.ipynb)')], 'nbdev links `rgb_loaders` itself'),
    'size': ([md('word ' * 130_000)], 'KB, more than 600'),
}


module = '''
__all__ = ['Good', 'Outside', 'Untyped', 'good', 'untyped']
class Good:
    "All in its place."
    size: int = 1
    def __init__(self) -> None: pass
    def twice(self, x: int) -> int: return 2*x
    @property
    def whole(self) -> bool: return True
    @classmethod
    def make(cls) -> 'Good': return cls()
class Outside: pass
def double(self, x: int) -> int: return 2*x
Outside.double, Outside.whole = double, property(Good.twice)
class Untyped:
    def __init__(self): pass
    def twice(self, x): return 2*x
def good(x: int) -> int: return x
def untyped(x: int, **more) -> int: return x
'''
word_faults = '''
class Doubling:
    "A class is a thing."
    @property
    def whole(self): "The whole of it."
    def _half(self): "The half of it."
    def twice(self): "Return twice as much."
    def thrice(self): "The triple of it."
def bare(): return 1
def good(): "Write, then read."
def bad(): "Where it is."
'''
type_faults = {  # a line, and the rule by which pyright finds it
    'def maybe(s: str) -> int: return re.match("a", s).end()': 'reportOptionalMemberAccess',
    'def many(s: str) -> int: return len(s, s)': 'reportCallIssue',
    'def other(n: int) -> int: return ord(n)': 'reportArgumentType',
    'def wrong(n: int) -> str: return n': 'reportReturnType',
    'def unknown(s: str) -> str: return s.uper()': 'reportAttributeAccessIssue',
    'def unbound(n: int) -> int:\n    if n: m = n\n    return m': 'reportPossiblyUnboundVariable',
}
house = {  # the modules of a package, and what house.py says of them
    'lab.py': 'from .core.files import good\nfrom .data import good\n',
    'data.py': 'from .core.files import _private\n',
    'core/files.py': 'from ..gan import good\n',
    'core/one.py': 'from .two import good\n',
    'core/two.py': 'def late():\n    from .one import good\n',
    'core/words.py': word_faults,
    'gan.py': '\n'*401,
    'video/film.py': 'def film(a, b, c, d, e, f, g, h, i, j, *, k): return k\n',
    'attic.py': '',
    'app/good.py': 'from ..video.film import film\nfrom ..core.one import good\n',
}
misplaced = ['attic stands on no floor', 'core.files imports gan, which', 'data imports the private _private of core.files', 'lab imports data, which',
             'a circle: core.one > core.two > core.one', 'gan: 401 lines', 'video.film.film: 11 parameters', 'long.ipynb: 61 cells',
             'core.words.Doubling.thrice: its docstring begins with "The"', 'core.words.bad: its docstring begins with "Where"']
unseen = ['Outside.double: put on', 'Outside.whole: put on', 'Untyped.__init__: no annotation of what', 'Untyped.twice: no annotation of x, what',
          'untyped: no annotation of more']


def notebook(path, *cells, title='# Name\n\n> one line', badge=badge, **changes):
    write_nb(new_nb([md(title), md(badge.format(path.as_posix().split('/nbs/')[-1])), *cells]), path)
    if changes: path.write_text(json.dumps(json.loads(path.read_text()) | changes))


def run(project, script, *args):
    "The status of the check and what it printed."
    command = [sys.executable, here/script, *args]
    r = subprocess.run(command, cwd=project, capture_output=True, text=True, stdin=subprocess.DEVNULL)
    return r.returncode, r.stdout + r.stderr


def make(project):
    "A project without a fault."
    (project/'nbs/tutorials').mkdir(parents=True)
    copy(root/'settings.ini', project)
    copy(root/'_quarto.yml', project)
    copy(root/'nbs/nbdev.yml', project/'nbs')
    (project/'nbs/here.png').touch()
    good = '## Of `x.y`, *twice*\n\n![A picture](here.png) [a](#of-x.y-twice) [b](index.ipynb#of-x.y-twice)'
    notebook(project/'nbs/index.ipynb', md(good))
    notebook(project/'nbs/00_good.ipynb', md(good + ' [c](/good.html#twice)'), code(documented),
             code('#| fig-alt: ["A cat.", "A dog: brown."]\nf()', shown('A cat.'), shown('A dog: brown.')))
    notebook(project/'nbs/tutorials/good.ipynb', md('![A picture](../here.png) [a](../index.ipynb#of-x.y-twice)'))
    notebook(project/'nbs/00_data.ipynb', md('## rgb_loaders'))
    sidebar(project, 'index.ipynb', '00_good.ipynb', '00_data.ipynb', 'tutorials/good.ipynb')


def sidebar(project, *names):
    (project/'nbs/sidebar.yml').write_text(json.dumps({'website': {'sidebar': {'contents': names}}}))


def plant(project):
    "The project with the faults, and what is to be said of each file."
    said = {}
    for i, (name, (cells, text)) in enumerate(faults.items(), 1):
        path = project/f'nbs/{i:02}_{name}.ipynb'
        notebook(path, *cells)
        said[path.name] = text
    notebook(project/'nbs/90_title.ipynb', title='# Name')
    (project/'nbs/rooms').mkdir()
    notebook(project/'nbs/rooms/test.ipynb', code('assert f()\n'*13))
    notebook(project/'nbs/91_format.ipynb', nbformat_minor=4)
    notebook(project/'nbs/92_ids.ipynb', *[code('f()')]*2)
    notebook(project/'nbs/tutorials/far.ipynb', md('[there](index.ipynb)'))
    said |= {'rooms/test.ipynb': 'a test of 13 lines, more than 12, is not folded', 'tutorials/far.ipynb': 'a dead link: index.ipynb', '90_title.ipynb': 'the first cell is not', '91_format.ipynb': 'not in nbformat 4.5',
             '92_ids.ipynb': 'cell ids'}
    sidebar(project, *said, 'index.ipynb', '00_data.ipynb', 'tutorials/good.ipynb', 'ghost.ipynb')
    return said | {'sidebar.yml names': 'ghost.ipynb, which is not there', 'sidebar.yml lacks': '00_good.ipynb'}


def untyped_lines(project):
    "What is wrong with pyright's answer to `type_faults`, line by line."
    for folder in ('.ci', 'colorgan'): (project/folder).mkdir()
    copy(here/'pyright.json', project/'.ci')
    (project/'colorgan/types.py').write_text('\n'.join(['import re', *type_faults]) + '\n')
    command = [sys.executable, '-m', 'pyright', '-p', project/'.ci/pyright.json', '--outputjson']
    r = subprocess.run(command, cwd=project, capture_output=True, text=True, stdin=subprocess.DEVNULL)
    rules = [o['rule'] for o in json.loads(r.stdout)['generalDiagnostics'] if o['severity'] == 'error']
    if rules != list(type_faults.values()) or not r.returncode: yield f'pyright says: {rules}'


def main():
    wrong = []
    with TemporaryDirectory() as tmp:
        project = Path(tmp)
        make(project)
        run(project, 'readme.py')
        for script, *args in (['pages.py'], ['badges.py', '--check'], ['readme.py', '--check']):
            status, out = run(project, script, *args)
            if status: wrong.append(f'{script} finds fault with a good project:\n{out}')

        said = plant(project)
        status, out = run(project, 'pages.py')
        for file, text in said.items():
            lines = [line for line in out.splitlines() if line.startswith(file)]
            if not status or len(lines) != 1 or text not in lines[0]: wrong.append(f'pages.py says of {file}: {lines}')

        run(project, 'outputs.py', '--alt')
        if 'is not in its output' in run(project, 'pages.py')[1]: wrong.append('outputs.py --alt does not write the texts of pictures')

        notebook(project/'nbs/00_good.ipynb', badge=badge.replace(cfg.user, 'nobody'))
        notebook(project/'nbs/90_title.ipynb', badge='none')
        notebook(project/'nbs/tutorials/good.ipynb', badge=badge.format('good.ipynb'))
        status, out = run(project, 'badges.py', '--check')
        for text in ('00_good.ipynb: its links', 'tutorials/good.ipynb: its links', '90_title.ipynb: no line'):
            if not status or text not in out: wrong.append(f'badges.py does not say: {text}\n{out}')
        run(project, 'badges.py')
        if 'nobody' in (project/'nbs/00_good.ipynb').read_text(): wrong.append('badges.py leaves a wrong badge as it is')

        (project/'README.md').write_text('# Another\n')
        if not run(project, 'readme.py', '--check')[0]: wrong.append('readme.py does not see that README.md differs')
        (project/'planted.py').write_text(module)
        sys.path.insert(0, tmp)
        lines = list(hidden(importlib.import_module('planted')))
        if len(lines) != len(unseen) or not all(f'planted.{o}' in line for o, line in zip(unseen, lines)): wrong.append(f'checker.py says: {lines}')

        tree = project/'tree'
        for file, text in house.items():
            (tree/'colorgan'/file).parent.mkdir(parents=True, exist_ok=True)
            (tree/'colorgan'/file).write_text(text)
        (tree/'nbs').mkdir()
        write_nb(new_nb([code('f()')]*61), tree/'nbs/long.ipynb')
        lines = run(project, 'house.py', tree)[1].splitlines()
        if len(lines) != len(misplaced) or not all(any(o in line for line in lines) for o in misplaced): wrong.append(f'house.py says: {lines}')
        wrong += untyped_lines(project)
    finish(wrong, f'{len(said) + 3 + len(unseen) + len(misplaced) + len(type_faults)} planted faults were found')


if __name__ == '__main__': main()
