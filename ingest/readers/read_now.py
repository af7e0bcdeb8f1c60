"""Urgent reads: an image to search by, or the pages of a file that is not kept.

The file is opened by a worker of a reader pool, before the files of an ingest.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from PIL import Image

from ingest.box import crop_image
from ingest.files.open import open_source
from ingest.files.render import Inspection, RenderSettings, inspect, render
from ingest.files.video.read_clip import read_clip
from ingest.page import Clip, Page, Rendered
from ingest.readers.limits import COSTLY, ReadLimits
from ingest.readers.read_ahead import PAGES_AT_ONCE, name_part
from ingest.readers.reader_pool import ReaderPool

MAX_SECONDS = 60.0
"""Time limit of a task that somebody waits for, where the pool's is longer."""
QUERY_SIDE = 1_024
"""Pixels of the longer side of an image to search by; encoders take less."""
QUERY_DPI = 96
"""Dots per inch of a PDF's page to search by."""


def read_query_image(path: Path, pool: ReaderPool) -> Image.Image:
    """Image to search by, RGB and upright; of a PDF or a TIFF, its first page.

    Raises:
        UnreadableFile: it is missing, broken, neither PDF nor image, or beyond a limit.
        ReadersBusy
    """
    future = pool.submit(
        _read_image, path, name=path.name, seconds=_seconds(pool.limits), urgent=True
    )
    image: Image.Image = future.result()
    return image


def read_query_clip(path: Path, pool: ReaderPool) -> Clip | None:
    """Clip of a video to search by; None for a file that is no video.

    Raises:
        UnreadableFile: it is broken or beyond a limit.
        ReadersBusy
    """
    future = pool.submit(
        read_clip, path, name=path.name, seconds=_seconds(pool.limits), urgent=True
    )
    clip: Clip | None = future.result()
    return clip


def inspect_now(path: Path, settings: RenderSettings, pool: ReaderPool) -> Inspection:
    """Kind, number of pages and title of a file.

    Raises:
        UnreadableFile, ReadersBusy
    """
    future = pool.submit(
        inspect, path, settings, name=path.name, seconds=_seconds(pool.limits), urgent=True
    )
    inspection: Inspection = future.result()
    return inspection


def read_pages(
    path: Path, first: Page, count: int, settings: RenderSettings, pool: ReaderPool
) -> Iterator[Rendered]:
    """`count` pages of a file from `first` on.

    Raises:
        UnreadableFile: one is broken or beyond a limit.
        OcrUnavailable, ReadersBusy
    """
    for start in range(first.number, first.number + count, PAGES_AT_ONCE):
        page = Page(first.document_id, start, first.document_name)
        some = min(PAGES_AT_ONCE, first.number + count - start)
        options: dict[str, Any] = {
            "name": name_part(path, start),
            "seconds": _seconds(pool.limits),
            "urgent": True,
        }
        try:
            yield from pool.submit(render, path, page, some, settings, **options).result()
        except COSTLY:
            settings = replace(settings, second_reader=False)
            yield from pool.submit(render, path, page, some, settings, **options).result()


def _seconds(limits: ReadLimits) -> float:
    return min(limits.seconds or MAX_SECONDS, MAX_SECONDS)


def _read_image(path: Path) -> Image.Image:
    from ingest.files.photo import PhotoSource

    source = open_source(path)
    if isinstance(source, PhotoSource):
        return source.thumbnail(QUERY_SIDE)
    page = source.page_image(1, QUERY_DPI)
    # Of a shot the frame, without the words below it.
    image = crop_image(page.image, page.figures[0]) if page.span and page.figures else page.image
    image.thumbnail((QUERY_SIDE, QUERY_SIDE), Image.Resampling.LANCZOS)
    return image
