"What the node does: it needs torch and colorgan, not ComfyUI."
import copy
import json
from functools import lru_cache

import numpy as np
import torch
from colorgan import Colorizer


@lru_cache(maxsize=2)
def load(weights):
    "Load the network once."
    return Colorizer.from_file(weights) if weights else Colorizer()


class ColorganColorize:
    "Color a batch of pictures; their lightness stays."
    CATEGORY = 'image/color'
    FUNCTION = 'colorize'
    RETURN_TYPES = ('IMAGE',)
    DESCRIPTION = 'Colors black-and-white pictures. Hints are JSON: [[x, y, a, b], ...] or [[x, y, "navy"], ...].'

    @classmethod
    def INPUT_TYPES(cls):
        strength = dict(default=1., min=0., max=2., step=.05, tooltip='Of the colors: 0 is gray, 1 is what suits the weights.')
        return dict(required=dict(image=('IMAGE',), strength=('FLOAT', strength)),
                    optional=dict(hints=('STRING', dict(default='', multiline=True)), weights=('STRING', dict(default=''))))

    def colorize(self, image, strength=1., hints='', weights=''):
        "Color `(N, H, W, C)` in [0, 1], as ComfyUI has pictures; return `(N, H, W, 3)`."
        colorizer = copy.copy(load(weights.strip()))
        colorizer.saturation = min(4., colorizer.saturation*strength)
        points = json.loads(hints) if hints.strip() else []
        pixels = image.detach().float().cpu().clamp(0, 1).numpy()[..., :3]
        colored = [colorizer.colorize_array(np.ascontiguousarray(o), points) for o in pixels]
        return (torch.from_numpy(np.stack(colored)).float(),)


NODE_CLASS_MAPPINGS = {'ColorganColorize': ColorganColorize}
NODE_DISPLAY_NAME_MAPPINGS = {'ColorganColorize': 'Colorize (colorgan)'}
