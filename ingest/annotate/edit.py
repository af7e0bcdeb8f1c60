"""Document edits: the title and the tags that a user gives a document."""

from __future__ import annotations

from collections.abc import Sequence

from ingest.error import InvalidInputError
from ingest.library.home import Home
from ingest.library.writer import LibraryWriter
from ingest.page import Document

MAX_TITLE = 500
MAX_TAG = 100
"""Characters."""
MAX_TAGS = 50


class InvalidEdit(InvalidInputError):
    """A title or a tag is blank or too long, or there are too many tags."""

    code = "invalid-edit"


def edit(
    home: Home,
    wanted: str,
    *,
    title: str | None = None,
    tags: Sequence[str] | None = None,
    wait: float | None = None,
) -> Document:
    """Give a document a title, or tags in place of those it was given; returns it.

    Full-text search finds the new title at once; vectors keep the old one. Both stay when
    the document is read anew.

    Args:
        wanted: id, head of an id, path or file name.
        title, tags: None changes nothing.
        wait: seconds to wait for another writer.

    Raises:
        InvalidEdit, LibraryNotFound, DocumentNotFound, HomeBusy, DiskFull, ReadOnlyMirror
    """
    new_title = None if title is None else check_title(title)
    new_tags = None if tags is None else check_tags(tags)
    with home.writing(wait):
        library = LibraryWriter(home)
        document = library.document(wanted)
        if new_title is not None:
            library.set_title(document.id, new_title)
        if new_tags is not None:
            library.set_document_tags(document.id, new_tags)
        document = library.document(document.id)
        library.close()
    return document


def check_title(title: str) -> str:
    """Title as one line. Raises InvalidEdit."""
    line = " ".join(title.split())
    if not line or len(line) > MAX_TITLE:
        raise InvalidEdit(
            "The title is blank." if not line else f"The title has {len(line)} characters.",
            hint=f"Give a title of 1 to {MAX_TITLE} characters.",
        )
    return line


def check_tags(tags: Sequence[str]) -> list[str]:
    """Tags as lines, each once, in order. Raises InvalidEdit."""
    lines = sorted({" ".join(tag.split()) for tag in tags})
    if "" in lines or len(lines) > MAX_TAGS or any(len(line) > MAX_TAG for line in lines):
        raise InvalidEdit(
            "A tag is blank or too long, or there are too many.",
            hint=f"Give up to {MAX_TAGS} tags of 1 to {MAX_TAG} characters.",
        )
    return lines
