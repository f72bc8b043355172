"""The library at work with what is installed beside it: every module, pictures, a film, the widget, training, metrics.
Needs no other file of the project, so an installed wheel can be tried with it. The cheapest test of a combination of versions."""
import sys
import tempfile
import traceback
from dataclasses import replace
from importlib import import_module
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from pkgutil import walk_packages

import numpy as np
from PIL import Image


def modules(folder):
    import colorgan
    names = [o.name for o in walk_packages(colorgan.__path__, 'colorgan.')]
    for name in names: import_module(name)
    return f'{len(names)} modules imported from {Path(colorgan.__file__).parent}'


def pictures(folder):
    import tifffile
    from colorgan.app.doctor import self_check
    from colorgan.core.show import sample_photos
    from colorgan.inference import Colorizer
    from colorgan.pictures.read import record_of
    colorizer, photo = Colorizer(device='cpu'), sample_photos()['coffee'].convert('L').resize((120, 80))
    self_check(colorizer)
    for ending in ('jpg', 'png', 'webp', 'gif'): photo.save(folder/f'photo.{ending}')
    tifffile.imwrite(folder/'deep.tif', np.asarray(photo).astype(np.uint16)*257, compression='lzw')
    for path in (*folder.glob('photo.*'), folder/'deep.tif'):
        report = colorizer.colorize_file(path, folder/f'color {path.suffix[1:]}{path.suffix}')
        assert report.outcome == 'done' and record_of(report.dst)['weights'] == colorizer.digest, report
    deep = tifffile.imread(folder/'color tif.tif')
    assert (deep.dtype, deep.shape) == (np.uint16, (80, 120, 3)), (deep.dtype, deep.shape)
    return '5 kinds of pictures colored, each with its record'


def film(folder):
    import av
    from colorgan.core.show import sample_photos
    from colorgan.inference import Colorizer
    from colorgan.video.container import probe_film
    from colorgan.video.film import colorize_video, film_record
    photo, colorizer = sample_photos()['coffee'].convert('L'), Colorizer(device='cpu')
    with av.open(str(folder/'film.mkv'), 'w') as out:
        s = out.add_stream('libx264', rate=10)
        s.width, s.height, s.pix_fmt = 96, 64, 'yuv420p'
        for i in range(8): out.mux(s.encode(av.VideoFrame.from_image(photo.crop((4*i, 0, 4*i + 384, 256)).resize((96, 64)).convert('RGB'))))
        out.mux(s.encode())
    for name, how in (('color.mp4', {}), ('color.mkv', dict(lossless=True, deinterlace=True)), ('color.webm', {})):
        report = colorize_video(folder/'film.mkv', folder/name, colorizer, **how)
        found = probe_film(folder/name)
        assert (report.frames, found.width, found.height) == (8, 96, 64), (report, found)
        assert film_record(folder/name)['weights'] == colorizer.digest
    return '8 frames colored as MP4, MKV and WebM'


def widget(folder):
    from colorgan.core.show import sample_photos
    from colorgan.inference import Colorizer
    from colorgan.app.widgets import ColorizeApp
    sample_photos()['coffee'].convert('L').resize((120, 80)).save(folder/'shown.png')
    for plain in (False, True):
        table = ColorizeApp(Colorizer(device='cpu'), plain=plain).table
        slide = table.add('shown.png', (folder/'shown.png').read_bytes())
        table.hint(slide, 20, 20, 30, 30)
        with Image.open(table.develop(slide)) as im: assert im.size == (120, 80) and im.mode == 'RGB', im
    return 'a photograph added, hinted and taken home, with anywidget and without'


def exported(folder):
    from colorgan.core.show import sample_photos
    from colorgan.inference import Colorizer
    from colorgan.models.onnx import export_onnx
    export_onnx(folder/'network.onnx')
    photo = sample_photos()['coffee'].convert('L')
    a, b = (np.asarray(o.colorize(photo), int) for o in (Colorizer(device='cpu', precision='fp32'), Colorizer.from_file(folder/'network.onnx')))
    assert np.abs(a - b).max() <= 1, np.abs(a - b).max()
    return 'the network exported, and a picture colored by it as before'


def served(folder):
    import urllib.request
    from colorgan.app.service import start_service
    from colorgan.core.show import sample_photos
    sample_photos()['coffee'].convert('L').resize((120, 80)).save(folder/'a.jpg')
    with start_service(port=0, device='cpu') as server:
        asked = urllib.request.Request(f'{server.url}colorize', (folder/'a.jpg').read_bytes(), {'Content-Type': 'image/jpeg'})
        (folder/'b.jpg').write_bytes(urllib.request.urlopen(asked).read())
        server.service.colorizer.colorize_file(folder/'a.jpg', folder/'c.jpg')
    assert (folder/'b.jpg').read_bytes() == (folder/'c.jpg').read_bytes()
    return 'a picture colored over HTTP as by hand'


def training(folder):
    from colorgan.core.show import sample_photos
    from colorgan.data import choose_photos
    from colorgan.inference import Colorizer
    from colorgan.metrics.evaluate import evaluate
    from colorgan.metrics.picture import picture_metrics
    from colorgan.training.recipes import RECIPES
    from colorgan.training.run import TrainOptions, train
    (folder/'photos').mkdir()
    for name, im in sample_photos().items():
        for i in range(4): im.resize((200, 200)).crop((20*i, 20*i, 20*i + 128, 20*i + 128)).save(folder/f'photos/{name} {i}.png')
    photos = choose_photos(folder/'photos', n_train=16, n_test=4)
    train(photos, folder/'run', replace(RECIPES['fast'], size=64), images=64, metrics=picture_metrics(),
          options=TrainOptions(device='cpu', num_workers=0, quiet=True))
    trained = Colorizer.from_file(folder/'run/weights.safetensors', device='cpu')
    result = evaluate({'trained': trained}, photos.test, sheet=folder/'sheet.png', quiet=True)
    assert 'trained' in result.table() and np.isfinite(result.pictures['trained']['psnr']).all(), result.table()
    return 'trained on 64 images, weights loaded, measured and drawn'


def main():
    print(*[f'{p} {version(p)}' for p in ('colorgan', 'torch', 'numpy', 'pillow', 'fastai', 'av')], f'Python {sys.version.split()[0]}', sep=', ')
    failed = 0
    for check in (modules, pictures, film, widget, *([exported] if find_spec('onnxscript') else []), *([served] if find_spec('starlette') else []), training):
        with tempfile.TemporaryDirectory() as folder:
            try: print(f'passed {check.__name__}: {check(Path(folder))}', flush=True)
            except Exception:
                traceback.print_exc()
                print(f'FAILED {check.__name__}', flush=True)
                failed += 1
    sys.exit(bool(failed))


if __name__ == '__main__': main()
