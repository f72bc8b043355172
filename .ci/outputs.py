"""Run notebooks and keep what their cells print and draw: nbdev never saves outputs. Each runs from top to bottom in an
empty folder, with the library of this tree; cells that nbdev_test leaves out are left out, and keep what they have.
Beside each picture goes its text from `#| fig-alt:`, where Jupyter, Colab and nbconvert look for it."""
import argparse
import base64
import io
import os
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

import nbformat
from execnb.nbio import nb2str, read_nb, write_nb
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError
from nbconvert.filters import strip_ansi
from nbdev.clean import clean_nb
from PIL import Image

from project import alt_texts, cfg, left_out, name, notebooks, pictures, root


widget = 'application/vnd.jupyter.widget-view+json'  # alive only beside its kernel


def lighter(output):
    "Let a large PNG be a JPEG where that saves half of it: photographs, not plots."
    data = output.get('data', {})
    if len(data.get('image/png', '')) < 50_000: return
    png, jpeg = base64.b64decode(data['image/png']), io.BytesIO()
    Image.open(io.BytesIO(png)).convert('RGB').save(jpeg, 'jpeg', quality=80)
    if len(jpeg.getvalue()) > len(png)/2: return
    data['image/jpeg'] = base64.b64encode(jpeg.getvalue()).decode() + '\n'
    del data['image/png']
    if 'image/png' in output.metadata: output.metadata['image/jpeg'] = output.metadata.pop('image/png')


def tidy(outputs):
    "The outputs without warnings and live widgets, what was printed in one piece, photographs as JPEG."
    kept = []
    for output in outputs:
        if output.output_type == 'stream' and output.name == 'stderr' and 'Warning: ' in output.text: continue
        last = kept[-1] if kept else {}
        if output.output_type == 'stream' and last.get('name') == output.name: last['text'] += output.text
        else: kept.append(output)
        if any(kind.startswith('image/') for kind in output.get('data', {})): output['data'].pop(widget, None)
        lighter(output)
    return kept


def describe(cell):
    "Write the text of each picture of `cell` into its output."
    for output, text in zip(pictures(cell), alt_texts(cell)):
        for kind in output['data']:
            if kind.startswith('image/'): output['metadata'].setdefault(kind, {})['alt'] = text


def refresh(path, minutes=15):
    "Run the notebook at `path` and write its outputs; returns what went wrong, if anything did."
    nb = read_nb(path)
    run = [c for c in nb.cells if not left_out(c, cfg.tst_flags.split())]
    part = read_nb(path)
    part.cells = run
    done = nbformat.reads(nb2str(part), as_version=4)
    with TemporaryDirectory() as folder:
        client = NotebookClient(done, timeout=60 * minutes, kernel_name='python3', resources={'metadata': {'path': folder}})
        try: client.execute()
        except CellExecutionError as e: return strip_ansi(str(e))
    for cell, new in zip(run, done.cells):
        if cell.cell_type != 'code': continue
        cell.outputs, cell.execution_count = tidy(new.outputs), None
        describe(cell)
    clean_nb(nb, allowed_metadata_keys=cfg.allowed_metadata_keys)
    write_nb(nb, path)


def redescribe(path):
    "Write the texts of the pictures in the notebook at `path`, and leave all else as it is."
    nb = read_nb(path)
    for cell in nb.cells:
        if cell.cell_type == 'code': describe(cell)
    write_nb(nb, path)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('notebooks', nargs='*', type=lambda f: Path(f).resolve(), help='some notebooks instead of all')
    parser.add_argument('--alt', action='store_true', help='run nothing: only write the texts of the pictures')
    args = parser.parse_args()
    os.environ['PYTHONPATH'] = str(root)
    os.environ['PATH'] = f'{Path(sys.executable).parent}{os.pathsep}{os.environ["PATH"]}'
    failed = 0
    for path in args.notebooks or notebooks():
        start = time.monotonic()
        fault = redescribe(path) if args.alt else refresh(path)
        if fault: print(fault)
        print(f'{"FAILED" if fault else "refreshed"} {name(path)}: {time.monotonic() - start:.0f} s', flush=True)
        failed += bool(fault)
    sys.exit(bool(failed))


if __name__ == '__main__': main()
