"README.md from the index notebook (what nbdev_readme does, without Quarto), and the site's llms.txt from its sidebar."
import argparse
import difflib
import re

import yaml
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


def llms():
    "The text of llms.txt: every page of the sidebar by title and description, with the address of its Markdown twin."
    lines, site = [f'# {cfg.title}', '', f'> {cfg.description}', ''], f'{cfg.doc_host}{cfg.doc_baseurl}'

    def add(entries):
        for entry in entries:
            entry = entry.get('href', entry) if isinstance(entry, dict) else entry
            if isinstance(entry, dict):
                lines.extend(['', f'## {entry["section"]}', ''])
                add(entry['contents'])
            else:
                front = page(nbs/entry)[0]
                lines.append(f"- [{front['title']}]({site}/{entry.removesuffix('.ipynb')}.html.md): {front['description']}")

    add(yaml.safe_load((nbs/'sidebar.yml').read_text(encoding='utf-8'))['website']['sidebar']['contents'])
    return '\n'.join(lines) + '\n'


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--check', action='store_true', help='write nothing, show what differs')
    check, faults = parser.parse_args().check, []
    for path, new in {root/'README.md': readme(), nbs/'llms.txt': llms()}.items():
        if not check: path.write_text(new, encoding='utf-8')
        old = path.read_text(encoding='utf-8') if path.exists() else ''
        faults += difflib.unified_diff(old.splitlines(), new.splitlines(), path.name, 'the notebooks', n=1, lineterm='')
    finish(faults, f'README.md is what {cfg.readme_nb} says, llms.txt what sidebar.yml says')


if __name__ == '__main__': main()
