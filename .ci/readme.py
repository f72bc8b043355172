"README.md from the index notebook: what nbdev_readme does, without Quarto."
import argparse
import difflib
import re

from nbconvert import MarkdownExporter

from project import cfg, finish, nbs, page, root

fenced = re.compile(r'(^```.*?^```$)', re.M | re.S)
relative = re.compile(r'(\]\(|\b(?:src|href)=")(?!\w+:|/|#)')


def readme():
    "The text of README.md."
    front, nb = page(nbs/cfg.readme_nb)
    if any(kind.startswith('image/') for c in nb.cells for o in c.get('outputs', []) for kind in o.get('data', {})):
        raise SystemExit(f'{cfg.readme_nb}: a README shows files, not outputs: save the picture in {nbs.name}/images')
    text = f"# {front['title']}\n\n> {front['description']}\n\n" + MarkdownExporter().from_notebook_node(nb)[0]
    text = re.sub(r'[ \t]+$', '', text, flags=re.M)
    parts = fenced.split(text)
    parts[::2] = [relative.sub(rf'\1{nbs.name}/', re.sub(r'\n{3,}', '\n\n', part)) for part in parts[::2]]
    return ''.join(parts).strip() + '\n'


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--check', action='store_true', help='write nothing, show where README.md differs')
    new, path = readme(), root/'README.md'
    if not parser.parse_args().check: path.write_text(new, encoding='utf-8')
    old = path.read_text(encoding='utf-8')
    diff = difflib.unified_diff(old.splitlines(), new.splitlines(), 'README.md', cfg.readme_nb, n=1, lineterm='')
    finish(list(diff), f'README.md is what {cfg.readme_nb} says')


if __name__ == '__main__': main()
