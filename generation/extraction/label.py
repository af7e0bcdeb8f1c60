"""Labelled values: the words right of a printed label, or below it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from generation.extraction.layout import Pages, Row, split_cells
from generation.prompt import Evidence
from generation.text.value import Span

MAX_OFFSET = 0.02
"""A value below its label begins this near to the label's left edge, as a fraction of the page."""
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
    for page, rows in pages:
        lines = [split_cells(page, row) for row in rows]
        for number, cells in enumerate(lines):
            for place, cell in enumerate(cells):
                end = _label_end(page, cell, label)
                if not end:
                    continue
                at = cell.at[end:] or _neighbour(cell, cells[place + 1 :], lines[number + 1 :])
                at = at[:MAX_VALUE_WORDS]
                if at and (span := contiguous_span(at)):
                    return FoundValue(" ".join(page.words[i].text for i in at), page, span)
    return None


def contiguous_span(at: Sequence[int]) -> Span | None:
    """The words as one span, if they follow each other in reading order."""
    start, end = min(at), max(at) + 1
    return (start, end) if end - start == len(at) else None


def _label_end(page: Evidence, cell: Row, label: frozenset[str]) -> int:
    """Number of a cell's first words that are the label and its colon, or 0."""
    for end in range(1, min(len(cell.at), len(label) + 2) + 1):
        head = [page.words[i].text for i in cell.at[:end]]
        if not matches_label(label, label_words(" ".join(head))):
            continue
        if end < len(cell.at) and not any(c.isalnum() for c in page.words[cell.at[end]].text):
            return end + 1
        return end if end == len(cell.at) or head[-1].endswith((":", "：")) else 0
    return 0


def _neighbour(
    cell: Row, following: Sequence[Row], below: Sequence[Sequence[Row]]
) -> tuple[int, ...]:
    """Words of the next cell of the row, or of the cell below, or ()."""
    right = following[0] if following else None
    under = _cell_below(cell, below[:2])
    beside = right and (cell.text.endswith((":", "：")) or right.has_digit)
    value = right if beside or not under else under
    return value.at if value else ()


def _cell_below(cell: Row, lines: Sequence[Sequence[Row]]) -> Row | None:
    for below in (one for line in lines for one in line):
        near = below.top - cell.bottom < MAX_LINES_BELOW * (cell.bottom - cell.top)
        if near and abs(below.left - cell.left) < MAX_OFFSET and not below.text.endswith(":"):
            return below
    return None
