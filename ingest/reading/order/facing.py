"""Facing pages: a scan of an open book, read one page after the other.

The image shows them by a fold, a dark strip from the upper edge to the lower one; the
print by numbers of two pages that follow each other. A gap in the middle alone is none:
wide tables have one too.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import chain, islice, permutations

import numpy as np
import numpy.typing as npt
from PIL import Image

from ingest.box import center, gap_across
from ingest.reading.line import is_right_to_left
from ingest.reading.text_line import TextLine

MIN_ASPECT = 1.1
"""Width over height of two pages side by side, at least."""
MIDDLE = (0.35, 0.65)
"""Share of the width in which the fold lies."""
SIDE = 500
"""Pixels of the width in which it is looked for."""
BANDS = 16
"""Strips of the height; in each the fold is darker than the paper beside it."""
EDGE = 0.02
"""Share of the height at either end that is left out: the edge of a scan."""
PAPER = 90
"""Percentile of a column's brightness: the paper between its lines of print."""
BESIDE = (0.03, 0.12)
"""Shares of the width, to the left and right of the fold, where its paper is."""
MIN_DEPTH = 14
"""Difference in brightness of the fold and the paper, of 255."""
LIKE = 4
"""Difference in brightness within the fold."""
MIN_BANDS = 0.8
"""Share of the strips that show the fold, at least; the first and the last do."""
MAX_DRIFT = 0.012
"""Share of the width by which places of the fold differ from a straight line."""
MAX_CROSSING = 0.1
"""Share of the lines that run across the fold, at most: a title, or a picture's caption."""
WORD_GAP = 0.6
"""Gap at the fold in heights of its words that parts what was found as one line."""
MIN_GAP = 0.03
"""Share of the width that no word is in, between pages that have numbers."""
NUMBER_MARGIN = 0.12
"""Page numbers lie in this share of the height at its ends,"""
APART = 1.0
"""this many heights of theirs from other lines, at least, and"""
LEVEL = 0.04
"""are on the same height of the page, up to this share of it."""
MAX_NUMBERS = 8
"""Numbers that stand so are few."""
MAX_LINES = 3_000
"""Lines of a page, at most, among which page numbers are looked for."""
_NUMBER = re.compile(r"[-–—]?\s?(\d{1,4})\s?[-–—]?")

Profile = npt.NDArray[np.float32]


def find_fold(image: Image.Image) -> float | None:
    """Place of the fold between two pages, as a share of the width, if it has one."""
    if image.width < MIN_ASPECT * image.height or image.height < BANDS:
        return None
    edge = round(EDGE * image.height)
    gray = image.convert("L").crop((0, edge, image.width, image.height - edge))
    gray = gray.resize((SIDE, max(SIDE * gray.height // gray.width, BANDS)), Image.Resampling.BOX)
    bands = np.array_split(np.asarray(gray, dtype=np.float32), BANDS)
    folds = np.array([_fold_of(np.percentile(band, PAPER, axis=0)) for band in bands])
    seen = np.flatnonzero(folds > 0)
    if len(seen) < MIN_BANDS * BANDS:
        return None
    slope, start = np.polyfit(seen, folds[seen], 1)
    straight = np.abs(folds - (slope * np.arange(BANDS) + start)) <= MAX_DRIFT * SIDE
    if straight.sum() < MIN_BANDS * BANDS or not (straight[0] and straight[-1]):
        return None
    return float(np.median(folds[straight])) / SIDE


def _fold_of(paper: Profile) -> float:
    """Pixel at which the paper of a strip is darkest between brighter paper, or 0."""
    first, last = (round(share * SIDE) for share in MIDDLE)
    near, far = (round(share * SIDE) for share in BESIDE)
    darkest = paper[first:last].min()
    dark = first + np.flatnonzero(paper[first:last] <= darkest + LIKE)
    at = round(float(dark[dark - dark[0] < far].mean()))
    beside = min(
        float(np.median(paper[at - far : at - near])),
        float(np.median(paper[at + near : at + far])),
    )
    return at + 0.5 if beside - float(darkest) >= MIN_DEPTH else 0.0


def split_pages(
    lines: Sequence[TextLine], aspect: float, fold: float | None = None
) -> list[list[TextLine]]:
    """Lines of each of two facing pages, in the order of reading; else all as one.

    What runs across both pages is put before or after them.

    Args:
        aspect: width over height.
        fold: as `find_fold` gives it.
    """
    if fold is None:
        fold = _fold_between_numbers(lines) if aspect >= MIN_ASPECT else None
    if fold is None:
        return [list(lines)]
    pages: tuple[list[TextLine], list[TextLine]] = ([], [])
    across = []
    for line in chain.from_iterable(_part_at(line, fold, aspect) for line in lines):
        if _crosses(line, fold, aspect):
            across.append(line)
        else:
            pages[center(line.box)[0] > fold].append(line)
    left, right = pages
    if not (left and right) or len(across) > max(MAX_CROSSING * len(lines), 1):
        return [list(lines)]
    middle = sum(center(line.box)[1] for line in lines) / len(lines)
    above = [line for line in across if center(line.box)[1] < middle]
    below = [line for line in across if center(line.box)[1] >= middle]
    sides = [right, left] if _is_from_right(lines) else [left, right]
    return [part for part in (above, *sides, below) if part]


def _part_at(line: TextLine, fold: float, aspect: float) -> Iterator[TextLine]:
    """The line, or its two parts where the fold lies in a gap between its words."""
    words = line.words
    at = sum(center(word.box)[0] < fold for word in words)
    if line.vertical or line.angle or not 0 < at < len(words):
        yield line
        return
    before, after = sorted(words, key=lambda word: word.box[0])[at - 1 : at + 1]
    high = min(word.box[3] - word.box[1] for word in (before, after))
    if aspect * gap_across(before.box, after.box) < WORD_GAP * high:
        yield line
        return
    yield replace(line, words=tuple(word for word in words if center(word.box)[0] < fold))
    yield replace(line, words=tuple(word for word in words if center(word.box)[0] >= fold))


def _crosses(line: TextLine, fold: float, aspect: float) -> bool:
    left, top, right, bottom = line.box
    return aspect * min(fold - left, right - fold) > bottom - top


def _is_from_right(lines: Sequence[TextLine]) -> bool:
    turned = sum(line.vertical or is_right_to_left(line.text) for line in lines)
    return 2 * turned > len(lines)


def _fold_between_numbers(lines: Sequence[TextLine]) -> float | None:
    """Place midway between the numbers of two pages, if no word is there."""
    if not 4 <= len(lines) <= MAX_LINES:
        return None
    found = (
        (int(number[1]), *center(line.box))
        for line in lines
        if (number := _NUMBER.fullmatch(line.text)) and _stands_apart(line, lines)
    )
    for (even, x, y), (odd, x2, y2) in permutations(islice(found, MAX_NUMBERS), 2):
        if even % 2 == 0 and odd == even + 1 and x < x2 and abs(y - y2) <= LEVEL:
            place = (x + x2) / 2
            if MIDDLE[0] <= place <= MIDDLE[1] and _is_clear(lines, place):
                return place
    return None


def _is_clear(lines: Sequence[TextLine], place: float) -> bool:
    """Whether a gap is around a place from the top of the page to its bottom."""
    boxes = [word.box for line in lines for word in line.words]
    left = max((box[2] for box in boxes if center(box)[0] < place), default=0.0)
    right = min((box[0] for box in boxes if center(box)[0] >= place), default=1.0)
    return left < place < right and right - left >= MIN_GAP


def _stands_apart(line: TextLine, lines: Sequence[TextLine]) -> bool:
    """Whether a line is at an end of the page, and no other is near it inwards."""
    _, top, _, bottom = line.box
    if bottom >= NUMBER_MARGIN and top <= 1 - NUMBER_MARGIN:
        return False
    high, upper = bottom - top, top < 0.5
    for other in lines:
        _, top2, _, bottom2 = other.box
        inwards = top2 - bottom if upper else top - bottom2
        if -0.5 * high < inwards < APART * high:
            return False
    return True
