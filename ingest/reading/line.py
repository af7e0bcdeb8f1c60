"""Printed lines: words in reading order, grouped by their boxes."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Protocol

from ingest.box import gap_across, union_box
from ingest.page import Box, Word

SHARED_HEIGHT = 0.5
"""Two words are on one line where they share this much of the lower one's height."""

CELL_GAP = 2.5
"""A gap between two words of a line wider than this many letters separates table cells."""


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
    for at in range(start + 1, stop + 1):
        if at == stop or not continues_line(words[at - 1], words[at]):
            box = union_box([word.box for word in words[first:at]])
            lines.append(Line(first, at, box, bool(cell_starts(words[first:at]))))
            first = at
    return lines if stop > start else []


def cell_starts(words: Sequence[Placed]) -> list[int]:
    """Indices of the words of a line that come after a gap too wide for running text."""
    letters = sum(len(word.text) for word in words)
    letter = sum(word.box[2] - word.box[0] for word in words) / max(letters, 1)
    return [
        at
        for at, (before, after) in enumerate(pairwise(words), start=1)
        if gap_across(before.box, after.box) > CELL_GAP * letter
    ]


def continues_line(word: Word, following: Word) -> bool:
    """Whether `following` is on the same line, further along."""
    if word.rest is not None or word.block != following.block:
        return False
    (left, top, right, bottom), (left2, top2, right2, bottom2) = word.box, following.box
    shared = min(bottom, bottom2) - max(top, top2)
    if shared <= SHARED_HEIGHT * min(bottom - top, bottom2 - top2):
        return False
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
