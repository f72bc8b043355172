"Badges, install cells and repository links, from the user, repo and branch of settings.ini alone."
import argparse
import re

from execnb.nbio import nb2str, read_nb
from nbdev.quarto import refresh_quarto_yml

from project import cfg, colab, finish, name, nbs, notebooks, root

tree = f'{colab}{cfg.user}/{cfg.repo}/blob/{cfg.branch}/'
badge = re.compile(r'^\[!\[Open In Colab\]\([^)]*\)\]\([^)]*\)', re.M)
links = [
    (re.compile(re.escape(colab) + r'[^/\s]+/[^/\s]+/blob/[^\s)"]+?/(?=nbs/)'), tree),
    (re.compile(r'git\+https://github\.com/[^/\s]+/[^/\s@]+@[^\s"\']+'), f'git+{cfg.git_url}@{cfg.branch}'),
]


def has_badge(path):
    "Whether the notebook at `path` can be opened in Colab by a click; the index has the badges of the others."
    return path.name == cfg.readme_nb or any(badge.search(c.source) for c in read_nb(path).cells)


def notebook(path):
    "The text of the notebook at `path` with the badge and links that it should have."
    nb, changed = read_nb(path), False
    own = f'[![Open In Colab](https://colab.research.google.com/assets/colab-badge.svg)]({tree}nbs/{name(path)})'
    for cell in nb.cells:
        src = cell.source
        for pattern, link in links: src = pattern.sub(link, src)
        if path.name != cfg.readme_nb: src = badge.sub(own, src)
        changed |= src != cell.source
        cell.set_source(src)
    return nb2str(nb) if changed else path.read_text(encoding='utf-8')


def quarto_yml(path):
    "The text of _quarto.yml with the repository's address, and the version in its footer."
    text = re.sub(r'https://github\.com/[\w.-]+/[\w.-]+(?:/blob/[\w.-]+(?=/))?',
                  lambda m: f'{cfg.git_url}/blob/{cfg.branch}' if '/blob/' in m[0] else cfg.git_url, path.read_text(encoding='utf-8'))
    return re.sub(rf'(?<=left: {cfg.lib_name} )[\w.]+', cfg.version, text)


def nbdev_yml(path):
    "The text of nbdev.yml as nbdev makes it."
    old = path.read_text(encoding='utf-8')
    refresh_quarto_yml()
    new = path.read_text(encoding='utf-8')
    path.write_text(old, encoding='utf-8')
    return new


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--check', action='store_true', help='write nothing, fail where something differs')
    check = parser.parse_args().check

    missing = [p for p in notebooks() if not has_badge(p)]
    faults = [f'{name(p)}: no line begins with a badge [![Open In Colab](...)](...)' for p in missing]
    wanted = {path: notebook(path) for path in notebooks()}
    wanted |= {root/'_quarto.yml': quarto_yml(root/'_quarto.yml'), nbs/'nbdev.yml': nbdev_yml(nbs/'nbdev.yml')}
    for path, text in wanted.items():
        if path.read_text(encoding='utf-8') == text: continue
        if check: faults.append(f'{path.relative_to(root)}: its links are not those of settings.ini: run .ci/badges.py')
        else: path.write_text(text, encoding='utf-8')
    finish(faults, f'{len(wanted)} files carry the links of settings.ini')


if __name__ == '__main__': main()
