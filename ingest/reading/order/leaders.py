"""Leaders: dots from a label to its value, as in menus and tables of contents.

A line with one is a row.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import groupby

from ingest.page import Box
from ingest.reading.line import DOTS, MIN_DOTS, is_leader
from ingest.reading.text_line import LineWord, TextLine

MIN_SPACED = 4
"""Words of one dot that follow each other and are a leader, at least."""
DOT_WIDTH = 0.5
"""Width of a dot in that of another letter."""
_HINTS = tuple((MIN_SPACED * mark).strip() for mark in (".", ". ", "…", "… ", "·", "· ", "‥"))
_LEADER = re.compile(rf"[{DOTS}]{{{MIN_DOTS},}}")


def part_leaders(line: TextLine) -> TextLine:
    """Line with its leaders apart from the words that touch them."""
    text = line.text
    if not any(hint in text for hint in _HINTS):
        return line
    return replace(line, words=tuple(part for word in _joined(line.words) for part in _parts(word)))


def _joined(words: Sequence[LineWord]) -> Iterator[LineWord]:
    """Words, those of one dot that follow each other as one leader."""
    for dots, run in groupby(words, key=lambda word: all(c in DOTS for c in word.text)):
        some = list(run)
        if not dots or len(some) < MIN_SPACED:
            yield from some
            continue
        boxes = [word.box for word in some]
        box = (
            *(min(edge) for edge in list(zip(*boxes, strict=True))[:2]),
            *(max(edge) for edge in list(zip(*boxes, strict=True))[2:]),
        )
        yield replace(some[0], text=MIN_DOTS * ".", box=box)


def _parts(word: LineWord) -> Iterator[LineWord]:
    """A word and the leader that touches it, with boxes in proportion."""
    if not _LEADER.search(word.text) or is_leader(word.text):
        yield word
        return
    texts = [text for text in re.split(f"({_LEADER.pattern})", word.text) if text]
    widths = [len(text) * (DOT_WIDTH if is_leader(text) else 1) for text in texts]
    start = 0.0
    for text, width in zip(texts, widths, strict=True):
        yield replace(word, text=text, box=_share(word.box, start, start + width, sum(widths)))
        start += width


def _share(box: Box, start: float, end: float, whole: float) -> Box:
    """Part of a box, along its longer side."""
    left, top, right, bottom = box
    if right - left >= bottom - top:
        wide = (right - left) / whole
        return left + start * wide, top, left + end * wide, bottom
    high = (bottom - top) / whole
    return left, top + start * high, right, top + end * high
