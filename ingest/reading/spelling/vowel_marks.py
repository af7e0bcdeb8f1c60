"""Vowel marks of Arabic and Hebrew: each put after the letter that it is drawn on.

Text layers have marks before their letter, at the wrong end of the line, or with a gap
around them that is taken for a space.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from ingest.reading.spelling.letters import Letter

MARKS = "\u0591-\u05bd\u05bf\u05c1\u05c2\u05c4\u05c5\u05c7\u0610-\u061a\u064b-\u065f\u0670"
_MARK = re.compile(f"[{MARKS}]")
_ASTRAY = re.compile(rf"(?:^|\s)[{MARKS}]")
_INSIDE = 0.1
"""Share of a letter's width at its sides that is not under it."""


def marks_are_astray(text: str) -> bool:
    """Whether a line has a vowel mark that begins a word, which none does."""
    return not text.isascii() and _ASTRAY.search(text) is not None


def order_marks(letters: Sequence[Letter]) -> list[Letter]:
    """Letters of a line from right to left, each with the marks that are drawn on it."""
    printed: list[Letter] = []
    marks: list[Letter] = []
    for letter in letters:
        if _MARK.match(letter.text):
            # The space before a mark is the gap that a font leaves for it.
            if printed and printed[-1].blank and printed[-1].place[0] <= letter.place[2]:
                printed.pop()
            marks.append(letter)
        else:
            printed.append(letter)
    printed.sort(key=lambda letter: -letter.place[2])
    on: list[list[Letter]] = [[] for _ in printed]
    for mark in marks:
        if (at := _letter_of(printed, mark)) is not None:
            on[at].append(mark)
    return [each for letter, found in zip(printed, on, strict=True) for each in (letter, *found)]


def _letter_of(printed: Sequence[Letter], mark: Letter) -> int | None:
    """Index of the letter under a mark, or of the next one to its right."""
    middle = (mark.place[0] + mark.place[2]) / 2
    right: int | None = None
    for at, letter in enumerate(printed):
        if letter.blank:
            continue
        margin = _INSIDE * (letter.place[2] - letter.place[0])
        if letter.place[0] + margin < middle < letter.place[2] - margin:
            return at
        if letter.place[0] + margin >= middle:
            right = at  # they are sorted: the last one is the nearest
    return right
