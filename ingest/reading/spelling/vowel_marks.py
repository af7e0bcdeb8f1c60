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
_NO_WIDTH = 0.05
"""Points; letters have more."""
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
            if printed and printed[-1].guessed and _touches(printed[-1], letter):
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


def _touches(blank: Letter, mark: Letter) -> bool:
    reach = blank.place[2] - blank.place[0]
    return blank.place[0] - reach <= mark.place[2] and mark.place[0] <= blank.place[2] + reach


def restore_widths(letters: Sequence[Letter]) -> list[Letter]:
    """Letters of a line from right to left, those of no width up to the next.

    Chromium draws a letter with its marks as one glyph: MuPDF gives all of them no width,
    and takes the glyph for a blank.
    """
    bare = [letter for letter in letters if not _MARK.match(letter.text)]
    narrow = [
        letter.place[0]
        for letter in bare
        if not letter.blank and letter.place[2] - letter.place[0] < _NO_WIDTH
    ]
    if not narrow:
        return list(letters)
    edges = sorted({letter.place[0] for letter in bare})
    kept: list[Letter] = []
    for letter in letters:
        left, top, right, bottom = letter.place
        glyph = any(abs(left - place) < _NO_WIDTH for place in narrow)
        if letter.blank and glyph:
            continue
        if glyph and right - left < _NO_WIDTH and not _MARK.match(letter.text):
            next_edge = next((edge for edge in edges if edge > left + _NO_WIDTH), right)
            right = min(next_edge, left + letter.size)
            letter = letter._replace(start=left, end=right, place=(left, top, right, bottom))
        kept.append(letter)
    return kept


def _letter_of(printed: Sequence[Letter], mark: Letter) -> int | None:
    """Index of the letter under a mark, or of the next one to its right."""
    middle = (mark.place[0] + mark.place[2]) / 2
    if mark.place[2] - mark.place[0] < _NO_WIDTH:
        for at, letter in enumerate(printed):
            if not letter.blank and abs(letter.place[0] - middle) < _NO_WIDTH:
                return at
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
