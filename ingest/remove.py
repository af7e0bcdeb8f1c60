"""Removal of documents from the library and every index."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence

from ingest.disk.atomic import discard
from ingest.disk.full_disk import is_disk_full
from ingest.index.index import open_indexes
from ingest.index.sync import sync_records
from ingest.index.vocabulary.update_vocabulary import prune_vocabulary
from ingest.library.home import Home
from ingest.library.writer import LibraryWriter
from ingest.page import Document
from ingest.reserve import spare_space


def remove(home: Home, wanted: Sequence[str], *, wait: float | None = None) -> list[Document]:
    """Remove documents by id, head of id, path or file name; returns them.

    All or nothing: one that is not there stops it before anything is removed. What was
    attached to one of them, and is nowhere else, goes with it. Their files stay where they
    are; an ingest of a folder leaves them out until they change or are named.

    Raises:
        LibraryNotFound, DocumentNotFound, HomeBusy, DiskFull, ReadOnlyMirror, ObjectStoreError
    """
    with home.writing(wait), spare_space(home.root) as full:
        library = LibraryWriter(home)
        finish_interrupted(home, library)
        documents = list({d.id: d for d in map(library.document, wanted)}.values())
        # On a full disk one by one: each makes room for the next.
        for some in [[d] for d in documents] if full else [documents]:
            for document in some:
                library.note_removed(document.id)
            forget(home, library, [document.id for document in some])
            for document in some:
                home.delete_uploads(document.paths)
            _compact(library, some)
        attached = remove_nameless(home, library)
        library.close()
    return [*documents, *attached]


def remove_nameless(home: Home, library: LibraryWriter) -> list[Document]:
    """Remove documents that have no file, and are attached to none that has one.

    The writer's lock must be held.
    """
    removed: list[Document] = []
    while gone := set(library.nameless()):
        documents = [document for document in library.documents() if document.id in gone]
        forget(home, library, [document.id for document in documents])
        _compact(library, documents)
        removed += documents
    return removed


def _compact(library: LibraryWriter, documents: Sequence[Document]) -> None:
    """Remove the last traces; the next writer does it where a full disk does not allow it."""
    try:
        library.compact()
    except sqlite3.Error as error:
        if not is_disk_full(error, library.home.root):
            raise
        library.begin([document.id for document in documents])


def forget(home: Home, library: LibraryWriter, document_ids: Sequence[str]) -> None:
    """Remove documents by id: from the library first, then from the indexes."""
    library.remove(document_ids)
    _clear(home, library, document_ids)


def finish_interrupted(home: Home, library: LibraryWriter) -> bool:
    """Finish what a killed writer began; whether there was anything.

    Every writer does so first. It looks at nothing but the documents of which the
    library has noted that they are unfinished.
    """
    cut_off = library.unfinished()
    if not cut_off:
        return False
    for document_id in cut_off:
        library.restore_images(document_id)
    kept = {document.id for document in library.documents()}
    if traces := [document_id for document_id in cut_off if document_id not in kept]:
        for document_id in traces:
            discard(home.uploads / document_id)
        _clear(home, library, traces)
        library.compact()
    library.finish(cut_off)
    return True


def purge(home: Home, library: LibraryWriter) -> None:
    """Delete whatever belongs to no document, in the home and its indexes.

    A killed writer may have left it there.
    """
    finish_interrupted(home, library)
    library.sweep()
    documents = library.documents()
    for index in open_indexes(home):
        index.sweep(documents)


def _clear(home: Home, library: LibraryWriter, document_ids: Sequence[str]) -> None:
    for index in open_indexes(home):
        sync_records(index, library.documents())
        index.remove(document_ids)
        prune_vocabulary(index, library)
        index.records.close()
    library.finish(document_ids)
