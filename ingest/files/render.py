"""Page renderer: page images with words of the text layer and OCR.

It runs in a worker process. A page with few words in its text layer, or with large
figures, is read by OCR too, and the words that the text layer lacks are added.
Arguments and results pickle.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image

from ingest.box import area, center
from ingest.ocr.ocr import Ocr, load_ocr
from ingest.files.open import open_source
from ingest.files.page_limits import limit_page
from ingest.files.source import PageImage, UnreadableFile, is_blank
from ingest.memory import release_memory
from ingest.page import Box, DocumentKind, Page, Rendered, Word

FEW_WORDS = 20
"""A page with fewer words in its text layer is read by OCR."""
MAX_FIGURE_SHARE = 0.10
"""A page whose figures cover a larger share of it is read by OCR too."""
MAX_UNPRINTABLE = 0.2
"""A text layer with a larger share of unprintable characters is discarded."""
MIN_OCR_SIDE = 16
"""Pixels; an image with a shorter side is not read by OCR."""
WEBP_QUALITY = 80
BLANK_SIZE = (612, 792)
"""Pixels of the page that stands for one that cannot be read."""


@dataclass(frozen=True, slots=True)
class RenderSettings:
    """Render settings: resolution, OCR engine and a PDF's password.

    `dpi` is dots per inch. For `ocr` see `load_ocr`. Without the `second_reader`
    a PDF is read by MuPDF alone.
    """

    dpi: int = 144
    ocr: str = "rapidocr"
    password: str | None = None
    second_reader: bool = True


@dataclass(frozen=True, slots=True)
class Inspection:
    """Kind, number of pages and metadata title of a file."""

    kind: DocumentKind
    page_count: int
    title: str


def inspect(path: Path, settings: RenderSettings) -> Inspection:
    """Inspect a file without rendering it.

    Raises:
        UnreadableFile: it cannot be opened.
    """
    source = open_source(path, settings.password, second_reader=settings.second_reader)
    return Inspection(source.kind, source.page_count, source.title)


def render(path: Path, page: Page, count: int, settings: RenderSettings) -> list[Rendered]:
    """Render `count` pages from `page` on; a damaged one is blank, with a note.

    Raises:
        UnreadableFile: the file cannot be opened.
        OcrUnavailable: the OCR engine is not installed.
    """
    source = open_source(path, settings.password, second_reader=settings.second_reader)
    ocr = _ocr(settings.ocr)
    pages = []
    for number in range(page.number, page.number + count):
        here = Page(page.document_id, number, page.document_name)
        try:
            seen = source.page_image(number, settings.dpi)
        except UnreadableFile as error:
            pages.append(_unreadable(here, error))
        else:
            pages.append(_add_words(limit_page(seen), here, ocr))
        release_memory()
    return pages


@cache
def _ocr(spec: str) -> Ocr | None:
    return load_ocr(spec)


def _add_words(page_image: PageImage, page: Page, ocr: Ocr | None) -> Rendered:
    words: Sequence[Word] = () if is_garbled(page_image.words) else page_image.words
    source = "text" if words else "none"
    if ocr and needs_ocr(page_image, words):
        if added := new_words(words, ocr.read(page_image.image)):
            words, source = (*words, *added), "text+ocr" if words else "ocr"
    buffer = io.BytesIO()
    page_image.image.save(buffer, "WEBP", quality=WEBP_QUALITY, method=2)
    return Rendered(
        page=page,
        image=buffer.getvalue(),
        width=page_image.image.width,
        height=page_image.image.height,
        words=tuple(words),
        figures=page_image.figures,
        source=source,
        note=page_image.note,
    )


def _unreadable(page: Page, error: UnreadableFile) -> Rendered:
    """Blank page for one that cannot be read: it never costs the others."""
    buffer = io.BytesIO()
    Image.new("RGB", BLANK_SIZE, "white").save(buffer, "WEBP", quality=WEBP_QUALITY)
    return Rendered(
        page, buffer.getvalue(), *BLANK_SIZE, (), (), "none", note=error.message, unreadable=True
    )


def is_garbled(words: Sequence[Word]) -> bool:
    """Whether a text layer is unusable.

    Fonts without a Unicode map give private characters.
    """
    text = "".join(word.text for word in words)
    bad = sum(c == "\ufffd" or "\ue000" <= c <= "\uf8ff" or not c.isprintable() for c in text)
    return bad > MAX_UNPRINTABLE * len(text)


def needs_ocr(page_image: PageImage, words: Sequence[Word]) -> bool:
    """Whether the page may show words that its text layer lacks."""
    if min(page_image.image.size) < MIN_OCR_SIDE or is_blank(page_image.image):
        return False
    figure_share = sum(map(area, page_image.figures))
    return len(words) < FEW_WORDS or figure_share > MAX_FIGURE_SHARE


def new_words(known: Sequence[Word], read: Sequence[Word]) -> list[Word]:
    """The words of `read` whose center is inside no word of `known`."""
    if not known:
        return list(read)
    boxes: npt.NDArray[np.float64] = np.array([word.box for word in known])
    return [word for word in read if not _covers(boxes, word.box)]


def _covers(boxes: npt.NDArray[np.float64], box: Box) -> bool:
    x, y = center(box)
    slack = 0.005
    left, top, right, bottom = boxes.T
    inside = (left - slack <= x) & (x <= right + slack) & (top - slack <= y) & (y <= bottom + slack)
    return bool(inside.any())
