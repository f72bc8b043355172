"""Color black-and-white photographs and films.

    >>> import colorgan
    >>> colorgan.colorize('grandmother.jpg').save('grandmother in color.png')

`colorize` takes a path, the bytes of a file, an open file, a Pillow picture or an array, and returns a
Pillow picture. A `Colorizer` lets you choose weights, size, saturation and device. From file to file,
everything that the file carries is kept:

    >>> colorizer = colorgan.Colorizer(saturation=1.2, device='cpu')
    >>> colorizer.colorize_file('scan.tif', 'scan in color.tif')
    >>> for report in colorgan.colorize_many(colorizer, ['box of scans'], 'colored'): print(report)
    >>> colorgan.colorize_video('film.mp4', 'film in color.mp4', colorizer)

The names below are loaded when they are first used, and torch with them.
"""
__version__ = "0.1.0"

from typing import TYPE_CHECKING as _TYPE_CHECKING

__all__ = ['Colorizer', 'ColorganError', 'colorize', 'colorize_file', 'colorize_many', 'colorize_video', 'default_weights',
           'evaluate', 'sample_photos', 'train', '__version__']

if _TYPE_CHECKING:
    from .coloring.batch import colorize_many as colorize_many
    from .core.files import ColorganError as ColorganError
    from .core.show import sample_photos as sample_photos
    from .inference import Colorizer as Colorizer, colorize as colorize, colorize_file as colorize_file
    from .metrics.evaluate import evaluate as evaluate
    from .models.weights import default_weights as default_weights
    from .training.run import train as train
    from .video.film import colorize_video as colorize_video
else:
    _homes = {'Colorizer': 'inference', 'ColorganError': 'core.files', 'colorize': 'inference', 'colorize_file': 'inference',
              'colorize_many': 'coloring.batch', 'colorize_video': 'video.film', 'default_weights': 'models.weights',
              'evaluate': 'metrics.evaluate', 'sample_photos': 'core.show', 'train': 'training.run'}

    def _get(name):
        if name not in _homes: raise AttributeError(f'module {__name__!r} has no attribute {name!r}')
        from importlib import import_module
        globals()[name] = value = getattr(import_module(f'.{_homes[name]}', __name__), name)
        return value

    globals().update(__getattr__=_get, __dir__=lambda: sorted({*globals(), *__all__}))  # a checker that saw them would believe any name
