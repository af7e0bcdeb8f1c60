"""Document paging: documents filtered, sorted, and cut at a cursor."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Sequence
from typing import Any, Literal, TypeAlias

from ingest.error import InvalidInputError
from ingest.page import Document

Sort: TypeAlias = Literal[
    "name",
    "-name",
    "title",
    "-title",
    "added",
    "-added",
    "taken",
    "-taken",
    "pages",
    "-pages",
    "bytes",
    "-bytes",
]
Key: TypeAlias = "tuple[Any, str]"
KEYS: dict[str, Callable[[Document], Any]] = {
    "name": lambda document: document.name.casefold(),
    "title": lambda document: document.titled().title.casefold(),
    "added": lambda document: document.added_at,
    "taken": lambda document: document.taken,
    "pages": lambda document: document.page_count,
    "bytes": lambda document: document.byte_size,
}


class InvalidCursor(InvalidInputError):
    """A cursor is not one that a list of documents with this order gave."""

    code = "invalid-cursor"


def filter_list(
    documents: Sequence[Document], *, words: str = "", kind: str | None = None, tag: str = ""
) -> list[Document]:
    """Documents of a kind, with a tag, and with words in name, title, paths or tags."""
    wanted = words.casefold().split()
    return [
        document
        for document in documents
        if (kind is None or document.kind == kind)
        and (not tag or tag in document.tags)
        and (not wanted or all(word in _text(document) for word in wanted))
    ]


def _text(document: Document) -> str:
    return "\n".join(
        [document.name, document.title, *document.addresses, *document.tags, document.id]
    ).casefold()


def sort_list(documents: Sequence[Document], sort: Sort) -> list[Document]:
    """Documents in an order; "-" before its name turns it round."""
    return sorted(documents, key=_key(sort), reverse=sort.startswith("-"))


def cut_list(
    documents: Sequence[Document], sort: Sort, cursor: str | None, limit: int | None
) -> tuple[list[Document], str | None]:
    """Sorted documents after a cursor, at most `limit`, and the next cursor.

    A cursor names the last document that was given, so that none is given twice or left
    out when others are added or removed meanwhile.

    Raises:
        InvalidCursor
    """
    rest = list(documents)
    if cursor is not None:
        last, key = _parse(cursor, sort), _key(sort)
        try:
            rest = [d for d in rest if (key(d) < last if sort.startswith("-") else key(d) > last)]
        except TypeError:
            raise _invalid() from None
    if limit is None or len(rest) <= limit:
        return rest, None
    last = _key(sort)(rest[limit - 1])
    return rest[:limit], base64.urlsafe_b64encode(json.dumps([sort, *last]).encode()).decode()


def _key(sort: Sort) -> Callable[[Document], Key]:
    value = KEYS[sort.removeprefix("-")]
    return lambda document: (value(document), document.id)


def _parse(cursor: str, sort: Sort) -> Key:
    try:
        told, value, document_id = json.loads(base64.urlsafe_b64decode(cursor.encode("ascii")))
    except (ValueError, TypeError):
        raise _invalid() from None
    if told != sort or not isinstance(document_id, str):
        raise _invalid()
    return value, document_id


def _invalid() -> InvalidCursor:
    return InvalidCursor(
        "The cursor does not fit this list.", hint="Ask without it, or with the same `sort`."
    )
