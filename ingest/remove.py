"""Take documents out of the library and out of every index, leaving nothing behind."""

from __future__ import annotations

from collections.abc import Sequence

from ingest.index.index import open_indexes
from ingest.index.sync import settle
from ingest.library.home import Home
from ingest.library.writer import Librarian
from ingest.page import Document


def remove(home: Home, wanted: Sequence[str], *, wait: float | None = None) -> list[Document]:
    """Remove documents named by id, head of id, path or file name; returns what they were.

    All or nothing: one that is not there stops it before anything is removed.

    Raises:
        NoLibrary, NoDocument, HomeBusy, OnlyMirror, StoreFault
    """
    with home.writing(wait):
        librarian = Librarian(home)
        documents = list({d.id: d for d in map(librarian.document, wanted)}.values())
        for document in documents:
            home.delete_uploads(document.paths)
        forget(home, librarian, [document.id for document in documents])
        librarian.compact()
    return documents


def forget(home: Home, librarian: Librarian, document_ids: Sequence[str]) -> None:
    """Remove documents by id: out of sight first, then out of the indexes."""
    librarian.remove(document_ids)
    _clear(home, librarian, document_ids)


def purge(home: Home, librarian: Librarian) -> None:
    """Finish what a killed writer began: traces in an index of documents that the library lacks."""
    documents = librarian.documents()
    kept = {document.id for document in documents}
    cut_off = librarian.unfinished()
    if traces := [document_id for document_id in cut_off if document_id not in kept]:
        _clear(home, librarian, traces)
        librarian.compact()
    librarian.finish(cut_off)
    for index in open_indexes(home):
        index.sweep(documents)


def _clear(home: Home, librarian: Librarian, document_ids: Sequence[str]) -> None:
    for index in open_indexes(home):
        settle(index, librarian.documents())
        index.remove(document_ids)
        index.records.close()
    librarian.finish(document_ids)
