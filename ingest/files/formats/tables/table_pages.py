"""Table pages: rows of a table as HTML pages, each under the header."""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Iterator, Sequence
from html import escape

from ingest.files.formats.tables.table_rows import Table

FONT_SIZE = 9.0
LETTER = 0.6 * FONT_SIZE
"""Points: usual width of a letter."""
PADDING = 8.0
"""Points beside the text of a cell."""
LINE = 1.3 * FONT_SIZE
"""Points: height of a line of text."""
MARGIN = 28.0
MIN_SIDE, MAX_SIDE = 842.0, 1600.0
"""Points: the page is A4 in landscape, and wider where the columns are."""
MAX_LETTERS = 45
"""Letters of a column before its text is broken."""
LONG_CELL = 200
"""Letters of the usual cell of some column; a row with such is printed as a record."""
STYLE = (
    f"@page{{margin:{MARGIN}pt}} body{{font-family:sans-serif;font-size:{FONT_SIZE}pt}}"
    "table{border-collapse:collapse} td,th{border:0.5pt solid #999;padding:1pt 3pt;text-align:left}"
)
PAGE_END = '<div style="page-break-after:always"></div>'
"""The one kind of page break that MuPDF knows."""
HEADING_LINES = 3
"""Lines of a page left for the name of a sheet."""


class TablePages:
    """Pages of tables, each with its heading: HTML, and the page size it is made for."""

    def __init__(self, tables: Sequence[tuple[str, Table]], title: str) -> None:
        letters = [_letters(table) for _, table in tables]
        groups = [list(_column_groups(_widths(each))) for each in letters]
        rows = [
            sum(_widths(each)[at] for at in group)
            for each, some in zip(letters, groups, strict=True)
            for group in some
        ]
        self.size = _page_size(max(rows))
        height = self.size[1] - 2 * MARGIN
        bodies = []
        for (heading, table), widths, some in zip(tables, letters, groups, strict=True):
            head = f"<h2>{escape(heading)}</h2>" if heading else ""
            if _has_long_cells(table):
                body = "".join(_records(table))
            else:
                body = PAGE_END.join(_tables(table, some, widths, height))
            bodies.append(head + body)
        self.html = (
            f"<html><head><title>{escape(title)}</title><style>{STYLE}</style></head>"
            f"<body>{PAGE_END.join(bodies)}</body></html>"
        )


def _page_size(widest: float) -> tuple[float, float]:
    side = min(max(widest + 2 * MARGIN, MIN_SIDE), MAX_SIDE)
    return side, side / math.sqrt(2)


def _widths(letters: Sequence[int]) -> list[float]:
    """Widths of columns in points."""
    return [count * LETTER + PADDING for count in letters]


def _letters(table: Table) -> list[int]:
    """Letters that columns have room for: those of the longest cells, within limits."""
    longest = [0] * len(table.header)
    for row in (table.header, *table.rows):
        longest = [max(most, _width(cell)) for most, cell in zip(longest, row, strict=True)]
    return [min(max(most, 3), MAX_LETTERS) for most in longest]


def _width(text: str) -> int:
    """Width of a text in letters; those of East Asian scripts count twice."""
    if text.isascii():
        return len(text)
    return sum(1 + (unicodedata.east_asian_width(letter) in "WF") for letter in text[:1000])


def _has_long_cells(table: Table) -> bool:
    if not table.rows:
        return False
    sums = (sum(len(row[at]) for row in table.rows) for at in range(len(table.header)))
    return max(sums) > LONG_CELL * len(table.rows)


def _column_groups(widths: Sequence[float]) -> Iterator[list[int]]:
    """Columns that fit beside each other; the first column begins every group."""
    room = MAX_SIDE - 2 * MARGIN
    group, used = [0], widths[0]
    for at in range(1, len(widths)):
        if used + widths[at] > room and len(group) > 1:
            yield group
            group, used = [0], widths[0]
        group.append(at)
        used += widths[at]
    yield group


def _tables(
    table: Table, groups: Sequence[Sequence[int]], letters: Sequence[int], height: float
) -> Iterator[str]:
    """A table a page: of each run of rows, one of each group of columns."""
    lines = height / LINE - HEADING_LINES
    head = _row_lines(table.header, letters)
    run: list[tuple[str, ...]] = []
    used = head
    for row in table.rows:
        need = _row_lines(row, letters)
        if run and used + need > lines:
            yield from (_table_html(table.header, run, group) for group in groups)
            run, used = [], head
        run.append(row)
        used += need
    yield from (_table_html(table.header, run, group) for group in groups)


def _row_lines(row: Sequence[str], letters: Sequence[int]) -> float:
    """Height of a row in lines, with its padding; words may break early."""
    most = max(
        math.ceil(_width(cell) / room * 1.15) for cell, room in zip(row, letters, strict=True)
    )
    return max(most, 1) + 0.35


def _table_html(header: Sequence[str], rows: Sequence[Sequence[str]], group: Sequence[int]) -> str:
    head = "".join(f"<th>{escape(header[at])}</th>" for at in group)
    body = "".join(
        "<tr>" + "".join(f"<td>{escape(row[at])}</td>" for at in group) + "</tr>" for row in rows
    )
    return f"<table><tr>{head}</tr>{body}</table>"


def _records(table: Table) -> Iterator[str]:
    """Rows with long texts: each as lines of a name and its value."""
    for row in table.rows:
        pairs = zip(table.header, row, strict=True)
        lines = "<br>".join(f"<b>{escape(k)}:</b> {escape(v)}" for k, v in pairs if v)
        yield f"<p>{lines}</p><hr>"
