"""Words of office documents as HTML, without an office program.

Headings, paragraphs, lists of slides and tables; no layout, no pictures.
"""

from __future__ import annotations

import zipfile
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

from ingest.extras import find_missing, install_name
from ingest.files.formats.office import TEXT_FORMATS
from ingest.files.formats.tables.table_pages import PAGE_END, TablePages
from ingest.files.formats.tables.table_rows import EMPTY, MAX_COLUMNS, MAX_ROWS, Table, make_table
from ingest.files.formats.words.hangul import read_hwp, read_hwpx
from ingest.files.formats.words.open_document import read_open_document, read_sheets
from ingest.files.formats.words.word_html import OfficeWords, block, page_of, table
from ingest.files.source import FormatUnavailable, UnreadableFile

_COMPOUND = ("hwp5",)
"""Formats that are no ZIP archive."""
MAX_UNPACKED = 1 << 30
"""Bytes that an office document may unpack to."""


def read_words(path: Path, name: str) -> OfficeWords:
    """Words of an office document of a format in `TEXT_FORMATS`.

    Raises:
        FormatUnavailable: its format needs an office program, or a package.
        UnreadableFile: it is damaged, locked, or unpacks to too much.
    """
    if name not in TEXT_FORMATS:
        raise FormatUnavailable(
            f"The words of {path.name} are read by LibreOffice alone.",
            hint="Install LibreOffice, or save the file as DOCX, PPTX, XLSX or PDF.",
        )
    module = TEXT_FORMATS[name]
    if module and find_missing(module):
        raise FormatUnavailable(
            f"The words of {path.name} are read by the package {module}, which is not installed.",
            hint=f"Run: pip install '{install_name('office')}', and try it again.",
        )
    try:
        if name not in _COMPOUND:
            _check_size(path)
        if name in _SHEETS:
            pages = TablePages(_SHEETS[name](path), path.stem)
            return OfficeWords(pages.html, pages.size)
        return page_of(_BLOCKS[name](path), path.stem)
    except (MemoryError, UnreadableFile):
        raise
    except Exception as error:  # these packages raise whatever their XML leads them to
        raise UnreadableFile(
            f"{path.name} is damaged: its words cannot be read.",
            hint="Open it in its program and save it again, or as a PDF.",
        ) from error


def _check_size(path: Path) -> None:
    with zipfile.ZipFile(path) as archive:
        size = sum(member.file_size for member in archive.infolist())
    if size > MAX_UNPACKED:
        raise UnreadableFile(
            f"{path.name} unpacks to {size >> 20:,} MiB, more than is safe to open.",
            hint="If it is a real document, save it as a PDF.",
        )


def _read_docx(path: Path) -> Iterator[str]:
    import docx
    from docx.table import Table as DocxTable

    for part in docx.Document(str(path)).iter_inner_content():
        if isinstance(part, DocxTable):
            yield table([cell.text for cell in row.cells] for row in part.rows)
            continue
        style = (part.style.name if part.style else "") or ""
        level = style.removeprefix("Heading ") if style.startswith("Heading ") else ""
        tag = "h1" if style == "Title" else f"h{min(int(level), 6)}" if level.isdigit() else "p"
        yield block(part.text, tag)


def _read_pptx(path: Path) -> Iterator[str]:
    import pptx

    for at, slide in enumerate(pptx.Presentation(str(path)).slides):
        yield PAGE_END if at else ""
        title = slide.shapes.title
        yield block(title.text_frame.text, "h1") if title is not None else ""
        for shape in slide.shapes:
            if shape.has_text_frame and shape != title:
                yield block(shape.text_frame.text)
            if shape.has_table:
                yield table([cell.text for cell in row.cells] for row in shape.table.rows)
        if slide.has_notes_slide and (frame := slide.notes_slide.notes_text_frame) is not None:
            yield block(frame.text)


def _read_xlsx(path: Path) -> list[tuple[str, Table]]:
    import openpyxl

    book = openpyxl.load_workbook(path, read_only=True, data_only=True)
    sheets = []
    for sheet in book.worksheets:
        cells = sheet.iter_rows(max_row=MAX_ROWS + 2, max_col=MAX_COLUMNS, values_only=True)
        rows = [row for row in map(_row, cells) if row]
        sheets.append((sheet.title, make_table(rows[0], rows[1:]) if rows else EMPTY))
    book.close()
    return sheets


def _row(values: Iterable[Any]) -> list[str]:
    """Cells of a row up to the last that has a value."""
    cells = ["" if value is None else str(value) for value in values]
    while cells and not cells[-1]:
        cells.pop()
    return cells


_SHEETS: dict[str, Callable[[Path], list[tuple[str, Table]]]] = {
    **{"xlsx": _read_xlsx, "ods": read_sheets}
}
_BLOCKS: dict[str, Callable[[Path], Iterable[str]]] = {
    **{"docx": _read_docx, "pptx": _read_pptx, "hwp5": read_hwp, "hwpx": read_hwpx},
    **dict.fromkeys(("odt", "odp", "odg"), read_open_document),
}
