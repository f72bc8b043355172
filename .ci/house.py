"""The house: which module may import which, how large notebooks, modules, cells and functions may be, and that the docstring of
each public function begins with a verb. Read from the code alone.
`--figures` prints the sizes instead, of this tree or another (`house.py --figures FOLDER`)."""
import argparse
import ast
import json
import re
import statistics
import sys
from pathlib import Path

root = Path(__file__).resolve().parent.parent
page = json.loads((root/'nbs/architecture.ipynb').read_text(encoding='utf-8'))
floors = next(ast.literal_eval(s.partition('=')[2].strip()) for c in page['cells'] if (s := ''.join(c['source'])).startswith('floors = '))
max_cells, max_module_lines, max_cell_lines, max_parameters = 60, 400, 30, 10
mannerisms = ('look', 'say', 'said', 'hear', 'grow', 'stamp', 'along', 'settled', 'Walk', 'Team', 'Course', 'Rarity', 'Beside', 'Desk')
functions = ast.FunctionDef, ast.AsyncFunctionDef
verbs = frozenset("""Accept Add Answer Append Apply Ask Attach Average Blend Bring Build Call Change Check Choose Clear Clip Close Collect Color Combine Compare
    Compute Convert Copy Correct Count Create Crop Cut Damage Decide Decode Deliver Describe Divide Double Draw Drop Encode End Enlarge Enter Erase Estimate Expand
    Explain Export Extract Fetch Fill Find Fit Flip Follow Forget Format Gather Give Go Group Guess Halve Handle Hide Hold Import Initialize Insert
    Join Judge Keep Learn Leave Lessen Let List Load Lock Look Make Map Mark Match Measure Merge Mix Move Multiply Name Normalize Note Open Order Pack
    Pad Paint Parse Pass Pick Place Play Plot Predict Prepare Print Put Quote Raise Read Rebuild Record Reduce Refuse Register Release Remove Rename
    Repair Repeat Replace Report Reset Resize Restore Resume Return Reverse Rotate Round Run Save Say Scale Seek Select Send Serve Set Shift Show
    Shrink Shuffle Skip Smooth Sort Split Squeeze Start Stay Steady Stop Store Stretch Subtract Sum Switch Take Tell Test Time Track Train Transform
    Try Turn Undo Unpack Update Use Wait Warn Watch Weigh Widen Work Wrap Write Yield""".split())


def modules(root):
    "Each exported module's syntax tree and number of lines, by its name without the package's."
    package = root/'colorgan'
    found = {}
    for path in sorted(package.rglob('*.py')):
        name = '.'.join(path.relative_to(package).with_suffix('').parts)
        if path.name.startswith('_'): continue
        text = path.read_text(encoding='utf-8')
        found[name] = ast.parse(text), text.count('\n')
    return found


def imports(tree, name):
    "What a module imports of the package: (module, names) of each statement, wherever it stands."
    room = name.split('.')[:-1]
    for node in ast.walk(tree):
        if not isinstance(node, ast.ImportFrom): continue
        parts = (node.module or '').split('.')
        if node.level:
            if node.level - 1 > len(room): continue
            parts = room[:len(room) - node.level + 1] + [o for o in parts if o]
        elif parts[0] == 'colorgan': parts = parts[1:]
        else: continue
        yield '.'.join(parts), [alias.name for alias in node.names]


def floor(name):
    "The floor on which a module stands: that of the longest entry that its name begins with; None where there is none."
    entries = [(len(entry), i) for i, group in enumerate(floors) for entry in group if f'{name}.'.startswith(f'{entry}.')]
    return max(entries)[1] if entries else None


def misplaced(found):
    "A line for each import that goes upward, sideways into another room, in a circle, or for a private name."
    graph = {}
    for name, (tree, _) in found.items():
        if floor(name) is None:
            yield f'{name} stands on no floor: name its room in .ci/house.py'
            continue
        graph[name] = set()
        for other, names in imports(tree, name):
            others = [f'{other}.{n}' for n in names if f'{other}.{n}' in found] if other not in found else [other]
            private = [n for n in names if n.startswith('_') and not n.startswith('__')]
            if private and others: yield f'{name} imports the private {", ".join(private)} of {other}'
            for o in others:
                graph[name].add(o)
                same_room = '.' in name and o.split('.')[0] == name.split('.')[0]
                if floor(o) is not None and (floor(o) > floor(name) or floor(o) == floor(name) and not same_room):
                    yield f'{name} imports {o}, which does not stand below it'
    state = {}
    def visit(name, path):
        if state.get(name) == 'done': return
        if name in path: yield f'a circle: {" > ".join([*path[path.index(name):], name])}'
        else:
            for o in sorted(graph.get(name, ())): yield from visit(o, [*path, name])
            state[name] = 'done'
    for name in graph: yield from visit(name, [])


def cells(root):
    "The cells of each notebook."
    for path in sorted((root/'nbs').rglob('*.ipynb')):
        if any(part.startswith(('.', '_')) for part in path.relative_to(root).parts): continue
        nb = json.loads(path.read_text(encoding='utf-8'))
        yield path.relative_to(root/'nbs').as_posix(), [(c['cell_type'], ''.join(c['source'])) for c in nb['cells']]


def exported(source):
    "The lines that a cell exports; none where it exports nothing or only imports."
    if not re.search(r'^#\s*\|\s*export', source, re.M): return []
    lines = [line for line in source.splitlines() if not re.match(r'\s*#\s*\|', line)]
    tree = ast.parse('\n'.join(lines))
    return [] if all(isinstance(o, (ast.Import, ast.ImportFrom)) for o in tree.body) else '\n'.join(lines).strip().splitlines()


def parameters(tree):
    "The number of parameters of each function, by its name."
    for node in ast.walk(tree):
        if isinstance(node, functions):
            a = node.args
            yield node.name, len([o for o in [*a.posonlyargs, *a.args, *a.kwonlyargs] if o.arg not in ('self', 'cls')])


def oversized(root, found):
    "A line for each notebook, module, cell and function that is too long."
    for name, (tree, lines) in found.items():
        if lines > max_module_lines: yield f'{name}: {lines} lines, more than {max_module_lines}'
        for function, n in parameters(tree):
            if n > max_parameters: yield f'{name}.{function}: {n} parameters, more than {max_parameters}'
    for name, there in cells(root):
        if len(there) > max_cells: yield f'{name}: {len(there)} cells, more than {max_cells}'
        for kind, source in there:
            n = len(exported(source)) if kind == 'code' else 0
            if n > max_cell_lines: yield f'{name}: {n} lines exported at once, more than {max_cell_lines}'


def public_functions(node, name):
    "Each public function and method of a module, but not its properties, by its full name."
    for o in node.body:
        if isinstance(o, ast.ClassDef): yield from public_functions(o, f'{name}.{o.name}')
        elif isinstance(o, functions) and not o.name.startswith('_'):
            decorators = [ast.unparse(d) for d in o.decorator_list]
            if not any(d.endswith(('property', '.setter')) for d in decorators): yield f'{name}.{o.name}', o


def verbless(found):
    "A line for each public function whose docstring does not begin with a verb. One that has none is not looked at."
    for name, (tree, _) in found.items():
        for function, o in public_functions(tree, name):
            words = (ast.get_docstring(o) or '').split()
            if words and words[0].rstrip(',.:;') not in verbs:
                yield f'{function}: its docstring begins with "{words[0]}", which is no verb that .ci/house.py knows'


def sentences(text):
    "The numbers of words in the sentences of a Markdown text, without code, tables and headings."
    text = re.sub(r'^ {0,3}```.*?^ {0,3}```', '', text, flags=re.M | re.S)
    lines = [o for o in text.splitlines() if not re.match(r'\s*([|#>!\[:]|\$\$)', o)]
    text = re.sub(r'\[([^\]]*)\]\([^)]*\)', r'\1', ' '.join(f'{o}.' if o.startswith(('- ', '* ')) else o if o else '.' for o in lines))
    return [n for o in re.split(r'(?<=[.!?:])\s+', text) if (n := len(re.findall(r"[\w`'-]+", o))) > 1]


def figures(root):
    "The sizes of a tree, one line each."
    found = modules(root)
    there = dict(cells(root))
    sizes = [n for _, cs in there.items() for kind, source in cs if kind == 'code' and (n := len(exported(source)))]
    words = sorted(n for cs in there.values() for kind, source in cs if kind == 'markdown' for n in sentences(source))
    text = '\n'.join(source for cs in there.values() for kind, source in cs if kind == 'code' and exported(source))
    names = {name for name, _ in found.items()}
    private = sum(len([n for n in ns if n.startswith('_') and not n.startswith('__')])
                  for name, (tree, _) in found.items() for other, ns in imports(tree, name) if other in names)
    longest, most = max(found, key=lambda k: found[k][1]), max(there, key=lambda k: len(there[k]))
    yield f'modules: {len(found)}, the longest {found[longest][1]} lines ({longest}), {sum(n > max_module_lines for _, n in found.values())} over {max_module_lines}'
    yield f'notebooks: {len(there)}, the longest {len(there[most])} cells ({most}), {sum(len(cs) > max_cells for cs in there.values())} over {max_cells}'
    yield f'exported cells: {len(sizes)}, over 20 lines {sum(n > 20 for n in sizes)/len(sizes):.1%}, median {statistics.median(sizes):.0f} lines'
    yield f'@patch: {len(re.findall(r"^@patch", text, re.M))}'
    yield f'functions over {max_parameters} parameters: {sum(n > max_parameters for tree, _ in found.values() for _, n in parameters(tree))}'
    yield f'private names taken from other modules: {private}'
    yield f'words in a sentence: median {statistics.median(words):.0f}, 90 % at most {words[len(words)*9//10]}'
    counts = {w: len(re.findall(rf'\b_?{w}\b', text)) for w in mannerisms}
    yield f'mannerisms in exported code: {sum(counts.values())} ({", ".join(f"{w} {n}" for w, n in counts.items() if n)})'


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--figures', action='store_true', help='print the sizes, check nothing')
    parser.add_argument('root', nargs='?', type=Path, default=root, help='the folder of a tree')
    args = parser.parse_args()
    if args.figures: return print(*figures(args.root), sep='\n')
    found = modules(args.root)
    faults = [*misplaced(found), *oversized(args.root, found), *verbless(found)]
    print('\n'.join(faults) or f'{len(found)} modules import only what stands below them; none is too large; docstrings begin with verbs')
    sys.exit(bool(faults))


if __name__ == '__main__': main()
