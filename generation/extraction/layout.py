"""Page layout for extraction: rows, cells, dates and numbers."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import Protocol, TypeVar

from generation.prompt import Evidence
from generation.text.value import (
    PrintedDate,
    PrintedNumber,
    Span,
    read_word_dates,
    read_word_numbers,
)
from ingest.box import union_box
from ingest.page import Box, Word
from ingest.reading.blocks import printed_blocks
from ingest.reading.line import cell_starts, split_lines

ALIGNED = 0.02
"""Lines of a cell begin this near to its left edge, as a fraction of the page."""


@dataclass(frozen=True, slots=True)
class Row:
    """Row or cell: words `start` up to (not with) `end`, with their text and box."""

    start: int
    end: int
    text: str
    box: Box

    @property
    def span(self) -> Span:
        """Its words."""
        return self.start, self.end

    @property
    def has_digit(self) -> bool:
        """Whether a digit is among its characters."""
        return any(c.isdigit() for c in self.text)


class PageLayout:
    """Page with its rows in reading order: lines, and table rows as a whole."""

    def __init__(self, evidence: Evidence) -> None:
        self.evidence = evidence
        self.words = evidence.words
        self.rows = [
            _make_row(self.words, line.start, line.end)
            for block in printed_blocks(self.words)
            for line in block
        ]

    @cached_property
    def cells(self) -> list[list[Row]]:
        """Cells of each row."""
        return [list(_split_cells(self.words, row)) for row in self.rows]

    @cached_property
    def dates(self) -> list[PrintedDate]:
        """Printed dates."""
        return list(read_word_dates(self.words))

    @cached_property
    def numbers(self) -> list[PrintedNumber]:
        """Printed numbers."""
        return list(read_word_numbers(self.words))

    def dates_in(self, span: Span) -> list[PrintedDate]:
        """Dates in the words of a span."""
        return _inside(self.dates, span)

    def numbers_in(self, span: Span) -> list[PrintedNumber]:
        """Numbers in the words of a span."""
        return _inside(self.numbers, span)


Pages = Sequence[PageLayout]


class _Printed(Protocol):
    @property
    def span(self) -> Span: ...


P = TypeVar("P", bound=_Printed)


def _inside(printed: Sequence[P], span: Span) -> list[P]:
    """Those in a span, of values in order of their place."""
    first = bisect_left(printed, span[0], key=lambda one: one.span[0])
    last = bisect_left(printed, span[1], key=lambda one: one.span[0])
    return [one for one in printed[first:last] if one.span[1] <= span[1]]


def _split_cells(words: Sequence[Word], row: Row) -> Iterator[Row]:
    """Cells of a row; a line that goes on with the cell before it is of that cell."""
    starts: list[int] = []
    for line in split_lines(words, row.start, row.end):
        inside = words[line.start : line.end]
        goes_on = starts and abs(words[starts[-1]].box[0] - line.box[0]) < ALIGNED
        starts += [] if goes_on else [line.start]
        starts += [line.start + at for at in cell_starts(inside)]
    for start, end in pairwise([*starts, row.end]):
        yield _make_row(words, start, end)


def _make_row(words: Sequence[Word], start: int, end: int) -> Row:
    inside = words[start:end]
    return Row(
        start,
        end,
        " ".join(word.text for word in inside),
        union_box([word.box for word in inside]),
    )
