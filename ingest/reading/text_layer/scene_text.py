"""Scene text: lines that OCR reads in a photo, print told from texture.

A recognizer reads texture as letters: leaves, grilles, a horizon. What it reads so has
a lower confidence than print, or the shape of no letter. A photo of a document has many
lines that are read well: there every line counts that counts elsewhere.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence

from PIL import Image

from ingest.box import area, contains_center, crop_image
from ingest.ocr.corners import height_of, length_of
from ingest.ocr.ink import is_photographic
from ingest.ocr.ocr import OcrLine
from ingest.page import Box

CLEAR_SCORE = 0.85
"""Confidence that a line on a photo needs. Measured on photos of COCO and Flickr8k: signs
that a person reads too had 0.88 and more, letters that nobody sees 0.78 and less."""
LARGE_SCORE = 0.95
"""Confidence that it needs where it is higher than `LARGE` of the photo."""
LARGE = 0.3
DOCUMENT_LINES = 8
"""Lines with that confidence, from which on a photo is one of a document."""
NARROWEST, WIDEST = 0.15, 2.5
"""Width of a line for each of its characters, in its height."""
_STROKES = frozenset("一丨丶丿ノヽ｜lI|ー")
"""Characters that a single edge is read as."""


def drop_texture(
    image: Image.Image, figures: Sequence[Box], lines: Sequence[OcrLine]
) -> list[OcrLine]:
    """Lines without those that are texture of a photo.

    Args:
        figures: boxes of pictures, the whole page for a photo. Only lines in a
            picture that is photographic are judged.
    """
    groups: dict[Box | None, list[OcrLine]] = {}
    for line in lines:
        groups.setdefault(_figure_of(line, figures), []).append(line)
    texture = {
        id(line)
        for figure, group in groups.items()
        if figure is not None and sum(map(_is_clear, group)) < DOCUMENT_LINES
        for line in _texture(crop_image(image, figure), group)
    }
    return [line for line in lines if id(line) not in texture]


def _texture(photo: Image.Image, lines: Sequence[OcrLine]) -> list[OcrLine]:
    """Lines on a photo that are no print."""
    photographic = is_photographic(photo)
    longer = max(photo.size)
    return [
        line
        for line in lines
        if _is_stroke(line) or (photographic and not (_is_clear(line) and _has_shape(line, longer)))
    ]


def _figure_of(line: OcrLine, figures: Sequence[Box]) -> Box | None:
    """The smallest figure in which a line lies."""
    first = line.words[0].box
    return min((box for box in figures if contains_center(box, first)), key=area, default=None)


def _is_clear(line: OcrLine) -> bool:
    return line.score >= CLEAR_SCORE


def _is_stroke(line: OcrLine) -> bool:
    """Whether a line is one stroke, or has no letter and no digit."""
    letters = [c for word in line.words for c in word.text if unicodedata.category(c)[0] in "LN"]
    return not letters or (len(letters) == 1 and letters[0] in _STROKES)


def _has_shape(line: OcrLine, longer: int) -> bool:
    """Whether a line has the shape of its letters: `longer` is the photo's longer side."""
    height = max(height_of(line.corners), 1)
    letters = sum(len(word.text) for word in line.words)
    if not NARROWEST <= length_of(line.corners) / height / letters <= WIDEST:
        return False
    return height <= LARGE * longer or line.score >= LARGE_SCORE
