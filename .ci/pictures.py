"""The pictures of the landing page and the social card, from the photographs that the dependencies carry, colored by the
weights in the package: run it when those change. (The gallery's are outputs: .ci/outputs.py nbs/gallery.ipynb.)"""
from PIL import Image, ImageDraw, ImageFont, ImageOps
from matplotlib import font_manager

from colorgan.core.show import sample_photos
from colorgan.inference import Colorizer

from project import cfg, nbs

shown = 'chelsea', 'coffee', 'china', 'astronaut'  # the top row, then the bottom one
tile, card = (480, 320), (1200, 630)


def mosaic(pictures):
    "Four pictures, two by two."
    out = Image.new('RGB', (2*tile[0], 2*tile[1]))
    for i, im in enumerate(pictures): out.paste(im.convert('RGB'), (i % 2 * tile[0], i // 2 * tile[1]))
    return out


def text(size, bold=False):
    return ImageFont.truetype(font_manager.findfont(font_manager.FontProperties(family='DejaVu Sans', weight='bold' if bold else 'normal')), size)


def main():
    photos = [ImageOps.fit(sample_photos()[n], tile, centering=(.5, .12)) for n in shown]
    grays = [im.convert('L') for im in photos]
    colorizer = Colorizer(device='cpu')
    before, after = mosaic(grays), mosaic([colorizer.colorize(im) for im in grays])
    for name, im in dict(before=before, after=after).items(): im.save(nbs/f'images/{name}.jpg', quality=86)

    half = card[0]//2
    out = ImageOps.fit(after, card)
    out.paste(ImageOps.fit(before, card).crop((0, 0, half, card[1])), (0, 0))
    draw = ImageDraw.Draw(out)
    draw.rectangle((half - 2, 0, half + 1, card[1]), fill='white')
    draw.rectangle((0, 500, card[0], card[1]), fill='#2b1a3d')
    draw.text((48, 516), cfg.lib_name, 'white', text(48, bold=True))
    draw.text((48, 578), cfg.description, '#ffd7c9', text(24))
    out.save(nbs/'images/card.jpg', quality=85)


if __name__ == '__main__': main()
