"""Original file: the path of the file that a document was read from."""

from __future__ import annotations

from pathlib import Path

from ingest.error import NotFoundError
from ingest.file_state import hash_file, stamp_of
from ingest.library.library import Library
from ingest.page import Document


class OriginalNotFound(NotFoundError):
    """The file that a document was read from is not there any more, or has changed."""

    code = "original-not-found"


def find_original(library: Library, document: Document) -> Path:
    """Path of a file with the bytes that a document was read from.

    Raises:
        OriginalNotFound
    """
    names = library.names()
    for name in document.paths:
        path = Path(name)
        stamp = stamp_of(path)
        if stamp is None or stamp.size != document.byte_size:
            continue
        if name in names and names[name][1] == stamp:
            return path
        if _has_bytes_of(path, document):
            return path
    raise OriginalNotFound(
        f"The file of {document.name} is not there any more, or has changed.",
        hint="Its page images are still there.",
    )


def _has_bytes_of(path: Path, document: Document) -> bool:
    try:
        return hash_file(path) == document.sha256
    except OSError:
        return False
