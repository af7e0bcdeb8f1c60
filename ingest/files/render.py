"""Turn pages of a file into pictures and words, in a worker process.

Words come from the file's own text where it has any; where it has little, or
where pictures take up much of the page, the page is read by OCR too and what
is new is added. Functions here take and give plain values that can cross a
process border.
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
from ingest.files.ocr import Ocr, load_ocr
from ingest.files.open import open_source
from ingest.files.source import PageImage
from ingest.memory import release_memory
from ingest.page import Box, Page, Rendered, Word

FEW_WORDS = 20
"""A page whose file knows fewer words than this is read by OCR."""
MUCH_PICTURE = 0.10
"""A page whose pictures take up more of it than this is read by OCR too."""
GARBLED = 0.2
"""A text layer with a larger share of unprintable characters is thrown away."""
SMALLEST_TEXT = 16
"""Pixels; a picture with a shorter side than this has nothing to read."""
WEBP_QUALITY = 80


@dataclass(frozen=True, slots=True)
class RenderSettings:
    """How pages are made: resolution in dots per inch, OCR (see `ingest.files.ocr`), a PDF's password."""

    dpi: int = 144
    ocr: str = "rapidocr"
    password: str | None = None


@dataclass(frozen=True, slots=True)
class Inspection:
    """What a file says of itself."""

    kind: str
    page_count: int
    title: str


def inspect(path: Path, settings: RenderSettings) -> Inspection:
    """Open a file just to count its pages.

    Raises:
        UnreadableFile: it cannot be read at all.
    """
    source = open_source(path, settings.password)
    return Inspection(source.kind, source.page_count, source.title)


def render(path: Path, page: Page, count: int, settings: RenderSettings) -> list[Rendered]:
    """`count` pages from `page` on.

    Raises:
        UnreadableFile: one of them is broken.
        OcrUnavailable: the OCR asked for is not there.
    """
    source = open_source(path, settings.password)
    ocr = _ocr(settings.ocr)
    pages = []
    for number in range(page.number, page.number + count):
        here = Page(page.document_id, number, page.document_name)
        pages.append(_finish(source.page_image(number, settings.dpi), here, ocr))
        release_memory()
    return pages


@cache
def _ocr(spec: str) -> Ocr | None:
    return load_ocr(spec)


def _finish(page_image: PageImage, page: Page, ocr: Ocr | None) -> Rendered:
    words: Sequence[Word] = () if is_garbled(page_image.words) else page_image.words
    source = "text" if words else "none"
    if ocr and wants_ocr(page_image, words):
        if seen := add_unseen(words, ocr.read(page_image.image)):
            words, source = (*words, *seen), "text+ocr" if words else "ocr"
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
    )


def is_garbled(words: Sequence[Word]) -> bool:
    """Whether a text layer is no text: fonts without a mapping give private or control characters."""
    text = "".join(word.text for word in words)
    bad = sum(c == "\ufffd" or "\ue000" <= c <= "\uf8ff" or not c.isprintable() for c in text)
    return bad > GARBLED * len(text)


def wants_ocr(page_image: PageImage, words: Sequence[Word]) -> bool:
    """Whether there may be words on the page that its file does not know."""
    if min(page_image.image.size) < SMALLEST_TEXT or _is_blank(page_image.image):
        return False
    pictured = sum(map(area, page_image.figures))
    return len(words) < FEW_WORDS or pictured > MUCH_PICTURE


def _is_blank(image: Image.Image) -> bool:
    low, high = image.convert("L").getextrema()
    return isinstance(low, (int, float)) and isinstance(high, (int, float)) and high - low < 16


def add_unseen(known: Sequence[Word], read: Sequence[Word]) -> list[Word]:
    """The words of `read` whose middle is in no word of `known`."""
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
