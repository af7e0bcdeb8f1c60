"""Hangul word processor files: words of HWP 5 and HWPX.

LibreOffice does not read them.

By the published format (Hancom, "HWP Document File Formats 5.0", revision 1.3): records of a
tag, a level and a size in compressed streams of a compound file. HWPX is XML in a ZIP archive.
"""

from __future__ import annotations

import re
import struct
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from ingest.files.formats.words.word_html import block, table
from ingest.files.source import UnreadableFile

MAX_SECTION = 64 << 20
"""Bytes that a section may unpack to."""
SIGNATURE = b"HWP Document File"
_FLAGS = struct.Struct("<I")
_FLAGS_AT = 36
_COMPRESSED, _LOCKED = 0x1, 0x2 | 0x4 | 0x10
"""Bits of the flags; locked are files with a password, for distribution alone, or with DRM."""
_PARAGRAPH_TEXT, _LIST_HEADER, _TABLE = 67, 72, 77
_ROW_AT = 10
"""Place of a cell's row number in its list header."""
_SIZE_FOLLOWS = 0xFFF
_LONG_CONTROLS = frozenset({*range(1, 10), 11, 12, *range(14, 24)})
"""Control characters that take eight characters; the others below 32 take one."""
_SPACES = {9: "\t", 10: "\n", 13: "\n", 24: "-", 30: "\u00a0", 31: " "}
_SECTION = re.compile(r"Section(\d+)$", re.IGNORECASE)
_XML_SECTION = re.compile(r"Contents/section(\d+)\.xml$", re.IGNORECASE)


@dataclass(slots=True)
class _Rows:
    """Rows of a table while its cells are read; `level` is that of its record."""

    level: int
    rows: dict[int, list[list[str]]] = field(default_factory=dict)
    cell: list[str] = field(default_factory=list)

    def begin_cell(self, row: int) -> None:
        self.cell = []
        self.rows.setdefault(row, []).append(self.cell)

    @property
    def html(self) -> str:
        return table(
            ["\n".join(cell).strip() for cell in self.rows[row]] for row in sorted(self.rows)
        )


def read_hwp(path: Path) -> Iterator[str]:
    """Blocks of HTML of an HWP 5 file.

    Raises:
        UnreadableFile: it is locked, or a section is too large.
        OSError, ValueError, struct.error, zlib.error: it is damaged.
    """
    import olefile  # type: ignore[import-untyped]

    with olefile.OleFileIO(str(path)) as file:
        header = file.openstream("FileHeader").read(_FLAGS_AT + _FLAGS.size)
        if not header.startswith(SIGNATURE):
            raise ValueError("no HWP 5 file")
        [flags] = _FLAGS.unpack_from(header, _FLAGS_AT)
        if flags & _LOCKED:
            raise _locked(path)
        names = ["/".join(entry) for entry in file.listdir() if entry[0] == "BodyText"]
        for name in sorted(names, key=_section_number):
            data = file.openstream(name).read()
            yield from _blocks(_unpack(path, data) if flags & _COMPRESSED else data)


def _locked(path: Path) -> UnreadableFile:
    return UnreadableFile(
        f"{path.name} is locked: it has a password, or may only be distributed.",
        hint="Save it without protection from Hangul, or as a PDF.",
    )


def _section_number(name: str) -> int:
    found = _SECTION.search(name)
    return int(found[1]) if found else -1


def _unpack(path: Path, data: bytes) -> bytes:
    unpacker = zlib.decompressobj(-zlib.MAX_WBITS)
    unpacked = unpacker.decompress(data, MAX_SECTION)
    if unpacker.unconsumed_tail:
        raise _too_large(path)
    return unpacked


def _too_large(path: Path) -> UnreadableFile:
    return UnreadableFile(
        f"{path.name} has a section of more than {MAX_SECTION >> 20} MiB, which is not safe to open.",
        hint="If it is a real document, save it as a PDF.",
    )


def _blocks(data: bytes) -> Iterator[str]:
    """Paragraphs and tables of a section."""
    rows: _Rows | None = None
    for tag, level, record in _records(data):
        if rows and level < rows.level:
            yield rows.html
            rows = None
        if tag == _TABLE and rows is None:
            rows = _Rows(level)
        elif tag == _LIST_HEADER and rows and level == rows.level and len(record) > _ROW_AT + 1:
            rows.begin_cell(int.from_bytes(record[_ROW_AT : _ROW_AT + 2], "little"))
        elif tag == _PARAGRAPH_TEXT:
            text = _text(record)
            if rows:
                rows.cell.append(text)
            else:
                yield block(text)
    if rows:
        yield rows.html


def _records(data: bytes) -> Iterator[tuple[int, int, bytes]]:
    """Tag, level and content of each record."""
    at = 0
    while at + 4 <= len(data):
        [head] = _FLAGS.unpack_from(data, at)
        at += 4
        size = head >> 20
        if size == _SIZE_FOLLOWS:
            [size] = _FLAGS.unpack_from(data, at)
            at += 4
        yield head & 0x3FF, head >> 10 & 0x3FF, data[at : at + size]
        at += size


def _text(record: bytes) -> str:
    """Text of a paragraph without its controls."""
    units = memoryview(record[: len(record) // 2 * 2]).cast("H")
    letters = bytearray()
    at = 0
    while at < len(units):
        unit = units[at]
        if unit >= 32:
            letters += unit.to_bytes(2, "little")
        else:
            letters += _SPACES.get(unit, "").encode("utf-16-le")
        at += 8 if unit in _LONG_CONTROLS else 1
    return letters.decode("utf-16-le", "ignore").strip("\n")


# --- HWPX


def read_hwpx(path: Path) -> Iterator[str]:
    """Blocks of HTML of an HWPX file.

    Raises:
        UnreadableFile: it is locked, or a section is too large.
        zipfile.BadZipFile, ElementTree.ParseError: it is damaged.
    """
    with zipfile.ZipFile(path) as archive:
        found = [(m, _XML_SECTION.search(m.filename)) for m in archive.infolist()]
        sections = sorted(((int(f[1]), m) for m, f in found if f), key=lambda each: each[0])
        if not sections:
            raise ValueError("no sections")
        for _, member in sections:
            if member.file_size > MAX_SECTION:
                raise _too_large(path)
            data = archive.read(member)
            if not data.lstrip().startswith((b"<", b"\xef\xbb\xbf<")):
                raise _locked(path)
            yield from _xml_blocks(ElementTree.fromstring(data))


def _xml_blocks(node: Any) -> Iterator[str]:
    """Paragraphs and tables below an element, in their order."""
    for child in node:
        name = _local(child)
        if name == "p":
            yield block(_own_text(child))
            yield from map(_xml_table, _outer_tables(child))
        elif name != "tbl":
            yield from _xml_blocks(child)


def _outer_tables(node: Any) -> Iterator[Any]:
    """Tables below an element that are in no other table."""
    for child in node:
        if _local(child) == "tbl":
            yield child
        else:
            yield from _outer_tables(child)


def _xml_table(node: Any) -> str:
    rows = ([each for each in row if _local(each) == "tc"] for row in node if _local(row) == "tr")
    return table([" ".join(_text_parts(cell)).strip() for cell in row] for row in rows)


def _own_text(node: Any) -> str:
    """Text of a paragraph, without that of the tables in it."""
    parts = []
    for child in node:
        name = _local(child)
        if name == "t":
            parts += [child.text or "", *(_inline(each) for each in child)]
        elif name != "tbl":
            parts.append(_own_text(child))
    return "".join(parts)


def _inline(node: Any) -> str:
    mark = {"lineBreak": "\n", "tab": "\t", "nbSpace": "\u00a0"}.get(_local(node), "")
    return mark + (node.tail or "")


def _text_parts(node: Any) -> Iterator[str]:
    for each in node.iter():
        if _local(each) == "p" and (text := _own_text(each)):
            yield text


def _local(node: Any) -> str:
    return str(node.tag).rpartition("}")[2]
