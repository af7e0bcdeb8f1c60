"""Laid-out source: text, markup and books as pages, by MuPDF.

What flows is laid out at one page size and one size of type, so that page numbers stay.
Files are given to MuPDF as bytes: it opens no other file and fetches nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from ingest.files.characters.unseen import unseen_lines
from ingest.files.mupdf import pymupdf, read_note, reset_warnings
from ingest.files.pdf_extras import read_targets
from ingest.files.pdf_lines import read_lines
from ingest.files.pdf_parts import PDF_ERRORS, draw_page, read_figures
from ingest.files.source import PageImage, UnreadableFile
from ingest.memory import is_out_of_memory
from ingest.page import WHOLE, DocumentKind

PAGE_SIZE = (595, 842)
"""Points: A4."""
FONT_SIZE = 11.0
MAX_PAGES = 20_000
"""Pages of a file that are read."""


PICTURE_DPI = 96
"""At it a page of a comic book has as many pixels as its picture."""


class LaidOutSource:
    """Text, markup or a book as a `Source`.

    Args:
        data: the file's bytes, or HTML made of them.
        filetype: MuPDF's name of its format.
        note: what of the file is not read.
        about: what the file says of itself, for search.

    Raises:
        UnreadableFile: MuPDF does not open it, or it has no pages.
    """

    has_attachments = False

    def __init__(
        self,
        path: Path,
        data: bytes,
        filetype: str,
        kind: DocumentKind,
        *,
        note: str = "",
        about: Sequence[str] = (),
        page_size: tuple[float, float] = PAGE_SIZE,
        font_size: float = FONT_SIZE,
    ) -> None:
        self._path = path
        self._note = note
        self._filetype = filetype
        self.kind = kind
        try:
            self._document = pymupdf.open(stream=data, filetype=filetype)
            if self._document.needs_pass:
                raise UnreadableFile(
                    f"{path.name} is protected against copying.", hint="Give a copy without it."
                )
            if self._document.is_reflowable:
                rect = pymupdf.Rect(0, 0, *page_size)
                self._document.layout(rect=rect, fontsize=font_size)
            self.page_count: int = self._document.page_count
            metadata = self._document.metadata or {}
            self.title = str(metadata.get("title") or "")
            author = str(metadata.get("author") or "").strip()
            self._about = [*about, *([f"author {author}"] if author else [])]
        except PDF_ERRORS as error:
            if is_out_of_memory(error):
                raise MemoryError from error
            raise self._damaged() from error
        if self.page_count == 0:
            raise UnreadableFile(f"{path.name} has no pages.", hint="Save it again.")
        if self.page_count > MAX_PAGES:
            raise UnreadableFile(
                f"{path.name} has {self.page_count:,} pages; {MAX_PAGES:,} are read at most.",
                hint="Split it into several files.",
            )

    def page_image(self, number: int, dpi: int) -> PageImage:
        """Draw a page (from 1); see `Source`."""
        reset_warnings()
        try:
            page = self._document[number - 1]
            image = draw_page(page, PICTURE_DPI if self._filetype == "cbz" else dpi)
            lines = read_lines(page)
            targets = tuple(read_targets(page, lines))
            if number == 1:
                targets += tuple(unseen_lines(self._about, lines))
            figures = (WHOLE,) if self._filetype in ("svg", "cbz") else read_figures(page)
        except PDF_ERRORS as error:
            if is_out_of_memory(error):
                raise MemoryError from error
            raise self._damaged() from error
        note = self._note if number == 1 else ""
        return PageImage(image, lines, figures, note or read_note(), targets)

    def _damaged(self) -> UnreadableFile:
        return UnreadableFile(
            f"{self._path.name} is damaged and cannot be laid out.",
            hint="Save it again from its program, or convert it to PDF.",
        )
