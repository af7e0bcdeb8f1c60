"""Status of a home: documents, pages, sizes, indexes and files set aside."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from api.schemas.documents import failure_record
from ingest.index.index import Index, open_indexes
from ingest.library.database import LibraryNotFound
from ingest.library.documents import readable
from ingest.library.home import Home
from ingest.library.library import Library
from ingest.shards.acts import verify_home
from ingest.shards.sharded_library import open_library


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
        "shards": [],
    }
    if verify or repair:
        there = home.database.exists() or home.shards_file.exists()
        state["disagreements"] = verify_home(home, repair=repair) if there else []
    try:
        library = open_library(home)
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
            "documents": of_library,
        }
        for index, of_library in _indexes(library)
    ]
    state["failures"] = [failure_record(failure) for failure in library.failures()]
    state["shards"] = _shards(library)
    return state


def _indexes(library: Library) -> Iterator[tuple[Index, int]]:
    """An index of each encoder, and how many documents the indexes of it have in all shards."""
    found: dict[str, tuple[Index, int]] = {}
    for its_library in library.shards().values():
        documents = its_library.documents()
        for index in open_indexes(its_library.home):
            first, count = found.get(index.manifest.slug, (index, 0))
            found[index.manifest.slug] = first, count + sum(map(index.has, documents))
    for slug in sorted(found):
        yield found[slug]


def _shards(library: Library) -> list[dict[str, Any]]:
    """Documents and pages of each shard, null of those that cannot be read."""
    state: dict[str, tuple[int | None, int | None]] = {
        name: (its_library.document_count(), its_library.page_count())
        for name, its_library in library.shards().items()
        if name
    }
    state |= dict.fromkeys(library.missing_shards, (None, None))
    return [{"name": n, "documents": d, "pages": p} for n, (d, p) in sorted(state.items())]
