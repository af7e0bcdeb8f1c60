"""Page search by text, by image or by a sum of both, with filters as plain values."""

from __future__ import annotations

import io
import os
import re
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from api.rag.text_search import search_text
from ingest.error import InvalidInputError
from ingest.filter import ALL_PAGES, PageFilter, PhotoFilter
from ingest.page import DOCUMENT_KINDS, Page

if TYPE_CHECKING:
    from PIL import Image

    from ingest.readers.reader_pool import ReaderPool
    from retrieval.hit import Hit
    from retrieval.search import Searcher

ImageSource: TypeAlias = "str | os.PathLike[str] | Image.Image"
"""An image file, or an image; also a video, or the key of a page, where likeness is searched."""
_PAGE_KEY = re.compile(r"[0-9a-f]{20}-\d+")
QueryParts: TypeAlias = "Sequence[tuple[float, str | Path | Image.Image]]"
"""Texts and images (a `Path` or an image) with their weights; less than 0 subtracts one."""


class InvalidSearch(InvalidInputError):
    """A search has no query or more than one, or a filter that is not one."""

    code = "invalid-search"


def search_pages(
    searcher: Searcher,
    query: str | QueryParts | None = None,
    *,
    readers: ReaderPool | None,
    like: ImageSource | None = None,
    top: int = 10,
    images: bool = False,
    filter: PageFilter = ALL_PAGES,
) -> list[Hit]:
    """Find the pages that fit a text, an image, or a weighted sum of texts and images.

    Args:
        query: a text, which may have `file:NAME` and `tag:NAME` in it, or weighted parts.
        readers: open image files; None for a query that is a text.
        like: an image, a video or the key of a page, in place of a query.
        top: pages at most.
        images: only photos and figures, by what they show.
        filter: restricts the pages.

    Raises:
        InvalidSearch: neither or both of `query` and `like` are given.
        EmptyQuery: the query is blank.
        DocumentNotFound: a file that the query names does not exist, or is ambiguous.
        UnreadableFile: an image cannot be opened.
        ImageIndexNotFound: images are searched, and there is no index of them.
    """
    if (query is None) == (like is None):
        raise InvalidSearch(
            "A search is for a query or by an image, one of them.", hint="Give either of them."
        )
    if isinstance(query, str):
        return search_text(searcher, query, top=top, images=images, filter=filter)
    assert readers is not None
    if query is None:
        assert like is not None
        return _search_like(searcher, like, readers, top, filter)
    parts = [
        (weight, part if isinstance(part, str) else open_image(part, readers))
        for weight, part in query
    ]
    return searcher.search_composed(parts, top=top, filter=filter)


def _search_like(
    searcher: Searcher, like: ImageSource, readers: ReaderPool, top: int, filter: PageFilter
) -> list[Hit]:
    """Photos and figures like an image; shots like a clip where there is an index of videos."""
    has_clips = any(manifest.modality == "video" for manifest in searcher.manifests())
    if page := _find_page(searcher, like):
        if has_clips and page.span:
            return searcher.search_by_clip(page, top=top, filter=filter)
        from PIL import Image

        with Image.open(io.BytesIO(searcher.library.image(page))) as image:
            like = image.convert("RGB")
    elif has_clips and isinstance(like, str | os.PathLike):
        from ingest.readers.read_now import read_query_clip

        clip = read_query_clip(Path(like).expanduser(), readers)
        if clip is not None:
            return searcher.search_by_clip(clip, top=top, filter=filter)
    return searcher.search_by_image(open_image(like, readers), top=top, filter=filter)


def _find_page(searcher: Searcher, like: ImageSource) -> Page | None:
    """The page whose key it is, where it is not the name of a file."""
    if not isinstance(like, str | os.PathLike) or Path(like).expanduser().exists():
        return None
    key = os.fspath(like)
    return searcher.library.page(key) if _PAGE_KEY.fullmatch(key) else None


def make_filter(
    *,
    tags: Sequence[str] = (),
    kind: str | None = None,
    since: date | str | None = None,
    until: date | str | None = None,
    pages: int | tuple[int | None, int | None] | None = None,
    taken_since: date | str | None = None,
    taken_until: date | str | None = None,
    near: tuple[float, float, float] | None = None,
) -> PageFilter:
    """Filter of pages by tags, kind of file, day of ingest and page numbers.

    Args:
        tags: a page must have all of them.
        kind: one of `DOCUMENT_KINDS`.
        since, until: days, or text such as "2025-01-31"; both are included.
        taken_since, taken_until: days on which a photo was taken, by its own account.
        near: latitude, longitude and a distance in km from there to where it was taken.
        pages: a page number from 1, or the first and the last, None for an open end.

    Raises:
        InvalidSearch: the kind or a day is not one.
    """
    known = next((one for one in DOCUMENT_KINDS if one == kind), None)
    if kind is not None and known is None:
        raise InvalidSearch(
            f"{kind!r} is not a kind of file.", hint=f"Take one of {', '.join(DOCUMENT_KINDS)}."
        )
    first, last = (pages, pages) if isinstance(pages, int) else pages or (None, None)
    if near and not (abs(near[0]) <= 90 and abs(near[1]) <= 180 and near[2] > 0):
        raise InvalidSearch(
            f"There is no place {near[0]:g},{near[1]:g} with {near[2]:g} km around it.",
            hint="Write latitude, longitude and km, like 59.91,10.75,20.",
        )
    photos = PhotoFilter(_day(taken_since), _day(taken_until), near)
    return PageFilter(
        None,
        known,
        _day(since),
        _day(until),
        first,
        last,
        tuple(tags),
        photos if photos != PhotoFilter() else None,
    )


def open_image(source: ImageSource, readers: ReaderPool) -> Image.Image:
    """Open an image file (RGB, upright); an image is returned as it is.

    Raises:
        UnreadableFile: the file is missing, no image that can be read, or beyond a limit.
    """
    if not isinstance(source, str | os.PathLike):
        return source
    from ingest.readers.read_now import read_query_image

    return read_query_image(Path(source).expanduser(), readers)


def _day(day: date | str | None) -> str | None:
    """A day as text, year first; of a moment, its day."""
    if day is None or isinstance(day, date):
        return None if day is None else f"{day:%Y-%m-%d}"
    try:
        return date.fromisoformat(day).isoformat()
    except ValueError:
        raise InvalidSearch(f"{day!r} is not a day.", hint="Write it like 2025-01-31.") from None
