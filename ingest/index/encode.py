"""Encoding of a document that is in the library, for one index."""

from __future__ import annotations

from ingest.encoders.encoder import Encoder
from ingest.filter import PageFilter
from ingest.index.index import Index
from ingest.library.library import Library
from ingest.page import Document


def encode_document(library: Library, encoder: Encoder, index: Index, document: Document) -> None:
    """Write a document's vectors and records, from its pages in the library."""
    records = library.page_records(PageFilter.to([document.id]))
    writer = index.writer(document)
    for at in range(0, len(records), encoder.batch_pages):
        some = records[at : at + encoder.batch_pages]
        encoded = encoder.encode_pages([library.rendered(record) for record in some])
        index.fit_center(encoded)
        for seen in encoded:
            writer.append(seen)
        index.put([record.page for record in some], encoded)
    writer.close()
