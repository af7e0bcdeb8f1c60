"""Printed lines: words in reading order, grouped by their boxes."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

from ingest.box import union_box
from ingest.page import Box, Word

SHARED_HEIGHT = 0.5
"""Two words are on one line where they share this much of the lower one's height."""


@dataclass(frozen=True, slots=True)
class Line:
    """Printed line: the words `start` up to (not with) `end`, and the box around them."""

    start: int
    end: int
    box: Box

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
        if at == stop or not _continues_line(words[at - 1], words[at]):
            lines.append(Line(first, at, union_box([word.box for word in words[first:at]])))
            first = at
    return lines if stop > start else []


def _continues_line(word: Word, following: Word) -> bool:
    """Whether `following` is on the same line, further along."""
    (left, top, right, bottom), (left2, top2, right2, bottom2) = word.box, following.box
    shared = min(bottom, bottom2) - max(top, top2)
    if shared <= SHARED_HEIGHT * min(bottom - top, bottom2 - top2):
        return False
    if _is_right_to_left(word.text) and _is_right_to_left(following.text):
        return right2 <= right
    return left2 >= left


def _is_right_to_left(text: str) -> bool:
    return any(unicodedata.bidirectional(letter) in ("R", "AL") for letter in text)
