"""Query filters: documents by name, and `file:NAME` and `tag:NAME` inside a query."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from ingest.filter import ALL_PAGES, PageFilter
from ingest.library.documents import DocumentNotFound

if TYPE_CHECKING:
    from ingest.library.library import Library

_FILTER = re.compile(
    r'(?<!\S)(?P<kind>file|tag):(?:"(?P<quoted>[^"]+)"|(?P<bare>[^\s"/][^\s"]*))(?!\S)',
    re.IGNORECASE,
)


def split_filters(query: str) -> tuple[str, list[str], list[str]]:
    """Query without its filters, then the files and the tags that they name.

    >>> split_filters('lamp file:"annual report.pdf" tag:boat')
    ('lamp', ['annual report.pdf'], ['boat'])
    """
    return _split(query, lambda kind, name: True)


def _split(query: str, counts: Callable[[str, str], bool]) -> tuple[str, list[str], list[str]]:
    """Query without those of its filters that count, then their files and tags."""
    named: dict[str, list[str]] = {"file": [], "tag": []}

    def take(found: re.Match[str]) -> str:
        kind, name = found["kind"].lower(), found["quoted"] or found["bare"]
        if not counts(kind, name):
            return found[0]
        named[kind].append(name)
        return " "

    text = _FILTER.sub(take, query)
    if any(named.values()):
        query = " ".join(text.split())
    return query, named["file"], named["tag"]


def apply_filters(library: Library, query: str, filter: PageFilter) -> tuple[str, PageFilter]:
    """Query without its filters, and `filter` with them.

    Raises:
        DocumentNotFound: a file that is named does not exist, or is ambiguous.
    """
    text, files, tags = split_filters(query)
    if tags:
        filter = replace(filter, tags=(*filter.tags, *tags))
    return text, filter_documents(library, files or None, filter)


def apply_known_filters(
    library: Library, question: str, filter: PageFilter
) -> tuple[str, PageFilter]:
    """Question without the filters that name what is there, and `filter` with them.

    A filter of a file or a tag that the library does not have is words of the question;
    so is every filter of a question that says nothing else.
    """

    def is_known(kind: str, name: str) -> bool:
        if kind == "tag":
            return bool(library.tagged([name]))
        try:
            return bool(library.documents_named(name))
        except DocumentNotFound:
            return False

    text, files, tags = _split(question, is_known)
    if not text or not (files or tags):
        return question, filter
    filter = replace(filter, tags=(*filter.tags, *tags))
    return text, filter_documents(library, files or None, filter)


def filter_documents(
    library: Library,
    documents: Sequence[str] | None,
    filter: PageFilter = ALL_PAGES,
    folder: str | None = None,
) -> PageFilter:
    """Filter restricted to documents and to a folder, within those it had.

    Without either it is `filter` as given.

    Args:
        documents: ids, heads of ids, file names, paths or ends of paths, or folders.
        folder: a folder on the path of the documents, or several joined by slashes.

    Raises:
        DocumentNotFound: one of them does not exist, or is ambiguous.
    """
    if not documents and not folder and not filter.photos:
        return filter
    photos = filter.photos
    named = [document for name in documents or () for document in library.documents_named(name)]
    parts = [
        filter.document_ids,
        [document.id for document in named] if documents else None,
        [document.id for document in library.documents_in(folder)] if folder else None,
        [i for i, photo in library.photos().items() if photos.fits(photo)] if photos else None,
    ]
    first, *others = (dict.fromkeys(part) for part in reversed(parts) if part is not None)
    ids = tuple(i for i in first if all(i in other for other in others))
    return replace(filter, document_ids=ids, photos=None)
