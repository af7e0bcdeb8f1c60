"""Printed lines: words in reading order, grouped by their boxes."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby, pairwise
from typing import Protocol

from ingest.box import gap_across, union_box
from ingest.page import Box, Word

SHARED_HEIGHT = 0.5
"""Two words are on one line where they share this much of the lower one's height."""

CELL_GAP = 2.5
"""A gap between two words of a line wider than this many letters separates table cells."""


DOTS, MIN_DOTS = ".…·‥", 5
"""Dots of a leader, and how many it has, at least."""
LONG, HIGHER = 5, 1.2
"""Letters of a word that tells the direction of its print, and its height in widths, where turned.

Boxes are fractions of a page, so that those of an upright word on a wide page are narrow.
"""
_WIDE = "\u1100"
"""Letters from here on may stand one below the other."""


class Placed(Protocol):
    """Text with a box."""

    @property
    def text(self) -> str:
        """The text."""
        ...

    @property
    def box(self) -> Box:
        """Its box."""
        ...


@dataclass(frozen=True, slots=True)
class Line:
    """Printed line: the words `start` up to (not with) `end`, and the box around them.

    `row` where it has cells.
    """

    start: int
    end: int
    box: Box
    row: bool = False

    @property
    def height(self) -> float:
        """Height as a fraction of the page's."""
        return self.box[3] - self.box[1]


def split_lines(words: Sequence[Word], start: int = 0, end: int | None = None) -> list[Line]:
    """Split `words[start:end]` into printed lines, with indices into `words`."""
    stop = len(words) if end is None else end
    lines: list[Line] = []
    first = start
    going_on = _going_on(words[start:stop])
    for at in range(start + 1, stop + 1):
        if at == stop or not going_on[at - 1 - start]:
            box = union_box([word.box for word in words[first:at]])
            lines.append(Line(first, at, box, bool(cell_starts(words[first:at]))))
            first = at
    return lines if stop > start else []


def _going_on(words: Sequence[Word]) -> list[bool]:
    """Whether the next word is on the same line, for each word but the last."""
    going_on: list[bool] = []
    for block, run in groupby(words, key=lambda word: word.block):
        its = list(run)
        if block and is_sideways(its):
            going_on += [_continues_sideways(*pair) for pair in pairwise(its)]
        elif block and _runs_left(its):
            going_on += [
                word.rest is None and are_level(word.box, then.box) for word, then in pairwise(its)
            ]
        else:
            going_on += [continues_line(*pair) for pair in pairwise(its)]
        going_on.append(False)
    return going_on[:-1]


def _runs_left(words: Sequence[Word]) -> bool:
    """Whether a block is read to the left: from right to left, or upside down.

    Numbers follow each other to the left there.
    """
    if any(is_right_to_left(word.text) for word in words):
        return True
    steps = [
        then.box[0] - word.box[0] for word, then in pairwise(words) if are_level(word.box, then.box)
    ]
    return 2 * sum(step < 0 for step in steps) > len(steps)


def is_sideways(words: Sequence[Word]) -> bool:
    """Whether most long words of a block are higher than wide, as turned ones.

    In a row without long words no word is beside the next.
    """
    long = [word.box for word in words if len(word.text) >= LONG and word.text[0] < _WIDE]
    higher = sum(bottom - top > HIGHER * (right - left) for left, top, right, bottom in long)
    if not long and words[0].role == "row":
        return len(words) > 1 and not any(are_level(a.box, b.box) for a, b in pairwise(words))
    if 2 * higher <= len(long):
        return False
    # On a page much wider than high upright words are as narrow: they stand side by side.
    beside = sum(are_level(a.box, b.box) for a, b in pairwise(words))
    return 2 * beside < len(words) - 1 or len(words) == 1


def _continues_sideways(word: Word, following: Word) -> bool:
    one, other = word.box, following.box
    shared = min(one[2], other[2]) - max(one[0], other[0])
    apart = max(other[1] - one[3], one[1] - other[3]) > -SHARED_HEIGHT * (one[3] - one[1])
    thin = min(one[2] - one[0], other[2] - other[0])
    return word.rest is None and apart and shared > SHARED_HEIGHT * thin


def are_level(one: Box, other: Box) -> bool:
    """Whether two boxes are on one line: they share most of the lower one's height."""
    shared = min(one[3], other[3]) - max(one[1], other[1])
    return shared > SHARED_HEIGHT * min(one[3] - one[1], other[3] - other[1])


def cell_starts(words: Sequence[Placed]) -> list[int]:
    """Indices of the words of a line that come after a gap too wide for running text.

    Where cells have several lines, a word below goes on with the cell above it.
    """
    letters = sum(len(word.text) for word in words)
    letter = sum(word.box[2] - word.box[0] for word in words) / max(letters, 1)
    starts: list[int] = []
    cell: Box | None = None
    for at, (before, after) in enumerate(pairwise(words), start=1):
        gap = gap_across(before.box, after.box)
        if not are_level(before.box, after.box):
            cell = cell or union_box([word.box for word in words[(starts or [0])[-1] : at]])
            begins = after.box[1] < before.box[1] or gap_across(cell, after.box) > 0
        else:
            begins = gap > CELL_GAP * letter or is_leader(before.text)
        if begins:
            starts.append(at)
            cell = None
        elif cell is not None:
            cell = union_box([cell, after.box])
    return starts


def is_leader(text: str) -> bool:
    """Whether a word is a leader: dots from a label to its value."""
    return len(text) >= MIN_DOTS and not text.strip(DOTS)


def continues_line(word: Word, following: Word) -> bool:
    """Whether `following` is on the same line, further along."""
    if word.rest is not None or word.block != following.block:
        return False
    if not are_level(word.box, following.box):
        return False
    (left, _, right, _), (left2, _, right2, _) = word.box, following.box
    turned, then = is_right_to_left(word.text), is_right_to_left(following.text)
    if turned != then:
        return True  # a number or a name in a line from right to left, or what follows it
    return right2 <= right if turned else left2 >= left


def is_right_to_left(text: str) -> bool:
    """Whether a text has a letter of a script written from right to left."""
    return not text.isascii() and _RIGHT_TO_LEFT.search(text) is not None


_RIGHT_TO_LEFT = re.compile(
    "[\u0590-\u05ff\u0600-\u08ff\ufb1d-\ufdff\ufe70-\ufeff\U00010800-\U00010fff\U0001e800-\U0001efff]"
)
"""Blocks of Unicode whose letters have the directions R and AL."""
