"""Derive an index from the library: for an encoder that is new, or an index that was dropped."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from ingest.encoders.encoder import Encoder
from ingest.event import Event, Indexed
from ingest.home import Home
from ingest.index import Index, drop_indexes, open_indexes, pooled_records
from ingest.librarian import Librarian
from ingest.page import Document

PAGES_AT_ONCE = 16


def fill_indexes(
    home: Home,
    librarian: Librarian,
    encoders: Sequence[str],
    load: Callable[[], list[tuple[Encoder, Index]]],
) -> Iterator[Event]:
    """Encode documents that the library has and an index lacks. Cheap where none does."""
    documents = librarian.documents()
    there = {index.manifest.encoder: index for index in open_indexes(home)}
    lacking = {
        name
        for name in encoders
        if name not in there or not all(there[name].has(d) for d in documents)
    }
    if not documents or not lacking:
        return
    for encoder, index in load():
        for document in documents:
            if encoder.name in lacking and not index.has(document):
                _encode_document(librarian, encoder, index, document)
                yield Indexed(document, encoder.name)


def rebuild(
    home: Home, load: Callable[[], list[tuple[Encoder, Index]]], encoders: Sequence[str]
) -> Iterator[Event]:
    """Drop every index and derive those of `encoders` anew. The writer's lock must be held."""
    drop_indexes(home)
    yield from fill_indexes(home, Librarian(home), encoders, load)


def _encode_document(
    librarian: Librarian, encoder: Encoder, index: Index, document: Document
) -> None:
    records = librarian.page_records([document.id])
    writer = index.writer(document)
    for at in range(0, len(records), PAGES_AT_ONCE):
        some = records[at : at + PAGES_AT_ONCE]
        encoded = encoder.encode_pages([librarian.rendered(record) for record in some])
        for seen in encoded:
            writer.append(seen)
        pages, vectors = pooled_records([record.page for record in some], encoded)
        if pages:
            index.records.upsert(pages, vectors)
    writer.close()
