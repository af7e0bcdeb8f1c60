"""PDF reader: page images, words with boxes and figure boxes, by PyMuPDF.

All boxes are fractions of the page as displayed: rotated, and cropped to its crop
box. PyMuPDF is not thread-safe: use one process each.
"""

from __future__ import annotations

from collections.abc import Iterator
from mmap import ACCESS_READ, mmap
from pathlib import Path
from typing import Any

import pymupdf
from PIL import Image

from ingest.box import area, clip_if_centered
from ingest.files.page_tree import count_pages
from ingest.files.source import LONGEST_SIDE, PageImage, UnreadableFile
from ingest.page import Box, DocumentKind, Word

pymupdf.TOOLS.mupdf_display_errors(False)
pymupdf.TOOLS.mupdf_display_warnings(False)

MIN_FIGURE = 0.02
"""Share of the page; smaller images (logos, bullets) are not figures."""


class NeedsPassword(UnreadableFile):
    """The PDF is encrypted and the password is missing or wrong."""

    code = "needs-password"


class PdfSource:
    """PDF as a `Source`.

    Raises:
        UnreadableFile: it is broken, truncated, or has no pages.
        NeedsPassword: it is encrypted.
    """

    kind: DocumentKind = "pdf"

    def __init__(self, path: Path, password: str | None = None) -> None:
        try:
            self._pdf = _open(path)
        except (pymupdf.FileDataError, pymupdf.mupdf.FzErrorBase, RuntimeError) as error:
            raise UnreadableFile(
                f"{path.name} is a broken PDF ({_reason(error)}).",
                hint="Save it again from a PDF reader, or copy it again.",
            ) from error
        if self._pdf.needs_pass and not self._pdf.authenticate(password or ""):
            raise NeedsPassword(
                f"{path.name} is encrypted and {'the password is wrong' if password else 'needs a password'}.",
                hint="Give its password.",
            )
        self._path = path
        self.page_count: int = count_pages(self._pdf, path)
        if self.page_count == 0:
            raise UnreadableFile(
                f"{path.name} has no pages.", hint="It may be cut short: copy it again."
            )
        if self._pdf.is_repaired and _is_cut_short(path):
            raise UnreadableFile(f"{path.name} is cut short.", hint="Copy it again.")
        self.title: str = (self._pdf.metadata or {}).get("title") or ""

    def page_image(self, number: int, dpi: int) -> PageImage:
        """Render a page (from 1); see `Source`."""
        try:
            page = self._pdf[number - 1]
            zoom = min(dpi / 72, LONGEST_SIDE / max(page.rect.width, page.rect.height, 1))
            pixmap = page.get_pixmap(
                matrix=pymupdf.Matrix(zoom, zoom), alpha=False, colorspace=pymupdf.csRGB
            )
            image = Image.frombytes("RGB", (pixmap.width, pixmap.height), pixmap.samples)
            return PageImage(image, tuple(_words(page)), tuple(_figures(page)))
        except (
            pymupdf.FileDataError,
            pymupdf.mupdf.FzErrorBase,
            RuntimeError,
            ValueError,
            IndexError,
        ) as error:
            raise UnreadableFile(
                f"Page {number} of {self._path.name} is broken ({_reason(error)}).",
                hint="Save it again from a PDF reader, or copy it again.",
            ) from error


def _open(path: Path) -> Any:
    try:
        str(path).encode()
    except UnicodeEncodeError:  # MuPDF takes UTF-8 names only.
        return pymupdf.open(stream=path.read_bytes(), filetype="pdf")
    return pymupdf.open(path, filetype="pdf")


def _is_cut_short(path: Path) -> bool:
    """Whether the file ends within an object; MuPDF would render the missing pages blank."""
    with path.open("rb") as file, mmap(file.fileno(), 0, access=ACCESS_READ) as data:
        end = max(data.rfind(b"%%EOF"), data.rfind(b"endobj"))
        return data.find(b" obj", max(end, 0)) >= 0


def _words(page: Any) -> Iterator[Word]:
    """The words of the page, and those that its form fields show."""
    check_boxes = [pymupdf.Rect(w.rect) for w in page.widgets() if w.field_type in _CHECKED_WIDGETS]
    for left, top, right, bottom, text, *_ in page.get_text("words"):
        middle = pymupdf.Point((left + right) / 2, (top + bottom) / 2)
        # A check mark is a letter of a symbol font, such as "3", which the page does not show.
        if len(text) == 1 and any(middle in rect for rect in check_boxes):
            continue
        if box := _fraction(page, (left, top, right, bottom)):
            yield Word(text, box)


_CHECKED_WIDGETS = frozenset(
    {pymupdf.PDF_WIDGET_TYPE_CHECKBOX, pymupdf.PDF_WIDGET_TYPE_RADIOBUTTON}
)


def _figures(page: Any) -> Iterator[Box]:
    seen: set[Box] = set()
    for info in page.get_image_info():
        box = _fraction(page, info["bbox"])
        if box and box not in seen and area(box) >= MIN_FIGURE:
            seen.add(box)
            yield box


def _fraction(page: Any, rect: Any) -> Box | None:
    """Convert a rectangle of the unrotated page to a box; None if it is outside the page."""
    seen = pymupdf.Rect(rect) * page.rotation_matrix
    width, height = page.rect.width, page.rect.height
    return clip_if_centered((seen.x0 / width, seen.y0 / height, seen.x1 / width, seen.y1 / height))


def _reason(error: Exception) -> str:
    return (
        str(error).strip().splitlines()[0].rstrip(".") if str(error).strip() else "no reason given"
    )
