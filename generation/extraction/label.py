"""Labelled values: the words right of a printed label, or below it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from generation.extraction.layout import ALIGNED, PageLayout, Pages, Row
from generation.prompt import Evidence
from generation.text.value import Span

MAX_LINES_BELOW = 2.5
"""A value is no further below its label than this many line heights."""
MAX_VALUE_WORDS = 12

_SYNONYMS = [
    {"total", "amount", "due", "payable"},
    {"company", "seller", "vendor", "merchant", "supplier", "store", "shop", "issuer"},
    {"phone", "tel", "telephone"},
    {"email", "e-mail"},
    {"date", "dated"},
    {"number", "no", "nr"},
]
_STOP_WORDS = frozenset({"of", "the", "and", "a"})
_WORD = re.compile(r"[^\W_]+")


@dataclass(frozen=True, slots=True)
class FoundValue:
    """Value of a field, and the words of a page it was read from."""

    value: Any
    page: Evidence
    span: Span


def label_words(text: str) -> frozenset[str]:
    """Words of a property's name or of a label, in lower case: `invoiceNumber` is two."""
    spaced = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", text)
    return frozenset(word.lower() for word in _WORD.findall(spaced))


def matches_label(label: frozenset[str], printed: frozenset[str]) -> bool:
    """Whether a printed label has every word of a property's name, or a synonym."""
    return all(
        word in printed or any(group & printed for group in _SYNONYMS if word in group)
        for word in label - _STOP_WORDS
    )


def find_labelled(label: frozenset[str], pages: Pages) -> FoundValue | None:
    """Find the words after a label in its cell, else in the next or the one below."""
    for page in pages:
        for number, cells in enumerate(page.cells):
            for place, cell in enumerate(cells):
                end = _label_end(page, cell, label)
                if not end:
                    continue
                start, stop = cell.start + end, cell.end
                if start == stop:
                    value = _neighbour(cell, cells[place + 1 :], page.cells[number + 1 :][:2])
                    start, stop = value.span if value else (0, 0)
                if start < stop:
                    return printed_value(page, (start, min(stop, start + MAX_VALUE_WORDS)))
    return None


def printed_value(page: PageLayout, span: Span) -> FoundValue:
    """Value that is the words of a span, as printed."""
    text = " ".join(word.text for word in page.words[slice(*span)])
    return FoundValue(text, page.evidence, span)


def _label_end(page: PageLayout, cell: Row, label: frozenset[str]) -> int:
    """Number of a cell's first words that are the label and its colon, or 0."""
    words = page.words[cell.start : cell.end]
    for end in range(1, min(len(words), len(label) + 2) + 1):
        head = [word.text for word in words[:end]]
        if not matches_label(label, label_words(" ".join(head))):
            continue
        if end < len(words) and not any(c.isalnum() for c in words[end].text):
            return end + 1
        return end if end == len(words) or head[-1].endswith((":", "：")) else 0
    return 0


def _neighbour(cell: Row, following: Sequence[Row], below: Sequence[Sequence[Row]]) -> Row | None:
    """The next cell of the row, or the cell below, or None."""
    right = following[0] if following else None
    under = _cell_below(cell, below)
    beside = right and (cell.text.endswith((":", "：")) or right.has_digit)
    return right if beside or not under else under


def _cell_below(cell: Row, lines: Sequence[Sequence[Row]]) -> Row | None:
    left, top, _, bottom = cell.box
    for below in (one for line in lines for one in line):
        near = below.box[1] - bottom < MAX_LINES_BELOW * (bottom - top)
        if near and abs(below.box[0] - left) < ALIGNED and not below.text.endswith(":"):
            return below
    return None
