"""Visible words: told from those that a text layer has and the page does not show.

White on white, covered by a rectangle, or too small to read. A page is judged by its
image, whatever colors and layers the file names.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt
from PIL import Image

from ingest.box import area
from ingest.page import Box
from ingest.reading.text_line import LineWord, TextLine

MIN_CONTRAST = 12
"""Levels of grey, of 255, between the darkest and the lightest pixel of a printed word."""
MIN_POINTS = 1.5
"""Smaller letters cannot be read."""
MAX_AREA = 0.02
"""Share of the page; larger words are not looked at: there may be thousands in one place."""

Pixels = npt.NDArray[np.uint8]


def mark_hidden(lines: Sequence[TextLine], image: Image.Image) -> tuple[TextLine, ...]:
    """Lines with those of their words marked that cannot be seen on the page image."""
    if not lines:
        return ()
    grey = np.asarray(image.convert("L"))
    return tuple(_mark(line, grey) for line in lines)


def _mark(line: TextLine, grey: Pixels) -> TextLine:
    hidden = [not word.hidden and _is_hidden(word, grey) for word in line.words]
    if not any(hidden):
        return line
    words = (
        replace(word, hidden=True) if found else word
        for word, found in zip(line.words, hidden, strict=True)
    )
    return replace(line, words=tuple(words))


def _is_hidden(word: LineWord, grey: Pixels) -> bool:
    if word.font and word.size < MIN_POINTS:
        return True
    if area(word.box) > MAX_AREA:
        return False
    pixels = _crop(word.box, grey)
    return pixels.size == 0 or int(pixels.max()) - int(pixels.min()) < MIN_CONTRAST


def _crop(box: Box, grey: Pixels) -> Pixels:
    """Pixels of a box, and one more around it: thin letters may lie on its edge."""
    height, width = grey.shape
    left, top = max(int(box[0] * width) - 1, 0), max(int(box[1] * height) - 1, 0)
    return grey[top : int(box[3] * height) + 2, left : int(box[2] * width) + 2]
