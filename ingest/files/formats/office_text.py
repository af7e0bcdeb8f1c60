"""Words of office documents as HTML, without an office program.

Headings, paragraphs, lists of slides and tables; no layout, no pictures.
"""

from __future__ import annotations

import zipfile
from collections.abc import Iterable, Iterator
from html import escape
from pathlib import Path
from typing import Any, NamedTuple

from ingest.extras import find_missing, install_name
from ingest.files.formats.office import TEXT_MODULES
from ingest.files.formats.tables.table_pages import PAGE_END, TablePages
from ingest.files.formats.tables.table_rows import EMPTY, MAX_COLUMNS, MAX_ROWS, Table, make_table
from ingest.files.source import FormatUnavailable, UnreadableFile

MAX_UNPACKED = 1 << 30
"""Bytes that an office document may unpack to."""
STYLE = "table{border-collapse:collapse} td{border:0.5pt solid #999;padding:1pt 4pt}"


class OfficeWords(NamedTuple):
    """HTML of a document's words, and the page size that it is made for, if any."""

    html: str
    size: tuple[float, float] | None = None


def read_words(path: Path, name: str) -> OfficeWords:
    """Words of a DOCX, PPTX or XLSX file.

    Raises:
        FormatUnavailable: its format needs an office program.
        UnreadableFile: it is damaged, or unpacks to too much.
    """
    if name not in TEXT_MODULES:
        raise FormatUnavailable(
            f"The words of {path.name} are read by LibreOffice alone.",
            hint="Install LibreOffice, or save the file as DOCX, PPTX, XLSX or PDF.",
        )
    if missing := find_missing(TEXT_MODULES[name]):
        raise FormatUnavailable(
            f"The words of {path.name} are read by the package {missing[0]}, which is not installed.",
            hint=f"Run: pip install '{install_name('office')}', and try it again.",
        )
    _check_size(path)
    try:
        if name == "xlsx":
            pages = TablePages(_read_xlsx(path), path.stem)
            return OfficeWords(pages.html, pages.size)
        body = "".join(_read_docx(path) if name == "docx" else _read_pptx(path))
    except MemoryError:
        raise
    except Exception as error:  # these packages raise whatever their XML leads them to
        raise UnreadableFile(
            f"{path.name} is damaged: its words cannot be read.",
            hint="Open it in its program and save it again, or as a PDF.",
        ) from error
    head = f"<title>{escape(path.stem)}</title><style>{STYLE}</style>"
    return OfficeWords(f"<html><head>{head}</head><body>{body}</body></html>")


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
            yield _table([cell.text for cell in row.cells] for row in part.rows)
            continue
        style = (part.style.name if part.style else "") or ""
        level = style.removeprefix("Heading ") if style.startswith("Heading ") else ""
        tag = "h1" if style == "Title" else f"h{min(int(level), 6)}" if level.isdigit() else "p"
        if part.text.strip():
            yield f"<{tag}>{_lines(part.text)}</{tag}>"


def _read_pptx(path: Path) -> Iterator[str]:
    import pptx

    for at, slide in enumerate(pptx.Presentation(str(path)).slides):
        yield PAGE_END if at else ""
        title = slide.shapes.title
        yield f"<h1>{_lines(title.text_frame.text)}</h1>" if title is not None else ""
        for shape in slide.shapes:
            if shape.has_text_frame and shape != title:
                yield f"<p>{_lines(shape.text_frame.text)}</p>"
            if shape.has_table:
                yield _table([cell.text for cell in row.cells] for row in shape.table.rows)
        if slide.has_notes_slide and (frame := slide.notes_slide.notes_text_frame) is not None:
            yield f"<p><i>{_lines(frame.text)}</i></p>"


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


def _table(rows: Any) -> str:
    cells = ("".join(f"<td>{_lines(cell)}</td>" for cell in row) for row in rows)
    return f"<table>{''.join(f'<tr>{row}</tr>' for row in cells)}</table>"


def _lines(text: str) -> str:
    return "<br>".join(escape(line) for line in text.replace("\v", "\n").split("\n"))
