"""Ink: places of a page that look like print, without a model.

They tell which parts of a page of text are shown to the detector: pictures and
drawn letters that its text layer does not have.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import cv2
import numpy as np
import numpy.typing as npt
from PIL import Image

from ingest.box import area, expand, overlaps, pixel_box, union_box
from ingest.page import WHOLE, Box

SIDE = 850
"""Pixels of the longer side in which ink is looked for, or a little more: about a point each."""
EDGE = 48
"""Difference in brightness at the edge of ink, of 255."""
LINE_HEIGHT = (4, 60)
"""Pixels; the height of a line of print."""
FEWEST_HEIGHTS = 2.0
"""Length of a line of print in heights, at least."""
LEAST_DENSITY, MOST_DENSITY = 0.3, 0.97
"""Share of a line's box that edges fill."""
RULE, THIN = 25, 6
"""Pixels; straight ink that is longer and thinner is a ruling line or a frame."""
LONG_EDGE = 80
"""Pixels; a straight edge that is longer is that of a shaded area: no word is so long."""
FEWEST_PIXELS = 40
"""Pixels at the edges of the ink of a word or two."""
LETTER_GAP = 9
"""Pixels between letters of one line."""
FLAT = 16
"""Difference between the darkest and the brightest pixel of what shows nothing."""
GROUND = 12
"""Difference in brightness within the ground of a page, of 255."""
LEAST_GROUND = 0.3
"""Share of its pixels that the ground of a page has, at least."""
MAX_AREAS = 300
MARGIN = 0.01
"""Share of the page around a place that is looked at."""

Mask = npt.NDArray[np.uint8]


def is_flat(image: Image.Image) -> bool:
    """Whether an image shows one color."""
    low, high = image.convert("L").getextrema()
    return isinstance(low, (int, float)) and isinstance(high, (int, float)) and high - low < FLAT


def is_photographic(image: Image.Image) -> bool:
    """Whether an image has no ground of one brightness, as a page of print has."""
    return ground_share(image) < LEAST_GROUND


def ground_share(image: Image.Image) -> float:
    """Share of an image that has its most frequent brightness, more or less."""
    histogram = np.array(image.convert("L").histogram())
    mode = int(histogram.argmax())
    return float(histogram[max(mode - GROUND, 0) : mode + GROUND + 1].sum() / histogram.sum())


def find_ink(image: Image.Image, known: Iterable[Box]) -> list[Box]:
    """Boxes of what may be lines of print outside of the boxes of known words."""
    gray = image.convert("L").reduce(max(round(max(image.size) / SIDE), 1))
    pixels = np.asarray(gray)
    gradient = np.asarray(cv2.morphologyEx(pixels, cv2.MORPH_GRADIENT, np.ones((3, 3), np.uint8)))
    edges = (gradient > EDGE).astype(np.uint8)
    unknown = edges.copy()
    for box in known:
        # Letters reach over the edges of their boxes.
        left, top, right, bottom = pixel_box(box, gray.size)
        unknown[max(top - 2, 0) : bottom + 2, max(left - 2, 0) : right + 2] = 0
    if cv2.countNonZero(unknown) < FEWEST_PIXELS:
        return []
    unknown[_straight(pixels, edges, ground=int(np.argmax(gray.histogram())))] = 0
    return [
        (left / gray.width, top / gray.height, (left + w) / gray.width, (top + h) / gray.height)
        for left, top, w, h in _lines(unknown)
    ]


def _straight(gray: Mask, edges: Mask, ground: int) -> npt.NDArray[np.bool_]:
    """Pixels of ruling lines, and of the edges of frames and shaded areas."""
    ink = (cv2.absdiff(gray, np.full_like(gray, ground)) > EDGE).astype(np.uint8)
    rules = np.zeros_like(ink)
    for thin, thick in (((1, RULE), (THIN, RULE)), ((RULE, 1), (RULE, THIN))):
        rules |= (_open(ink, thin) > _open(ink, thick)).astype(np.uint8)
    straight = np.asarray(cv2.dilate(rules, np.ones((3, 3), np.uint8))) > 0
    for size in ((1, LONG_EDGE), (LONG_EDGE, 1)):
        straight |= _open(edges, size) > 0
    return straight


def _open(mask: Mask, size: tuple[int, int]) -> Mask:
    """What of a mask holds a rectangle of `size`, height and width."""
    opened = cv2.morphologyEx(mask, cv2.MORPH_OPEN, np.ones(size, np.uint8))
    return np.asarray(opened, dtype=np.uint8)


def _lines(edges: Mask) -> Iterable[tuple[int, int, int, int]]:
    """Left, top, width and height of what is as long, high and dense as a line of print."""
    shortest, tallest = LINE_HEIGHT
    for kernel in (np.ones((1, LETTER_GAP), np.uint8), np.ones((LETTER_GAP, 1), np.uint8)):
        joined = cv2.morphologyEx(edges, cv2.MORPH_CLOSE, kernel)
        contours, _ = cv2.findContours(joined, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
        for left, top, width, height in map(cv2.boundingRect, contours):
            short, long = sorted((width, height))
            if not shortest <= short <= tallest or long < FEWEST_HEIGHTS * short:
                continue
            density = float(edges[top : top + height, left : left + width].mean())
            if LEAST_DENSITY <= density <= MOST_DENSITY:
                yield left, top, width, height


def join_areas(boxes: Sequence[Box]) -> list[Box]:
    """Boxes with a margin, those that meet joined; the whole page where they are many."""
    if len(boxes) > MAX_AREAS:
        return [WHOLE]
    areas: list[Box] = []
    for box in sorted((expand(box, MARGIN) for box in boxes), key=area, reverse=True):
        here = box
        while meeting := [other for other in areas if overlaps(other, here)]:
            areas = [other for other in areas if other not in meeting]
            here = union_box([here, *meeting])
        areas.append(here)
    return areas
