"""Table pages: rows of a table as HTML pages, each under the header."""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Iterator, Sequence
from html import escape

from ingest.files.formats.table_rows import Table

FONT_SIZE = 9.0
LETTER = 0.52 * FONT_SIZE
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
    ".end{page-break-after:always}"  # the one kind of page break that MuPDF knows
)


class TablePages:
    """Pages of a table: HTML, and the page size in points that it is made for."""

    def __init__(self, table: Table, title: str) -> None:
        letters = [_letters(table, at) for at in range(len(table.header))]
        self.size = (MIN_SIDE, MIN_SIDE / math.sqrt(2))
        if _has_long_cells(table):
            body = "".join(_records(table))
            self.size = self.size[::-1]
        else:
            groups = list(_column_groups([n * LETTER + PADDING for n in letters]))
            widest = max(sum(letters[at] * LETTER + PADDING for at in group) for group in groups)
            side = min(max(widest + 2 * MARGIN, MIN_SIDE), MAX_SIDE)
            self.size = (side, side / math.sqrt(2))
            body = "".join(_tables(table, groups, letters, self.size[1] - 2 * MARGIN))
        self.html = (
            f"<html><head><title>{escape(title)}</title><style>{STYLE}</style></head>"
            f"<body>{body}</body></html>"
        )


def _letters(table: Table, column: int) -> int:
    """Letters that a column has room for: those of its longest cell, within limits."""
    longest = max(
        (_width(row[column]) for row in (table.header, *table.rows)),
        default=0,
    )
    return min(max(longest, 3), MAX_LETTERS)


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
    lines = height / LINE - 3
    run: list[tuple[str, ...]] = []
    used = float(_row_lines(table.header, letters))
    first = True
    for row in (*table.rows, None):
        need = _row_lines(row, letters) if row else 0.0
        if row is None or (run and used + need > lines):
            for group in groups:
                yield _table_html(table.header, run, group, first=first)
                first = False
            run, used = [], float(_row_lines(table.header, letters))
        if row is not None:
            run.append(row)
            used += need


def _row_lines(row: Sequence[str], letters: Sequence[int]) -> float:
    """Height of a row in lines, with its padding; words may break early."""
    most = max(
        math.ceil(_width(cell) / room * 1.15) for cell, room in zip(row, letters, strict=True)
    )
    return max(most, 1) + 0.35


def _table_html(
    header: Sequence[str], rows: Sequence[Sequence[str]], group: Sequence[int], *, first: bool
) -> str:
    head = "".join(f"<th>{escape(header[at])}</th>" for at in group)
    body = "".join(
        "<tr>" + "".join(f"<td>{escape(row[at])}</td>" for at in group) + "</tr>" for row in rows
    )
    start = "" if first else '<div class="end"></div>'
    return f"{start}<table><tr>{head}</tr>{body}</table>"


def _records(table: Table) -> Iterator[str]:
    """Rows with long texts: each as lines of a name and its value."""
    for row in table.rows:
        pairs = zip(table.header, row, strict=True)
        lines = "<br>".join(f"<b>{escape(k)}:</b> {escape(v)}" for k, v in pairs if v)
        yield f"<p>{lines}</p><hr>"
