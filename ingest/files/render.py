"""Page renderer: page images with words of the text layer and OCR.

It runs in a worker process. What the text layer of a page lacks is read by OCR.
Arguments and results pickle.
"""

from __future__ import annotations

import io
from dataclasses import dataclass, replace
from functools import cache, lru_cache
from pathlib import Path

from PIL import Image

from ingest.files.formats.office import LIBREOFFICE, OfficeSettings
from ingest.files.open import open_source
from ingest.files.page_limits import limit_page
from ingest.files.source import PageImage, Source, UnreadableFile
from ingest.files.video.video_settings import SHOTS, VideoSettings
from ingest.memory import release_memory
from ingest.ocr.load_ocr import load_ocr, parse_ocr
from ingest.ocr.ocr import Ocr, OcrMode
from ingest.page import DocumentKind, Page, PhotoInfo, Rendered
from ingest.reading.choose_text import choose_text
from ingest.reading.layout import arrange
from ingest.reading.order.facing import find_fold
from ingest.reading.text_layer.fonts import Verdicts

FILES_AT_ONCE = 8
"""Files whose broken fonts a process remembers."""
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
    office: OfficeSettings = LIBREOFFICE
    video: VideoSettings = SHOTS


@dataclass(frozen=True, slots=True)
class Inspection:
    """Kind, number of pages and title of a file, and what else is known of it.

    `has_attachments` whether other files are in it, `photo` what a photo says of itself.
    """

    kind: DocumentKind
    page_count: int
    title: str
    has_attachments: bool = False
    photo: PhotoInfo | None = None


def inspect(path: Path, settings: RenderSettings) -> Inspection:
    """Inspect a file without rendering it.

    Raises:
        UnreadableFile: it cannot be opened.
    """
    source = _open(path, settings)
    return Inspection(
        source.kind,
        source.page_count,
        source.title,
        source.has_attachments,
        getattr(source, "photo", None),
    )


def _open(path: Path, settings: RenderSettings) -> Source:
    return open_source(
        path,
        settings.password,
        second_reader=settings.second_reader,
        office=settings.office,
        video=settings.video,
    )


def render(path: Path, page: Page, count: int, settings: RenderSettings) -> list[Rendered]:
    """Render `count` pages from `page` on; a damaged one is blank, with a note.

    Raises:
        UnreadableFile: the file cannot be opened.
        OcrUnavailable: the OCR engine is not installed.
    """
    source = _open(path, settings)
    ocr, (_, mode) = _ocr(settings.ocr), parse_ocr(settings.ocr)
    verdicts = _verdicts(page.document_id)
    pages = []
    for number in range(page.number, page.number + count):
        here = Page(page.document_id, number, page.document_name)
        try:
            seen = source.page_image(number, settings.dpi)
        except UnreadableFile as error:
            pages.append(_unreadable(here, error))
        else:
            pages.append(_add_words(limit_page(seen), here, ocr, mode, verdicts))
        release_memory()
    return pages


@cache
def _ocr(spec: str) -> Ocr | None:
    return load_ocr(spec)


@lru_cache(maxsize=FILES_AT_ONCE)
def _verdicts(document_id: str) -> Verdicts:
    return Verdicts()


def _add_words(
    page_image: PageImage, page: Page, ocr: Ocr | None, mode: OcrMode, verdicts: Verdicts
) -> Rendered:
    lines = (*page_image.lines, *page_image.extras)
    chosen = choose_text(page_image.image, lines, page_image.figures, ocr, mode, verdicts)
    aspect = chosen.image.width / chosen.image.height
    words = arrange(chosen.lines, aspect, find_fold(chosen.image))
    buffer = io.BytesIO()
    chosen.image.save(buffer, "WEBP", quality=WEBP_QUALITY, method=2)
    return Rendered(
        page=replace(page, span=page_image.span),
        image=buffer.getvalue(),
        width=chosen.image.width,
        height=chosen.image.height,
        words=words,
        figures=chosen.figures,
        source=chosen.source,
        note=page_image.note,
        label=page_image.label,
        clip=page_image.clip,
    )


def _unreadable(page: Page, error: UnreadableFile) -> Rendered:
    """Blank page for one that cannot be read: it never costs the others."""
    buffer = io.BytesIO()
    Image.new("RGB", BLANK_SIZE, "white").save(buffer, "WEBP", quality=WEBP_QUALITY)
    return Rendered(
        page, buffer.getvalue(), *BLANK_SIZE, (), (), "none", note=error.message, unreadable=True
    )
