"""The page of all public names, by task: nbs/api.ipynb, from the docstrings of the exported modules."""
import argparse
import ast
import hashlib

from execnb.nbio import mk_cell, nb2str, new_nb

from house import modules
from project import cfg, colab, finish, nbs, root

tasks = {  # the modules that a task is about, or their rooms
    'Color a picture': ['inference', 'coloring'],
    'Color a film': ['video'],
    'Find photographs, and serve them in batches': ['data', 'core.listing', 'core.show', 'training.cache', 'training.crops', 'training.augment'],
    'Train': ['training'],
    'The parts of the GAN': ['lab', 'unet', 'discriminator', 'gan', 'models'],
    'Measure': ['metrics'],
    'Read and write picture files': ['pictures'],
    'In a notebook, in a shell': ['app'],
    'What all the others use': ['core'],
}
intro = '''The names that people type most are at the top of the package, and they are stable: {stable}. `import colorgan` loads none of them until you use it.

All other names are imported from their modules, for example `from colorgan.coloring.hints import Hint`. Each name here leads to its explanation, with its parameters.'''
badge = f'[![Open In Colab](https://colab.research.google.com/assets/colab-badge.svg)]({colab}{cfg.user}/{cfg.repo}/blob/{cfg.branch}/nbs/api.ipynb)'


def public(tree):
    "The public classes and functions that a module exports, with the first line of what each says of itself."
    names = next((ast.literal_eval(o.value) for o in tree.body if isinstance(o, ast.Assign) and ast.unparse(o.targets[0]) == '__all__'), [])
    docs = {o.name: (ast.get_docstring(o) or '').split('\n')[0] for o in tree.body if isinstance(o, (ast.FunctionDef, ast.ClassDef))}
    return {name: docs[name] for name in names if name in docs}


def stable():
    "The names that stand at the top of the package."
    tree = ast.parse((root/cfg.lib_name/'__init__.py').read_text(encoding='utf-8'))
    return next(ast.literal_eval(o.value) for o in tree.body if isinstance(o, ast.Assign) and ast.unparse(o.targets[0]) == '__all__')


def text(parts):
    "The notebook of these Markdown cells."
    cells = [mk_cell(part, 'markdown') for part in parts]
    for cell in cells: cell['id'] = hashlib.sha1(cell.source.encode()).hexdigest()[:8]
    nb = new_nb(cells, {'kernelspec': {'display_name': 'python3', 'language': 'python', 'name': 'python3'}})
    return nb2str(nb)


def page():
    "The text of api.ipynb, and the modules that belong to no task."
    sections, lost = {task: [] for task in tasks}, []
    for name, (tree, _) in modules(root).items():
        fits = [(len(entry), task, i) for task, entries in tasks.items() for i, entry in enumerate(entries) if f'{name}.'.startswith(f'{entry}.')]
        if not fits: lost.append(name)
        elif there := public(tree): sections[max(fits)[1]].append((max(fits)[2], name, there))
    parts = ['# API\n\n> Every public class and function, by task, one line each.', badge, intro.format(stable=', '.join(f'`{o}`' for o in stable()))]
    for task, found in sections.items():
        lines = [f'## {task}']
        for _, name, there in sorted(found): lines += ['', f'`colorgan.{name}`', '', *(f'- `{k}`: {doc}' for k, doc in there.items())]
        parts.append('\n'.join(lines))
    return text(parts), lost


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--check', action='store_true', help='write nothing, fail where the page differs')
    path, (new, lost) = nbs/'api.ipynb', page()
    faults = [f'{name} belongs to no task: name it in .ci/api.py' for name in lost]
    if not parser.parse_args().check: path.write_text(new, encoding='utf-8')
    elif not path.exists() or path.read_text(encoding='utf-8') != new: faults.append('api.ipynb is not what the modules say: run .ci/api.py')
    finish(faults, 'api.ipynb names every public class and function')


if __name__ == '__main__': main()
