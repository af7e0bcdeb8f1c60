"""From pages and files to records and comparisons: what `extract` and `POST /v1/extract` share."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from api.settings import Settings
    from generation.extraction.compare import Likeness
    from generation.extraction.record import Record
    from generation.extraction.schema import Schema
    from generation.models.model import ChatModel
    from generation.prompt import Evidence
    from ingest.library.library import Library


def open_kept(library: Library, key: str) -> list[Evidence]:
    """The one page of the library with this key.

    Raises:
        DocumentNotFound, PageNotFound
    """
    from generation.prompt import Evidence

    page = library.page(key)
    return [Evidence(1, page, library.words(page), partial(library.image, page), 1.0)]


def open_file(
    path: Path, settings: Settings, password: str | None = None, *, most: int | None = None
) -> list[Evidence]:
    """Every page of a file that need not be in the library.

    Raises:
        UnreadableFile: it cannot be read, or has more than `most` pages.
        OcrUnavailable
    """
    from generation.prompt import Evidence
    from ingest.file_state import document_id, hash_file
    from ingest.files.render import RenderSettings, inspect, render
    from ingest.files.source import UnreadableFile
    from ingest.library.documents import readable
    from ingest.page import Page

    how = RenderSettings(settings.dpi, settings.ocr, password)
    count = inspect(path, how).page_count
    if most is not None and count > most:
        raise UnreadableFile(
            f"{readable(path.name)} has {count} pages; there is room for {most}.",
            hint="Send fewer pages, or ingest it and name those that count.",
        )
    first = Page(document_id(hash_file(path)), 1, readable(path.name))
    return [
        Evidence(1, page.page, page.words, lambda image=page.image: image, 1.0)  # type: ignore[misc]
        for page in render(path, first, count, how)
    ]


def label(pages: Sequence[Evidence]) -> list[Evidence]:
    """The pages labelled from 1."""
    return [replace(page, label=number) for number, page in enumerate(pages, 1)]


def read_pages(pages: Sequence[Evidence], schema: Schema, chat: ChatModel | None) -> Record:
    """Pages as one record, by a language model or without one. Raises what they raise."""
    if chat is None:
        from generation.extraction.rules import extract_by_rules

        return extract_by_rules(pages, schema)
    from generation.extraction.extract import extract

    return extract(pages, schema, chat)


def compare_pages(
    a: Sequence[Evidence], b: Sequence[Evidence], chat: ChatModel | None
) -> dict[str, Any]:
    """What differs from A to B, by a language model or word by word, as JSON (docs/extract.md)."""
    from generation.extraction.compare import compare, comparison_schema

    both = label([*a, *b])
    a, b = both[: len(a)], both[len(a) :]
    alike = _likeness(a[0], b[0]) if len(a) == len(b) == 1 else None
    if chat is None:
        record = compare(a, b, alike)
    else:
        record = read_pages(both, comparison_schema(a, b), chat)
    pictures = {"correlation": round(alike.correlation, 4), "sizes": alike.sizes} if alike else None
    return {
        "a": [page.page.key for page in a],
        "b": [page.page.key for page in b],
        "pictures": pictures,
        **describe(record),
    }


def _likeness(a: Evidence, b: Evidence) -> Likeness:
    from PIL import Image

    from generation.extraction.compare import Likeness
    from retrieval.duplicates import MIN_CORRELATION, correlate, shrink

    images = a.image(), b.image()
    correlation = 1.0 if images[0] == images[1] else correlate(*map(shrink, images))
    first, second = (Image.open(io.BytesIO(image)).size for image in images)
    return Likeness(correlation, (first, second), correlation >= MIN_CORRELATION)


def describe(record: Record) -> dict[str, Any]:
    """A record as `extract --json` writes it (docs/extract.md)."""
    from api.schemas import UsageBody

    return {
        "data": record.data,
        "fields": {
            field.pointer: {
                "page": field.page.key if field.page else None,
                "quote": field.quote,
                "boxes": [[round(edge, 4) for edge in box] for box in field.boxes],
                "printed": field.printed,
                "verified": field.verified,
            }
            for field in record.fields
        },
        "missing": list(record.missing),
        "model": record.model,
        "attempts": record.attempts,
        "note": record.note,
        "usage": UsageBody.of(record.usage).model_dump(),
    }
