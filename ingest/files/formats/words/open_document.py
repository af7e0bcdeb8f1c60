"""OpenDocument files: words of ODT, ODP, ODS and ODG, from their content.xml."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from ingest.files.formats.tables.table_pages import PAGE_END
from ingest.files.formats.tables.table_rows import EMPTY, MAX_COLUMNS, MAX_ROWS, Table, make_table
from ingest.files.formats.words.word_html import block, table

MAX_CONTENT = 256 << 20
"""Bytes of content.xml that are read."""
_SKIPPED = frozenset({"annotation", "tracked-changes", "notes-configuration", "note-citation"})
"""Comments, and text that was deleted."""
_BREAKS = {"line-break": "\n", "tab": "\t"}
_PARAGRAPHS = ("p", "h")


def read_open_document(path: Path) -> Iterator[str]:
    """Blocks of HTML of a text, slides or drawings; a slide begins a page.

    Raises:
        KeyError, ValueError, zipfile.BadZipFile, ElementTree.ParseError: it is damaged.
    """
    started = False
    for node in _body(path):
        if _local(node) == "page":
            yield PAGE_END if started else ""
            started = True
        yield from _blocks([node])


def read_sheets(path: Path) -> list[tuple[str, Table]]:
    """Names and tables of the sheets of an ODS file.

    Raises:
        KeyError, ValueError, zipfile.BadZipFile, ElementTree.ParseError: it is damaged.
    """
    sheets = []
    for node in _body(path):
        if _local(node) == "table":
            rows = [row for row in _rows(node) if row][: MAX_ROWS + 1]
            name = _attribute(node, "name")
            sheets.append((name, make_table(rows[0], rows[1:]) if rows else EMPTY))
    return sheets


def _body(path: Path) -> Any:
    """Element of the document's text, slides or sheets."""
    with zipfile.ZipFile(path) as archive:
        member = archive.getinfo("content.xml")
        if member.file_size > MAX_CONTENT:
            raise ValueError("content.xml is too large")
        root = ElementTree.fromstring(archive.read(member))
    body = next(each for each in root if _local(each) == "body")
    return body[0]


def _blocks(nodes: Any) -> Iterator[str]:
    for node in nodes:
        name = _local(node)
        if name == "h":
            level = _attribute(node, "outline-level")
            yield block(_text(node), f"h{min(int(level), 6)}" if level.isdigit() else "h2")
        elif name == "p":
            yield block(_text(node))
        elif name == "table":
            yield table(_rows(node))
        elif name not in _SKIPPED:
            yield from _blocks(node)


def _rows(node: Any) -> Iterator[list[str]]:
    """Rows of a table up to their last cell with a value.

    A repeated row stands once: a sheet repeats its empty ones up to a million times.
    """
    for row in _row_nodes(node):
        cells: list[str] = []
        for cell in row:
            text = "\n".join(_text(p) for p in cell.iter() if _local(p) in _PARAGRAPHS)
            count = int(_attribute(cell, "number-columns-repeated") or 1)
            cells += [text] * min(count, MAX_COLUMNS - len(cells))
        while cells and not cells[-1]:
            cells.pop()
        yield cells


def _row_nodes(node: Any) -> Iterator[Any]:
    for child in node:
        if _local(child) == "table-row":
            yield child
        elif _local(child).startswith("table-"):  # groups of rows
            yield from _row_nodes(child)


def _text(node: Any) -> str:
    """Text of a paragraph."""
    name = _local(node)
    parts = [_BREAKS.get(name, "")]
    if name == "s":
        parts.append(" " * min(int(_attribute(node, "c") or 1), 100))
    parts.append(node.text or "")
    for child in node:
        parts += [_text(child) if _local(child) not in _SKIPPED else "", child.tail or ""]
    return "".join(parts)


def _attribute(node: Any, name: str) -> str:
    found = (value for key, value in node.attrib.items() if key.rpartition("}")[2] == name)
    return str(next(found, ""))


def _local(node: Any) -> str:
    return str(node.tag).rpartition("}")[2]
