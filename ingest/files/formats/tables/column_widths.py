"""Column widths: columns of an ODS table as wide as what they hold, within limits."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import unescape

MAX_COLUMNS = 100
"""Columns of a table that are widened."""
MAX_LETTERS = 36
"""Letters of a column's width, at most; longer texts wrap."""
MAX_ROWS = 5_000
"""Rows of a table that are looked at."""
LETTER, PADDING = 0.085, 0.15
"""Width of a letter and of what is around a text, in inches."""

_TABLE = re.compile(r"<table:table(?=[\s>])[^>]*>.*?</table:table>", re.DOTALL)
_COLUMNS = re.compile(r"(?:<table:table-column\b[^>]*/>)+")
_COLUMN = re.compile(r"<table:table-column\b[^>]*/>")
_ROW = re.compile(r"<table:table-row\b[^>]*[^/]>.*?</table:table-row>", re.DOTALL)
_CELL = re.compile(
    r"<table:(?:covered-)?table-cell\b([^>]*?)(?:/>|>(.*?)</table:(?:covered-)?table-cell>)",
    re.DOTALL,
)
_NOTE = re.compile(r"<office:annotation\b.*?</office:annotation>", re.DOTALL)
_PARAGRAPH = re.compile(r"<text:p\b[^>]*?(?:/>|>(.*?)</text:p>)", re.DOTALL)
_TAG = re.compile(r"<[^>]*>")
_REPEATED = re.compile(r'\s?table:number-columns-repeated="(\d{1,6})"')
_SPANNED = re.compile(r'table:number-columns-spanned="(?!1")')
_STYLE = re.compile(r'table:style-name="([^"]*)"')
_WIDTH = re.compile(
    r'<style:style style:name="([^"]*)" style:family="table-column"[^>]*>'
    r'<style:table-column-properties\b[^>]*style:column-width="([\d.]+)(in|cm|mm|pt)"'
)
_INCHES = {"in": 1.0, "cm": 1 / 2.54, "mm": 1 / 25.4, "pt": 1 / 72}
_END = "</office:automatic-styles>"


def widen_columns(content: str) -> str:
    """Content of an ODS file whose columns hold their texts and numbers.

    What does not fit is cut off where the next cell is filled, and a number becomes "###".
    Tables with groups of columns are left as they are.
    """
    widths = {name: float(width) * _INCHES[unit] for name, width, unit in _WIDTH.findall(content)}
    styles: dict[str, float] = {}

    def widen(found: re.Match[str]) -> str:
        table = found[0]
        columns = _COLUMNS.search(table)
        if columns is None or len(_COLUMN.findall(table)) != len(_COLUMN.findall(columns[0])):
            return table
        made = "".join(_columns(columns[0], _letters(table), widths, styles))
        return table[: columns.start()] + made + table[columns.end() :]

    changed = _TABLE.sub(widen, content)
    more = "".join(
        f'<style:style style:name="{name}" style:family="table-column">'
        f'<style:table-column-properties style:column-width="{width:.3f}in"/></style:style>'
        for name, width in styles.items()
    )
    return changed.replace(_END, more + _END, 1)


def _columns(
    printed: str, letters: list[int], widths: dict[str, float], styles: dict[str, float]
) -> Iterator[str]:
    """Columns of a table, those that are too narrow with a style of their own."""
    at = 0
    for column in _COLUMN.findall(printed):
        count = _count(column)
        style = _STYLE.search(column)
        now = widths.get(style[1], 0.0) if style else 0.0
        for number in range(at, min(at + count, len(letters))):
            wanted = min(letters[number], MAX_LETTERS) * LETTER + PADDING
            name = style[1] if style else ""
            if wanted > now > 0:
                name = f"pg{round(wanted * 1000)}"
                styles[name] = wanted
            single = _REPEATED.sub("", column)
            yield _STYLE.sub(f'table:style-name="{name}"', single) if name else single
        left = count - max(min(at + count, len(letters)) - at, 0)
        if left > 0:
            bare = _REPEATED.sub("", column)
            yield bare[:-2] + f' table:number-columns-repeated="{left}"/>' if left > 1 else bare
        at += count


def _letters(table: str) -> list[int]:
    """Letters of the longest line of each column."""
    most: list[int] = []
    for number, row in enumerate(_ROW.finditer(table)):
        if number == MAX_ROWS:
            break
        at = 0
        for attributes, inside in _CELL.findall(row[0]):
            count = _count(attributes)
            if inside and at < MAX_COLUMNS and not _SPANNED.search(attributes):
                lines = [
                    len(unescape(_TAG.sub("", text)))
                    for text in _PARAGRAPH.findall(_NOTE.sub("", inside))
                ]
                most.extend([0] * (min(at + count, MAX_COLUMNS) - len(most)))
                for column in range(at, min(at + count, MAX_COLUMNS)):
                    most[column] = max(most[column], *lines, 0)
            at += count
    return most


def _count(attributes: str) -> int:
    found = _REPEATED.search(attributes)
    return int(found[1]) if found else 1
