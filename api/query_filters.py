"""Query filters: `file:NAME` and `tag:NAME` inside a query."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from api.rag.evidence import filter_documents

if TYPE_CHECKING:
    from ingest.filter import PageFilter
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
    files: list[str] = []
    tags: list[str] = []
    for found in _FILTER.finditer(query):
        named = files if found["kind"].lower() == "file" else tags
        named.append(found["quoted"] or found["bare"])
    if not (files or tags):
        return query, [], []
    return " ".join(_FILTER.sub(" ", query).split()), files, tags


def apply_filters(library: Library, query: str, filter: PageFilter) -> tuple[str, PageFilter]:
    """Query without its filters, and `filter` with them.

    Raises:
        DocumentNotFound: a file that is named does not exist, or is ambiguous.
    """
    text, files, tags = split_filters(query)
    if tags:
        filter = replace(filter, tags=(*filter.tags, *tags))
    return text, filter_documents(library, files or None, filter)
