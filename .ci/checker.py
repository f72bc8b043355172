"""What a type checker sees of the library: a wheel of it is installed, and mypy --strict looks at a user's program that calls
every public function, at each public name and method that there is at run time, and at README's Python."""
import ast
import importlib
import inspect
import os
import pkgutil
import re
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from project import cfg, finish, here, make_environment, root, wheel

inner = re.compile(r'app\.(?!widgets|table)|core\.(?!files|listing|show)|metrics\.(bench|timing)|pictures\.(?!read|write|raster)|'
                   r'coloring\.(files|lightness|paint|predict)|models\.(pretrained|light)|video\.(?!film)|'
                   r'training\.(batches|checkpoint|color_learner|crops|learner|loaders|log|parallel|processes)|(gan|lab|data)$')
# what one module does for another: a checker sees it, a user's program need not call it
hooks = re.compile(r'(before|after)_\w+|forward|accumulate|step|read|format_dict')  # what fastai, torch, tqdm and files call


def modules():
    "The library's modules, by name."
    package = importlib.import_module(cfg.lib_name)
    names = [o.name for o in pkgutil.walk_packages(package.__path__, f'{cfg.lib_name}.') if not o.ispkg and '._' not in o.name]
    return {name.removeprefix(f'{cfg.lib_name}.'): importlib.import_module(name) for name in names}


def public(module):
    "The public classes and functions that `module` defines itself, by name."
    found = {name: getattr(module, name) for name in getattr(module, '__all__', ())}
    return {name: o for name, o in found.items() if getattr(o, '__module__', None) == module.__name__ and callable(o)}


def body(module, name):
    "What stands in the class `name` of `module`."
    tree = ast.parse(inspect.getsource(module))
    there = [o for o in ast.walk(tree) if isinstance(o, ast.ClassDef) and o.name == name]
    return {o.name for c in there for o in ast.walk(c) if isinstance(o, (ast.FunctionDef, ast.AsyncFunctionDef))} | {
        t.id for c in there for o in ast.walk(c) for t in ([o.target] if isinstance(o, ast.AnnAssign) else getattr(o, 'targets', ()))
        if isinstance(t, ast.Name)}


def function(member):
    "The function in a method or property; None where there is none."
    for inside in ('__func__', 'fget', 'func', 'f'): member = getattr(member, inside, None) or member
    return member if inspect.isfunction(member) else None


def members(module, o):
    "The public methods and properties that the class `o` of `module` has itself, and how it is made, by name."
    found = {k: function(member) for k, member in vars(o).items() if k == '__init__' or not k.startswith('_')}
    return {k: f for k, f in found.items() if f is not None and (f.__module__ or '').split('.')[0] == module.__name__.split('.')[0]}


def unannotated(f, method=False):
    "Which parameters of `f` a checker takes for anything, and whether what it returns is one of them."
    signature = inspect.signature(f)
    parameters = list(signature.parameters.values())[method:]
    missing = [p.name for p in parameters if p.annotation is p.empty]
    result = signature.return_annotation is signature.empty and not (f.__name__ == '__init__' and parameters)
    return missing + ['what it returns']*result


def hidden(module):
    "A line for each thing in `module` that a checker can't see, or not whole."
    for n, o in public(module).items():
        where = f'{module.__name__}.{n}'
        if not inspect.isclass(o):
            if inspect.isfunction(o) and (gaps := unannotated(o)): yield f'{where}: no annotation of {", ".join(gaps)}'
            continue
        written = body(module, n)
        for k, f in members(module, o).items():
            if k not in written and k != '__init__': yield f'{where}.{k}: put on the class from outside; move it into the class'
            elif k in written and (gaps := unannotated(f, not isinstance(vars(o)[k], staticmethod))):
                yield f'{where}.{k}: no annotation of {", ".join(gaps)}'


def everything(found):
    "A program that names every public thing there is at run time, and every public method."
    for name, module in found.items():
        yield f'import {cfg.lib_name}.{name}'
        for n, o in public(module).items():
            yield f'{cfg.lib_name}.{name}.{n}'
            if inspect.isclass(o): yield from (f'{cfg.lib_name}.{name}.{n}.{k}' for k in members(module, o) if k != '__init__')


def uncalled(found):
    "A line for each public function or method that the user's program does not name."
    tree = ast.parse((here/'user.py').read_text(encoding='utf-8'))
    said = {getattr(o, 'attr', getattr(o, 'id', None)) for o in ast.walk(tree)} | {o.name for o in ast.walk(tree) if isinstance(o, ast.alias)}
    for name, module in found.items():
        if inner.match(name): continue
        for n, o in public(module).items():
            if inspect.isclass(o) and issubclass(o, BaseException): continue
            wanted = [n, *(k for k in members(module, o) if k != '__init__')] if inspect.isclass(o) else [n]
            yield from (f'.ci/user.py does not use {cfg.lib_name}.{name}: {k}' for k in wanted if k not in said and not hooks.fullmatch(k))


def examples():
    "README's blocks of Python."
    return re.findall(r'^```python\n(.*?)^```$', (root/'README.md').read_text(encoding='utf-8'), re.M | re.S)


def main():
    found = modules()
    faults = [line for module in found.values() for line in hidden(module)] + list(uncalled(found))
    with TemporaryDirectory() as tmp:
        folder = Path(tmp)
        python = make_environment(folder/'venv', sys.executable, '--no-deps', wheel(folder))
        beside = next(o for o in sys.path if o.endswith('site-packages'))
        place = next(folder.glob('venv/**/site-packages'))
        (place/'beside.pth').write_text(beside + os.linesep)
        if not (place/cfg.lib_name/'py.typed').exists(): faults.append('the wheel has no py.typed')
        programs = {'user': (here/'user.py').read_text(encoding='utf-8'), 'everything': '\n'.join(everything(found))}
        programs |= {f'readme{i}': text for i, text in enumerate(examples(), 1)}
        (folder/'programs').mkdir()
        for name, text in programs.items(): (folder/f'programs/{name}.py').write_text(text + '\n', encoding='utf-8')
        command = [sys.executable, '-m', 'mypy', '--strict', '--no-error-summary', '--python-executable', python, '--cache-dir', folder/'cache',
                   *sorted(f'{name}.py' for name in programs)]
        r = subprocess.run(command, cwd=folder/'programs', stdin=subprocess.DEVNULL, capture_output=True, text=True)
        faults += (r.stdout + r.stderr).splitlines()
        if r.returncode and not r.stdout + r.stderr: faults.append(f'mypy ended with status {r.returncode}')
    finish(faults, f'mypy --strict has nothing to say of {len(programs)} programs with {programs["everything"].count(chr(10)) + 1} names')


if __name__ == '__main__': main()
