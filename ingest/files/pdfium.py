"""PDFium reader: a second reader of PDFs, for what MuPDF does not open or draw.

By pypdfium2. Boxes are fractions of the page as displayed. PDFium is not
thread-safe: use one process each.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pypdfium2 as pdfium
import pypdfium2.raw as raw
from PIL import Image

from ingest.box import area, clip_if_centered
from ingest.files.page_tree import check_page_count
from ingest.files.source import LONGEST_SIDE, MAX_WORDS, MIN_FIGURE, PageImage, UnreadableFile
from ingest.page import Box, DocumentKind, Word
from ingest.reading.group import group_lines

MAX_READ = 500_000
"""Characters of a page that are looked at, blanks included."""
GRID = 100_000
"""Units of a page's width and height in which PDFium is asked for places on it."""


class PdfiumSource:
    """PDF as a `Source`, by PDFium.

    Raises:
        UnreadableFile: PDFium does not open it, or finds no pages.
    """

    kind: DocumentKind = "pdf"
    has_attachments = False

    def __init__(self, path: Path, password: str | None = None) -> None:
        self._path = path
        try:
            self._pdf = pdfium.PdfDocument(path.read_bytes(), password=password)
            check_page_count(len(self._pdf), path)
            self.page_count: int = _count_pages(self._pdf)
            self.title: str = self._pdf.get_metadata_value("Title") or ""
        except (pdfium.PdfiumError, ValueError) as error:
            raise UnreadableFile(f"{path.name} cannot be opened.", hint="Save it again.") from error
        if self.page_count == 0:
            raise UnreadableFile(f"{path.name} has no pages.", hint="Save it again.")

    def page_image(self, number: int, dpi: int) -> PageImage:
        """Render a page (from 1); see `Source`."""
        with self._page(number) as page:
            image = _render(page, dpi)
            lines = tuple(group_lines(_words(page), image.width / image.height))
            return PageImage(image, lines, tuple(_figures(page)))

    def image(self, number: int, dpi: int) -> Image.Image:
        """Page image alone.

        Raises:
            UnreadableFile
        """
        with self._page(number) as page:
            return _render(page, dpi)

    def _page(self, number: int) -> _OpenPage:
        return _OpenPage(self._pdf, self._path, number)


def _count_pages(pdf: Any) -> int:
    """Pages up to the last that is there: PDFium believes the number that a file claims."""
    size = raw.FS_SIZEF()
    for number in range(len(pdf), 0, -1):
        if raw.FPDF_GetPageSizeByIndexF(pdf, number - 1, size):
            return number
    return 0


class _OpenPage:
    """Context of an open page; PDFium's errors become `UnreadableFile`."""

    def __init__(self, pdf: Any, path: Path, number: int) -> None:
        self._pdf, self._path, self._number = pdf, path, number
        self._open: Any = None

    def __enter__(self) -> Any:
        try:
            self._open = self._pdf[self._number - 1]
        except (pdfium.PdfiumError, IndexError) as error:
            raise self._broken() from error
        return self._open

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        self._open.close()
        if isinstance(error, pdfium.PdfiumError | ValueError | OSError):
            raise self._broken() from error

    def _broken(self) -> UnreadableFile:
        return UnreadableFile(
            f"Page {self._number} of {self._path.name} is damaged.",
            hint="Save it again from a PDF reader, or copy it again.",
        )


def _render(page: Any, dpi: int) -> Image.Image:
    width, height = page.get_size()
    scale = min(dpi / 72, LONGEST_SIDE / max(width, height, 1))
    if min(width, height) * scale < 1:
        scale = 1 / max(min(width, height), 1e-3)
        if max(width, height) * scale > LONGEST_SIDE:
            raise ValueError("the page is a line")
    image: Image.Image = page.render(scale=scale).to_pil().convert("RGB")
    return image


def _words(page: Any) -> Iterator[Word]:
    """Words between blanks, each with the box around its characters; see `read_lines`."""
    text = page.get_textpage()
    try:
        letters: list[str] = []
        edges: list[Box] = []
        count = 0
        for at in range(min(text.count_chars(), MAX_READ)):
            letter = chr(raw.FPDFText_GetUnicode(text, at))
            if not letter.isspace() and letter != "\0":
                letters.append(letter)
                edges.append(text.get_charbox(at))
                continue
            if word := _word(page, letters, edges):
                yield word
                count += 1
                if count > MAX_WORDS:
                    return
            letters, edges = [], []
        if word := _word(page, letters, edges):
            yield word
    finally:
        text.close()


def _word(page: Any, letters: list[str], edges: list[Box]) -> Word | None:
    if not letters:
        return None
    left, bottom, right, top = zip(*edges, strict=True)
    box = _fraction(page, (min(left), min(bottom), max(right), max(top)))
    return Word("".join(letters), box) if box else None


def _figures(page: Any) -> Iterator[Box]:
    for found in page.get_objects(filter=[raw.FPDF_PAGEOBJ_IMAGE], max_depth=1):
        box = _fraction(page, found.get_bounds())
        if box and area(box) >= MIN_FIGURE:
            yield box


def _fraction(page: Any, edges: Box) -> Box | None:
    """Box of left, bottom, right and top in the page's own space; None outside the page."""
    left, bottom, right, top = edges
    xs, ys = zip(*(_displayed(page, x, y) for x, y in ((left, bottom), (right, top))), strict=True)
    return clip_if_centered((min(xs), min(ys), max(xs), max(ys)))


def _displayed(page: Any, x: float, y: float) -> tuple[float, float]:
    from ctypes import byref, c_int

    across, down = c_int(), c_int()
    raw.FPDF_PageToDevice(page, 0, 0, GRID, GRID, 0, x, y, byref(across), byref(down))
    return across.value / GRID, down.value / GRID
