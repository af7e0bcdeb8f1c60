"""Opener of the formats that MuPDF lays out; those opened last stay open."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from ingest.file_state import FileStamp, stamp_of
from ingest.files.formats.containers.archive import ArchiveSource
from ingest.files.formats.containers.mail_source import MailSource
from ingest.files.formats.laid_out import FONT_SIZE, PAGE_SIZE, LaidOutSource
from ingest.files.formats.markdown import front_matter, markdown_to_html
from ingest.files.formats.markup import drop_outside_pictures, read_about, show_fields
from ingest.files.formats.plain_text import decode_text
from ingest.files.formats.sniff import HANGUL, OFFICE
from ingest.files.formats.tables.table_pages import FONT_SIZE as TABLE_FONT
from ingest.files.formats.tables.table_pages import TablePages
from ingest.files.formats.tables.table_rows import NotATable, Table, read_csv, read_json_lines
from ingest.files.formats.words.office_text import read_words
from ingest.files.source import Source, UnreadableFile
from ingest.page import DocumentKind

MAX_OPEN = 2
"""Sources that a process keeps open: a file is opened again for each few of its pages."""
MAX_TEXT = 64 << 20
"""Bytes of a text file that is read."""
PICTURES_LOST = "Pictures that lie in other files or on other machines are not shown."
WORDS_ALONE = "Only the words of the file are read, without layout and pictures."
_open: dict[tuple[str, str, FileStamp | None], Source] = {}

_BOOKS: dict[str, DocumentKind] = {
    **{"epub": "book", "mobi": "book", "fb2": "book", "cbz": "book"},
    **{"xps": "office", "svg": "image"},
}
"""Formats that MuPDF opens as they are."""


def open_format(path: Path, name: str) -> Source:
    """Open a file of a format by its name, as `sniff` gives it.

    Raises:
        UnreadableFile
    """
    key = (str(path), name, stamp_of(path))
    if key not in _open:
        while len(_open) >= MAX_OPEN:
            _open.pop(next(iter(_open)))
        _open[key] = _open_anew(path, name)
    return _open[key]


def _open_anew(path: Path, name: str) -> Source:
    if name in _BOOKS:
        return LaidOutSource(path, path.read_bytes(), name, _BOOKS[name])
    if name in ("eml", "msg", "mbox"):
        return MailSource(path, name)
    if name in ("zip", "tar"):
        return ArchiveSource(path, name)
    if name in OFFICE or name in HANGUL:
        return _open_words(path, name)
    if path.stat().st_size > MAX_TEXT:
        raise UnreadableFile(
            f"{path.name} has more than {MAX_TEXT >> 20} MiB of text.",
            hint="Split it into several files.",
        )
    text = decode_text(path.read_bytes())
    if not text.strip():
        raise UnreadableFile(f"{path.name} has no text in it.", hint="Copy it again.")
    if name in _TABLES:
        return _open_table(path, text, _TABLES[name])
    if name == "txt":
        return LaidOutSource(path, text.encode("utf-8-sig"), "txt", "text")
    html = markdown_to_html(text) if name == "markdown" else show_fields(text)
    about = front_matter(text) if name == "markdown" else read_about(text)
    shown, dropped = drop_outside_pictures(html)
    note = PICTURES_LOST if dropped else ""
    data = shown.encode("utf-8-sig")
    return LaidOutSource(path, data, "html", "text", note=note, about=about)


def _open_words(path: Path, name: str) -> LaidOutSource:
    words = read_words(path, name)
    return LaidOutSource(
        path,
        words.html.encode("utf-8-sig"),
        "html",
        "office",
        note=WORDS_ALONE,
        page_size=words.size or PAGE_SIZE,
        font_size=TABLE_FONT if words.size else FONT_SIZE,
    )


def _open_table(path: Path, text: str, read: Callable[[str], Table]) -> LaidOutSource:
    try:
        table = read(text)
    except NotATable as error:
        raise UnreadableFile(
            f"{path.name} cannot be read as a table: {error}.",
            hint="Save it again, or as .txt to read it as plain text.",
        ) from error
    pages = TablePages([("", table)], path.stem)
    return LaidOutSource(
        path,
        pages.html.encode("utf-8-sig"),
        "html",
        "text",
        note=table.note,
        page_size=pages.size,
        font_size=TABLE_FONT,
    )


_TABLES = {"csv": read_csv, "jsonl": read_json_lines}
