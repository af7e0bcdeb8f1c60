"""Status of a home: documents, pages, sizes, indexes and files set aside."""

from __future__ import annotations

from typing import Any

from api.schemas.documents import failure_record
from ingest.index.index import open_indexes
from ingest.library.database import LibraryNotFound
from ingest.library.documents import readable
from ingest.library.home import Home
from ingest.library.library import Library
from ingest.verify import verify as find_disagreements


def read_status(home: Home, *, verify: bool = False, repair: bool = False) -> dict[str, Any]:
    """Status of a home, as `status --json` writes it (docs/cli.md).

    Args:
        verify: also compare library, indexes and files, as `disagreements`.
        repair: first delete what killed writers left; implies `verify`.

    Raises:
        LibraryFormatError, IndexFormatError: a newer version wrote it.
    """
    state: dict[str, Any] = {
        "home": readable(str(home.root)),
        "documents": 0,
        "pages": 0,
        "noted_pages": 0,
        "bytes": home.size(),
        "free_bytes": home.free_bytes(),
        "indexes": [],
        "failures": [],
    }
    if verify or repair:
        there = home.database.exists()
        state["disagreements"] = find_disagreements(home, repair=repair) if there else []
    try:
        library = Library(home)
    except LibraryNotFound:
        return state
    documents = library.documents()
    state["documents"] = len(documents)
    state["pages"] = library.page_count()
    state["noted_pages"] = sum(len(document.notes) for document in documents)
    state["indexes"] = [
        {
            "encoder": index.manifest.encoder,
            "model": index.manifest.model,
            "dim": index.manifest.dim,
            "format": index.manifest.format,
            "documents": sum(map(index.has, documents)),
        }
        for index in open_indexes(home)
    ]
    state["failures"] = [failure_record(failure) for failure in library.failures()]
    return state
