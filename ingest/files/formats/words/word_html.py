"""HTML of words: a document of blocks, tables and lines of text."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape
from typing import NamedTuple

STYLE = "table{border-collapse:collapse} td{border:0.5pt solid #999;padding:1pt 4pt}"


class OfficeWords(NamedTuple):
    """HTML of a document's words, and the page size that it is made for, if any."""

    html: str
    size: tuple[float, float] | None = None


def page_of(blocks: Iterable[str], title: str) -> OfficeWords:
    """Document of blocks of HTML, in their order."""
    head = f"<title>{escape(title)}</title><style>{STYLE}</style>"
    return OfficeWords(f"<html><head>{head}</head><body>{''.join(blocks)}</body></html>")


def block(text: str, tag: str = "p") -> str:
    r"""Text as an element; empty for a blank one.

    >>> block("Fees\nof 2024", "h1"), block(" ")
    ('<h1>Fees<br>of 2024</h1>', '')
    """
    return f"<{tag}>{lines(text)}</{tag}>" if text.strip() else ""


def table(rows: Iterable[Sequence[str]]) -> str:
    """Table of rows of cells."""
    cells = ("".join(f"<td>{lines(cell)}</td>" for cell in row) for row in rows)
    return f"<table>{''.join(f'<tr>{row}</tr>' for row in cells)}</table>"


def lines(text: str) -> str:
    """Text with its line ends."""
    return "<br>".join(escape(line) for line in text.replace("\v", "\n").split("\n"))
