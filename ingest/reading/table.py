"""Tables of a page: rows under a row of column heads, from words in reading order."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice, pairwise

from ingest.box import union_box
from ingest.page import Box, Word
from ingest.reading.blocks import printed_blocks
from ingest.reading.line import Line, cell_starts, split_lines

MIN_ROWS = 2
"""Rows below the heads of a table, at least."""
MAX_BETWEEN = 2
"""Lines without cells between two rows of a table, such as the name of a group, at most."""
MIN_ALIGNED = 0.6
"""Share of a row's cells that are below a head, at least."""
MAX_CELLS = 50
"""Cells of a row that are looked at."""


@dataclass(frozen=True, slots=True)
class Cell:
    """Cell: words `start` up to (not with) `end`, and the box around them."""

    start: int
    end: int
    box: Box


@dataclass(frozen=True, slots=True)
class PrintedTable:
    """Table: the cells of its heads, and of each row below them."""

    heads: tuple[Cell, ...]
    rows: tuple[tuple[Cell, ...], ...]

    def column_head(self, cell: Cell) -> Cell | None:
        """Head of a cell's column: the one that it shares most of its width with."""
        head = max(self.heads, key=lambda head: _shared(head.box, cell.box))
        return head if _shared(head.box, cell.box) > 0 else None


def find_tables(words: Sequence[Word]) -> Iterator[PrintedTable]:
    """Tables of a page whose first row names the columns, top to bottom.

    A list of labels and values has no such row, and is none.
    """
    rows: list[tuple[Cell, ...]] = []
    between = 0
    for block in printed_blocks(words):
        cells = tuple(row_cells(words, block[0])) if block[0].row else ()
        if not cells:
            between += len(block)
            continue
        if rows and (between > MAX_BETWEEN or not _is_below(rows[0], cells)):
            yield from _table(words, rows)
            rows = []
        rows.append(cells)
        between = 0
    yield from _table(words, rows)


def _table(words: Sequence[Word], rows: Sequence[tuple[Cell, ...]]) -> Iterator[PrintedTable]:
    if len(rows) <= MIN_ROWS:
        return
    heads, *below = rows
    # A first row without a head for the labels of rows has one cell less.
    columns = [cell for cell in heads if cell.box[0] > below[0][0].box[2]]
    text = all(_names(words, cell) for cell in columns)
    values = [row[-1] for row in below]
    numbers = all(_has_digit(words, cell) for cell in values) and not _has_digit(words, heads[-1])
    if columns and text and (len(columns) > 1 or numbers):
        yield PrintedTable(heads, tuple(below))


def row_cells(words: Sequence[Word], row: Line) -> Iterator[Cell]:
    """Cells of a row; its further lines go on with cells, and are left out."""
    line = split_lines(words, row.start, row.end)[0]
    starts = cell_starts(words[line.start : line.end])
    for start, end in islice(pairwise([0, *starts, line.end - line.start]), MAX_CELLS):
        inside = words[line.start + start : line.start + end]
        box = union_box([word.box for word in inside])
        yield Cell(line.start + start, line.start + end, box)


def _is_below(heads: Sequence[Cell], cells: Sequence[Cell]) -> bool:
    """Whether most cells of a row stand in columns of the first."""
    aligned = sum(any(_shared(head.box, cell.box) > 0 for head in heads) for cell in cells)
    lower = cells[0].box[1] > heads[0].box[1]
    return lower and len(cells) > 1 and aligned >= MIN_ALIGNED * len(cells)


def _shared(one: Box, other: Box) -> float:
    return min(one[2], other[2]) - max(one[0], other[0])


def _names(words: Sequence[Word], cell: Cell) -> bool:
    """Whether a cell may name a column: it has a letter, or is a year."""
    text = "".join(word.text for word in words[cell.start : cell.end])
    return any(map(str.isalpha, text)) or (text.isdecimal() and len(text) == 4)


def _has_digit(words: Sequence[Word], cell: Cell) -> bool:
    return any(c.isdigit() for word in words[cell.start : cell.end] for c in word.text)
