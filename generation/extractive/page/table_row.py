"""Rows of tables with column heads: what is in each cell, and below which heads."""

from __future__ import annotations

from collections.abc import Container, Sequence
from dataclasses import dataclass

from generation.text.value import text_of
from ingest.page import Word
from ingest.reading.table import Cell, PrintedTable, find_tables
from retrieval.query.terms import content_stems


@dataclass(frozen=True, slots=True)
class ColumnCell:
    """Cell of a row, with the stems of its column's heads."""

    text: str
    heads: frozenset[str]


@dataclass(frozen=True, slots=True)
class TableRow:
    """Row of a table, with its `cells` from left to right.

    `table` is the first word of the table's heads; `heads` are the stems of the heads of all cells but the first.
    """

    table: int
    cells: tuple[ColumnCell, ...]
    heads: frozenset[str]


def read_tables(
    words: Sequence[Word], fields: Container[int]
) -> tuple[set[int], dict[int, TableRow]]:
    """First words of lines of heads, and of each row of a table with the row.

    Args:
        fields: first words of lines that hold labels and values, which are no tables.
    """
    heads: set[int] = set()
    rows: dict[int, TableRow] = {}
    for table in find_tables(words):
        if table.heads[0][0].start in fields:
            continue
        heads |= {line[0].start for line in table.heads}
        for row in table.rows:
            cells = tuple(_cell(words, table, cell) for cell in row)
            named = frozenset[str]().union(*(cell.heads for cell in cells[1:]))
            rows[row[0].start] = TableRow(table.heads[0][0].start, cells, named)
    return heads, rows


def _cell(words: Sequence[Word], table: PrintedTable, cell: Cell) -> ColumnCell:
    heads = " ".join(text_of(words, (head.start, head.end)) for head in table.column_heads(cell))
    return ColumnCell(text_of(words, (cell.start, cell.end)), content_stems(heads))
