"""Derive an index from the library: for an encoder that is new, or an index that was dropped."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from ingest.choose import load_encoders, read_storages
from ingest.encoders.encoder import Encoder, Encoding
from ingest.event import Event, Indexed, Stored
from ingest.filter import Narrow
from ingest.index.index import Index, drop_indexes, open_indexes
from ingest.index.quantization import Storage
from ingest.index.sync import settle
from ingest.library.home import Home
from ingest.library.writer import Librarian
from ingest.page import Document


def fill_indexes(
    home: Home,
    librarian: Librarian,
    encoders: Sequence[str],
    load: Callable[[], list[tuple[Encoder, Index]]],
) -> Iterator[Event]:
    """Encode documents that the library has and an index lacks. Cheap where none does."""
    documents = librarian.documents()
    there = {index.manifest.encoder: index for index in open_indexes(home)}
    for index in there.values():
        settle(index, documents)
        index.records.close()
    lacking = {
        name
        for name in encoders
        if name not in there or not all(there[name].has(d) for d in documents)
    }
    if not documents or not lacking:
        return
    for encoder, index in load():
        if encoder.name not in lacking:
            continue
        for document in documents:
            if not index.has(document):
                encode_document(librarian, encoder, index, document)
                librarian.touch()
                yield Indexed(document, encoder.name)


def keep_as(
    home: Home, librarian: Librarian, encoders: Sequence[str], storage: Storage
) -> Iterator[Event]:
    """Make the indexes of these encoders keep rows in one way, from the rows that they hold. The writer's lock must be held.

    Raises:
        StorageLost: an index holds int8 rows, and fp16 ones are wanted.
    """
    documents = librarian.documents()
    for index in open_indexes(home):
        if index.manifest.encoder in encoders and index.keep_as(storage, documents):
            librarian.touch()
            yield Stored(index.manifest.encoder, storage)
        index.records.close()


def rebuild_indexes(
    home: Home,
    encoders: Sequence[str],
    encoding: Encoding,
    *,
    dpi: int,
    storage: Storage | None = None,
    on_wait: Callable[[], None] | None = None,
) -> Iterator[Event]:
    """Drop every index and derive those of `encoders` anew.

    Args:
        dpi: what the pages were rendered at, for the manifests to remember.
        storage: how rows are kept, None as each index has them.
        on_wait: called once if another writer is waited for.

    Raises:
        What `ingest.choose.load_encoders` raises, before anything is dropped; HomeBusy, NoLibrary.
    """
    with home.writing(on_wait=on_wait):
        librarian = Librarian(home)
        # Loaded first: what cannot be loaded drops nothing, and the old manifests say how to merge.
        wanted = load_encoders(home, encoders, encoding)
        before = read_storages(home)
        drop_indexes(home)
        loaded = [
            (
                encoder,
                Index.create(home, encoder, storage or before.get(encoder.name), dpi=str(dpi)),
            )
            for encoder in wanted
        ]
        try:
            yield from fill_indexes(home, librarian, encoders, lambda: loaded)
        finally:
            for _, index in loaded:
                index.records.close()


def encode_document(
    librarian: Librarian, encoder: Encoder, index: Index, document: Document
) -> None:
    """Write a document's vectors and records, from what the library has of it."""
    records = librarian.page_records(Narrow.to([document.id]))
    writer = index.writer(document)
    for at in range(0, len(records), encoder.batch_pages):
        some = records[at : at + encoder.batch_pages]
        encoded = encoder.encode_pages([librarian.rendered(record) for record in some])
        index.centre_on(encoded)
        for seen in encoded:
            writer.append(seen)
        index.put([record.page for record in some], encoded)
    writer.close()
