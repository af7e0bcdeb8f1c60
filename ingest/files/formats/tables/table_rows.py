"""Table reader: rows of CSV and JSON Lines, the first of them the header."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

MAX_ROWS = 50_000
"""Rows of a file that are read."""
MAX_COLUMNS = 500
MAX_CELL = 100_000
"""Characters of a cell that are kept."""
_DELIMITERS = ",;\t|"


@dataclass(frozen=True, slots=True)
class Table:
    """Header and rows of cells; `note` says what was left out."""

    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    note: str = ""


EMPTY = Table(("",), ())


class NotATable(ValueError):
    """The text is no table."""


def read_csv(text: str) -> Table:
    r"""Table of a CSV text, whatever its delimiter.

    >>> read_csv("port;depth\nHusum;3,5\n").rows
    (('Husum', '3,5'),)

    Raises:
        NotATable
    """
    csv.field_size_limit(2**31 - 1)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=_find_delimiter(text))
    try:
        rows = [row for row in islice(reader, MAX_ROWS + 2) if any(map(str.strip, row))]
    except csv.Error as error:
        raise NotATable(str(error)) from error
    if not rows:
        raise NotATable("it has no rows")
    return make_table(rows[0], rows[1:])


def read_json_lines(text: str) -> Table:
    """Table of a JSON Lines text: a row a line, a column a key.

    Raises:
        NotATable: a line is not JSON.
    """
    records: list[dict[str, Any]] = []
    for number, line in enumerate(io.StringIO(text), start=1):
        if not line.strip():
            continue
        if len(records) > MAX_ROWS:
            break
        try:
            record = json.loads(line)
        except (ValueError, RecursionError) as error:
            raise NotATable(f"line {number} is not JSON") from error
        records.append(record if isinstance(record, dict) else {"value": record})
    if not records:
        raise NotATable("it has no lines")
    header = [*islice(dict.fromkeys(key for record in records for key in record), MAX_COLUMNS + 1)]
    rows = [[_cell(record.get(key)) for key in header] for record in records]
    return make_table(header, [row for row in rows if any(row)])


def make_table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> Table:
    """Table of rows of any length, within the limits."""
    width = min(max(map(len, (header, *rows))), MAX_COLUMNS)
    notes = []
    if len(rows) > MAX_ROWS:
        notes.append(f"Only the first {MAX_ROWS:,} rows of the file are read.")
    if max(map(len, (header, *rows))) > MAX_COLUMNS:
        notes.append(f"Only the first {MAX_COLUMNS} columns of the file are read.")
    padded = (tuple(_fit(row, width)) for row in (header, *rows[:MAX_ROWS]))
    return Table(next(padded), tuple(padded), " ".join(notes))


def _fit(row: Sequence[str], width: int) -> Iterator[str]:
    for at in range(width):
        yield " ".join(row[at][:MAX_CELL].split()) if at < len(row) else ""


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, list) and not any(isinstance(each, list | dict) for each in value):
        return ", ".join(map(_cell, value))
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _find_delimiter(text: str) -> str:
    """The delimiter that splits the first lines into as many parts, more than one, each."""
    lines = [line for line in text[:20_000].split("\n")[:20] if line.strip()]

    def fits(delimiter: str) -> tuple[int, int]:
        rows = list(csv.reader(lines, delimiter=delimiter))
        counts = [len(row) for row in rows] or [1]
        usual = max(set(counts), key=counts.count)
        return (counts.count(usual) if usual > 1 else 0, usual)

    return max(_DELIMITERS, key=fits)
