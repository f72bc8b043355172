"""What Quarto lets pass: every page that nbdev hands it is rendered, and its titles, options, links, anchors,
pictures and outputs are looked at, as are the size, the cells and the documentation of the notebook behind it."""
import ast
import io
import itertools
import json
import multiprocessing
import os
import re
import tokenize
import warnings
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import unquote, urlsplit

import yaml
from bs4 import BeautifulSoup
from execnb.nbio import read_nb
from IPython.core.inputtransformer2 import TransformerManager
from nbconvert import HTMLExporter

from project import alt_texts, cfg, colab, finish, here, left_out, name, nbs, notebooks, options, page, pictures, prose, root

max_bytes, max_export_lines, max_test_lines = 600 * 1024, 30, 12
exported = {'export', 'exporti', 'exports'}
nbdev_options = exported | {'default_exp', 'hide', 'hide_line', 'exec_doc', 'filter_stream', *cfg.tst_flags.split()}
quarto_options = {f'{o}:' for o in '''axe cap-location classes code-fold code-line-numbers code-overflow code-summary
    column echo error eval fig-align fig-alt fig-cap fig-cap-location fig-format fig-height fig-link fig-pos fig-scap
    fig-subcap fig-width file filename include label layout layout-align layout-ncol layout-nrow layout-valign lst-cap
    lst-label output output-location tags tbl-cap tbl-cap-location tbl-colwidths tbl-subcap warning'''.split()}
warnings.filterwarnings('ignore', 'Found cells containing imports')  # check_imports says it
option = re.compile(r'\s*#\s*\|\s*([\w-]+:?)?')
functions = ast.FunctionDef, ast.AsyncFunctionDef
site, blob = f'{cfg.doc_host}{cfg.doc_baseurl}', f'{cfg.git_url}/blob/{cfg.branch}/'
notebook_blob = f'{colab}{cfg.user}/{cfg.repo}/blob/{cfg.branch}/'
no_alt = 'No description has been provided for this image'  # what nbconvert writes where there is none
widget = 'application/vnd.jupyter.widget-view+json'


@dataclass
class Page:
    path: Path
    faults: list = field(default_factory=list)
    anchors: set = field(default_factory=set)
    links: list = field(default_factory=list)  # (cell, address)
    html: Path = None

    def fault(self, text, cell=None):
        place = f', {cell_name(cell)}' if cell else ''
        self.faults.append(f'{name(self.path)}{place}: {text}')


def cell_name(cell):
    "The id of `cell` and what a person sees first of it."
    lines = [line.strip() for line in cell.source.splitlines() if line.strip() and not option.match(line)]
    return f'cell {cell.id} ({lines[0][:50] if lines else ""})'


# The notebook

def check_file(p):
    "Size, format, cell ids and title."
    raw = json.loads(p.path.read_text(encoding='utf-8'))
    size = p.path.stat().st_size
    if size > max_bytes: p.fault(f'{size // 1024} KB, more than {max_bytes // 1024}')
    if (raw['nbformat'], raw['nbformat_minor']) != (4, 5): p.fault('not in nbformat 4.5')
    ids = [cell.get('id') for cell in raw['cells']]
    if None in ids or len(set(ids)) < len(ids): p.fault('cell ids are missing or used twice')
    title = ''.join(raw['cells'][0]['source']) if raw['cells'] else ''
    if not re.fullmatch(r'# \S.*\n\n?> \S.*\n?', title):
        p.fault('the first cell is not `# Name`, then `> one line`, and no more')


def check_options(p, cell):
    "Only options that nbdev or Quarto know, at the top of the cell."
    top = True
    for line in cell.source.splitlines():
        m = option.match(line)
        if not m: top = top and not line.strip() or line.startswith('%%')
        elif not top: p.fault(f'`{line.strip()}` stands below code, where nobody reads it', cell)
        elif m[1] not in nbdev_options | quarto_options: p.fault(f'unknown option `{line.strip()}`', cell)


def check_imports(p, cell):
    "nbdev runs the whole of a cell that imports whenever it builds the site."
    nodes = {type(n) for tree in cell.parsed_() or [] for n in ast.walk(tree)}
    if nodes & {ast.Import, ast.ImportFrom} and nodes & {ast.Expr, ast.Assign}:
        p.fault('imports share their cell with code that would run whenever the site is built', cell)


def check_fold(p, cell):
    "In the rooms, a long test is folded: a reader comes for what the functions do."
    if p.path.parent == nbs or p.path.parent.name == 'tutorials' or pictures(cell) or options(cell).keys() & {'code-fold:', 'fig-alt:', 'hide', 'default_exp'}: return
    lines = [line for line in cell.source.splitlines() if not option.match(line)]
    if len(lines) > max_test_lines and re.search(r'\b(test_\w+\(|assert )', cell.source):
        p.fault(f'a test of {len(lines)} lines, more than {max_test_lines}, is not folded (`#| code-fold: true`)', cell)


def check_export(p, cell):
    "Short, and every public parameter annotated and documented where fastcore's docments look for it."
    lines = '\n'.join(line for line in cell.source.splitlines() if not option.match(line)).strip().splitlines()
    if len(lines) > max_export_lines: p.fault(f'{len(lines)} lines exported at once, more than {max_export_lines}', cell)
    tree = cell.parsed_()
    if tree is None: return p.fault('the exported code does not parse', cell)
    tokens = tokenize.generate_tokens(io.StringIO(cell.source).readline)
    comments = {t.start[0] for t in tokens if t.type == tokenize.COMMENT}

    def check(node, owner, params, returns=None):
        last = {a.lineno: a for a in params} | ({returns.lineno: returns} if returns else {})
        for a in params:
            arg = a.arg if isinstance(a, ast.arg) else a.target.id
            if arg.startswith('_') or arg in ('self', 'cls'): continue
            if not a.annotation: p.fault(f'`{owner}`: `{arg}` has no annotation', cell)
            above = a.lineno - 1
            commented = a.lineno in comments or above > node.lineno and above in comments and above not in last
            if last[a.lineno] is not a or not commented:
                p.fault(f'`{owner}`: `{arg}` has no comment of its own', cell)

    def check_function(fn, owner=''):
        check(fn, owner + fn.name, [*fn.args.posonlyargs, *fn.args.args, *fn.args.kwonlyargs], fn.returns)

    for node in tree:
        if getattr(node, 'name', '_').startswith('_'): continue
        if isinstance(node, functions):
            check_function(node)
            patched = any(ast.unparse(d).startswith('patch') for d in node.decorator_list)
            if not node.returns and not patched: p.fault(f'`{node.name}` does not say what it returns', cell)
        elif isinstance(node, ast.ClassDef):
            for fn in node.body:
                public = isinstance(fn, functions) and (fn.name == '__init__' or not fn.name.startswith('_'))
                if public: check_function(fn, f'{node.name}.')
            if any('dataclass' in ast.unparse(d) for d in node.decorator_list):
                check(node, node.name, [f for f in node.body if isinstance(f, ast.AnnAssign)])


def check_notebook(p):
    "What can be said of a notebook without running any of it."
    check_file(p)
    for cell in read_nb(p.path).cells:
        if cell.cell_type == 'markdown' and prose(cell.source)[1]: p.fault('a fence is left open', cell)
        if cell.cell_type != 'code': continue
        check_options(p, cell)
        if options(cell).keys() & exported: check_export(p, cell)
        else:
            check_fold(p, cell)
            if not left_out(cell): check_imports(p, cell)


# The page

def check_code(p, cell):
    "No error output, and no code that nbdev left in pieces when it took out the magics."
    if any(o.output_type == 'error' for o in cell.outputs): p.fault('an error output', cell)
    if any(widget in o.get('data', {}) for o in cell.outputs): p.fault('a widget, which is dead on a page: keep a picture of it', cell)
    if cell.metadata.get('language', 'python') != 'python': return
    try: ast.parse(TransformerManager().transform_cell(cell.source))
    except SyntaxError: p.fault('the page shows code that does not parse (nbdev takes out lines that begin with %)', cell)


def check_alt(p, cell):
    "A text for each picture that the cell makes, where Quarto looks for it and where all others do."
    texts, made = alt_texts(cell), pictures(cell)
    if not made: return
    if len(texts) != len(made) or not all(texts):
        return p.fault(f'its pictures and their texts in `#| fig-alt:` are {len(made)} and {len(texts)}', cell)
    written = [text for o, text in zip(made, texts) if any(m.get('alt') == text for m in o.get('metadata', {}).values() if isinstance(m, dict))]
    if len(written) < len(made): p.fault('the text of `#| fig-alt:` is not in its output: run `.ci/outputs.py --alt`', cell)


def check_divs(p, text):
    "Quarto's `:::` blocks end where they begin."
    depth = 0
    for _, attributes in re.findall(r'^(:{3,})(.*)$', text, re.M):
        depth += 1 if attributes.strip() else -1
        if depth < 0: break
    if depth: p.fault('`:::` blocks do not match')


def heading_id(text, taken):
    "The id that Pandoc gives a heading."
    stem = '-'.join(re.sub(r'[^\w\s.-]', '', text.lower()).split())
    stem = re.sub(r'^[\W\d_]+', '', stem) or 'section'
    return next(i for n in itertools.count() if (i := f'{stem}-{n}' if n else stem) not in taken)


def check_html(p, cell, html):
    "Gather the anchors and links of a cell, and look at its pictures."
    for tag in html.find_all(True):
        if re.fullmatch('h[1-6]', tag.name):
            explicit = re.search(r'\{#([\w.-]+)[^}]*\}\s*$', tag.get_text())
            p.anchors.add(explicit[1] if explicit else heading_id(tag.get_text(), p.anchors))
        elif tag.get('id'): p.anchors.add(tag['id'])
        if tag.name == 'a' and tag.get('href'): p.links.append((cell, tag['href']))
        if tag.name != 'img': continue
        if not tag['src'].startswith('data:'): p.links.append((cell, tag['src']))
        if tag['alt'] in ('', no_alt) and not tag.find_parent(class_=('output_png', 'output_jpeg')):  # check_alt sees to those
            p.fault(f'a picture without alt text: {tag["src"][:60]}', cell)


def check_page(p):
    "What Quarto would make of the page."
    front, nb = page(p.path)
    p.html = p.path.with_name(front['output-file'])
    check_divs(p, '\n'.join(prose(c.source)[0] for c in nb.cells if c.cell_type == 'markdown'))
    exporter = HTMLExporter(template_name='basic', exclude_anchor_links=True)
    html = BeautifulSoup(exporter.from_notebook_node(nb)[0], 'html.parser')
    for cell in nb.cells:
        if cell.cell_type == 'code':
            check_code(p, cell)
            check_alt(p, cell)
        elif twice := re.search(r'\[\[(`[^`]+`)\]\([^)]*\)\]\(', cell.source): p.fault(f'nbdev links {twice[1]} itself: no link around it', cell)
        p.anchors |= set(re.findall(r'^#\| label: (\S+)', cell.source, re.M))
        check_html(p, cell, html.find(id=f'cell-id={cell.id}'))


def examine(path):
    "The page of the notebook at `path`, with all faults that it shows on its own."
    p = Page(path)
    check_notebook(p)
    try: check_page(p)
    except Exception as e: p.fault(f'no page can be made of it: {e}' + (f'\n{e.__cause__!r}' if e.__cause__ else ''))
    return p


# The site

def target(p, address):
    "The file that `address` on the page `p` stands for, and the folder that it may not leave; None for a foreign page."
    if address.rstrip('/') == site: address = f'{site}/index.html'
    for prefix, folder in ((blob, root), (notebook_blob, root), (f'{site}/', nbs)):
        if address.startswith(prefix): return folder/unquote(urlsplit(address[len(prefix):]).path), folder
    url = urlsplit(address)
    if url.scheme or url.netloc: return None
    if not url.path: return p.path, nbs
    return (nbs if url.path[0] == '/' else p.path.parent)/unquote(url.path).lstrip('/'), nbs


def check_links(p, pages):
    "Links lead to files that are there and to anchors that are there."
    for cell, address in p.links:
        if address.startswith((f'{cfg.git_url}/blob/', colab)) and not address.startswith((blob, notebook_blob)):
            p.fault(f'a link to another repository or branch: {address}', cell)
        elif address == f'{site}/color/': continue  # `colorgan page` builds it beside the pages
        elif found := target(p, address):
            file, folder = Path(os.path.normpath(found[0])), found[1]
            anchor = unquote(urlsplit(address).fragment)
            if not file.is_relative_to(folder) or not (file.is_file() or file in pages):
                p.fault(f'a dead link: {address}', cell)
            elif folder == nbs and file in pages and anchor and anchor not in pages[file].anchors:
                p.fault(f'a dead anchor: {address}', cell)


def contrast(one, other):
    "The contrast of two colors `#rrggbb`, 1 to 21, by WCAG 2."
    def light(color):
        parts = [int(color[i:i + 2], 16)/255 for i in (1, 3, 5)]
        return sum(w*(c/12.92 if c <= .04045 else ((c + .055)/1.055)**2.4) for w, c in zip((.2126, .7152, .0722), parts))
    low, high = sorted((light(one), light(other)))
    return (high + .05)/(low + .05)


def pale():
    "A line for each pair of colors of the site that is hard to read, by day or by night."
    for theme in sorted(nbs.glob('theme-*.scss')):
        colors = dict(re.findall(r'^\$([\w-]+): (#[0-9a-f]{6});', theme.read_text(encoding='utf-8'), re.M))
        pairs = [('body-color', 'body-bg'), ('link-color', 'body-bg'), ('code-color', 'code-bg'), ('link-color', 'code-bg'), ('navbar-fg', 'navbar-bg'), ('navbar-hl', 'navbar-bg')]
        for one, other in pairs:
            if (c := contrast(colors[one], colors[other])) < 4.5: yield f'{theme.name}: ${one} on ${other} has a contrast of {c:.2f}, less than 4.5'
    css = (nbs/'styles.css').read_text(encoding='utf-8') if (nbs/'styles.css').exists() else ''
    for one, other in re.findall(r'\{ color: (#[0-9a-f]{6}); background: (#[0-9a-f]{6}); \}', css):
        if (c := contrast(one, other)) < 4.5: yield f'styles.css: {one} on {other} has a contrast of {c:.2f}, less than 4.5'


def sidebar():
    "Every notebook that the sidebar names."
    def entries(part):
        if isinstance(part, str): return {part} if part.endswith('.ipynb') else set()
        return set().union(*map(entries, part.values() if isinstance(part, dict) else part or []))
    return entries(yaml.safe_load((nbs/'sidebar.yml').read_text(encoding='utf-8')))


def main():
    paths = notebooks()
    context = multiprocessing.get_context('forkserver')
    context.set_forkserver_preload(['warm'])
    os.environ['PYTHONPATH'] = str(here)  # where it looks for what it preloads: Python before 3.14 does not tell it sys.path
    # One page to a process, since the IPython that runs its cells takes `__main__` for itself
    with ProcessPoolExecutor(os.cpu_count(), context, max_tasks_per_child=1) as pool:
        done = list(pool.map(examine, paths))
    pages = {file: p for p in done for file in (p.path, p.html)}
    for p in done: check_links(p, pages)
    listed, there = sidebar(), {name(path) for path in paths}
    faults = [f'sidebar.yml names {e}, which is not there' for e in sorted(listed - there)]
    faults += [f'sidebar.yml lacks {e}' for e in sorted(there - listed)]
    faults += pale()
    finish(faults + [fault for p in done for fault in p.faults], f'{len(done)} pages without a fault')


if __name__ == '__main__': main()
