"""Extraction: pages of the library, or of files, as records and comparisons."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from generation.extraction.compare import Likeness
    from generation.extraction.record import Record
    from generation.extraction.schema import Schema
    from generation.models.model import ChatModel
    from generation.prompt import Evidence
    from ingest.files.render import RenderSettings
    from ingest.library.library import Library
    from ingest.page import Page
    from ingest.readers.reader_pool import ReaderPool

MAX_PAGES = 50
"""Pages that a remote caller may have read in one request."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """Differences from the pages `a` to the pages `b`.

    `images` is the similarity of two page images, None where a side is not one page.
    """

    a: tuple[Evidence, ...]
    b: tuple[Evidence, ...]
    images: Likeness | None
    record: Record


def open_library_page(library: Library, key: str) -> list[Evidence]:
    """Evidence of one page of the library, as a list of one.

    Raises:
        DocumentNotFound, PageNotFound
    """
    return [_library_evidence(library, library.page(key))]


def open_library_document(
    library: Library, name: str, *, max_pages: int | None = None
) -> list[Evidence]:
    """Evidence of every page of a document of the library, by its id, name or path.

    Raises:
        DocumentNotFound: none or several fit.
        DocumentTooLong: it has more than `max_pages`.
    """
    document = library.document(name)
    _check_length(document.name, document.page_count, max_pages)
    keys = [f"{document.id}-{number}" for number in range(1, document.page_count + 1)]
    return [_library_evidence(library, record.page) for record in library.records_of(keys)]


def _check_length(name: str, count: int, max_pages: int | None) -> None:
    from generation.extraction.record import DocumentTooLong

    if max_pages is not None and count > max_pages:
        raise DocumentTooLong(
            f"{name} has {count} pages; at most {max_pages} are read at once.",
            hint="Send fewer pages, or ingest it and name those that count.",
        )


def _library_evidence(library: Library, page: Page) -> Evidence:
    from generation.prompt import Evidence
    from ingest.page import shown_words

    words = shown_words(library.words(page))
    return Evidence(1, page, words, partial(library.image, page), 1.0)


def open_file_pages(
    path: Path, settings: RenderSettings, readers: ReaderPool, *, max_pages: int | None = None
) -> list[Evidence]:
    """Evidence of every page of a file, which is not added to the library.

    Raises:
        UnreadableFile: it cannot be read within the limits.
        DocumentTooLong: it has more than `max_pages`.
        OcrUnavailable, ReadersBusy
    """
    from generation.prompt import Evidence
    from ingest.file_state import document_id, hash_file
    from ingest.library.documents import readable
    from ingest.library.names import shown_name
    from ingest.page import Page, shown_words
    from ingest.readers.read_now import inspect_now, read_pages

    count = inspect_now(path, settings, readers).page_count
    _check_length(readable(path.name), count, max_pages)
    first = Page(document_id(hash_file(path)), 1, shown_name(path.name))
    return [
        Evidence(1, page.page, shown_words(page.words), lambda image=page.image: image, 1.0)  # type: ignore[misc]
        for page in read_pages(path, first, count, settings, readers)
    ]


def label_pages(pages: Sequence[Evidence]) -> list[Evidence]:
    """Pages labelled from 1."""
    return [replace(page, label=number) for number, page in enumerate(pages, 1)]


def extract_record(
    pages: Sequence[Evidence],
    schema: Schema,
    chat: ChatModel | None,
    whole: Library | Path | None = None,
) -> Record:
    """Record of labelled pages, by a language model, or by rules without one.

    `whole` is the file that the pages are all of, or the library that has it.

    Raises what `generation.extraction.extract` raises.
    """
    if chat is None:
        from generation.extraction.rules import extract_by_rules

        return extract_by_rules(pages, schema)
    from api.rag.document_file import find_file
    from generation.extraction.extract import extract

    return extract(pages, schema, chat, find_file(chat, pages, whole))


def compare_pages(
    a: Sequence[Evidence], b: Sequence[Evidence], chat: ChatModel | None
) -> Comparison:
    """Compare pages A with pages B, by a language model, or word by word without one."""
    from generation.extraction.compare import compare, comparison_schema

    both = label_pages([*a, *b])
    a, b = both[: len(a)], both[len(a) :]
    images = _image_similarity(a[0], b[0]) if len(a) == len(b) == 1 else None
    if chat is None:
        record = compare(a, b, images)
    else:
        record = extract_record(both, comparison_schema(a, b), chat)
    return Comparison(tuple(a), tuple(b), images, record)


def _image_similarity(a: Evidence, b: Evidence) -> Likeness:
    from PIL import Image

    from generation.extraction.compare import Likeness
    from retrieval.duplicates import MIN_CORRELATION, correlate, shrink

    images = a.image(), b.image()
    correlation = 1.0 if images[0] == images[1] else correlate(*map(shrink, images))
    first, second = (Image.open(io.BytesIO(image)).size for image in images)
    return Likeness(correlation, (first, second), correlation >= MIN_CORRELATION)
