"What every page needs, imported once: each process that makes a page is forked from one that has this."
import bs4  # noqa: F401
import fastai.vision.all  # noqa: F401
import nbconvert  # noqa: F401
import project  # noqa: F401
from nbdev.doclinks import NbdevLookup

import colorgan.app.verbs
import colorgan.training.run
import colorgan.video.film  # noqa: F401

NbdevLookup()
