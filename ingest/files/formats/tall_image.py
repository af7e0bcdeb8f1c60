"""Tall images: long screenshots, cut into pages between their lines of print."""

from __future__ import annotations

import numpy as np
from PIL import Image

from ingest.files.source import LONGEST_SIDE

MIN_ASPECT = 4.0
"""Height over width of an image that is cut, if it is higher than a page image may be."""
MIN_WIDTH = 200
"""Pixels; what is narrower holds no lines of print."""
PAGE_ASPECT = 2.0
"""Height over width of a page cut from it."""
SEARCHED = 0.15
"""Share of a page's height at its end in which the emptiest rows are looked for."""
CALM = 16
"""Rows, at least, that are compared as one: a line's inner gaps are smaller."""


def is_tall(size: tuple[int, int]) -> bool:
    """Whether an image of a size is cut into pages."""
    width, height = size
    return height > LONGEST_SIDE and width >= MIN_WIDTH and height >= MIN_ASPECT * width


def find_cuts(image: Image.Image) -> tuple[int, ...]:
    """Rows at which an image is cut, its ends included: where the print is least."""
    busy = np.abs(np.diff(np.asarray(image.convert("L"), dtype=np.int16), axis=1)).mean(axis=1)
    calm = np.convolve(busy, np.ones(CALM) / CALM, mode="same")
    page = round(PAGE_ASPECT * image.width)
    cuts = [0]
    while image.height - cuts[-1] > page * (1 + SEARCHED):
        end = cuts[-1] + page
        start = end - round(SEARCHED * page)
        cuts.append(start + int(np.argmin(calm[start:end])))
    return (*cuts, image.height)
