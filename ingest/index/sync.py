"""Record synchronization: copies an index's records to the Chroma in use.

The records are made of the stored vectors, so that a home moves from the embedded
Chroma to a server, or back, without encoding.
"""

from __future__ import annotations

from collections.abc import Sequence

from ingest.index.index import Index
from ingest.page import Document, Page


def sync_records(index: Index, documents: Sequence[Document]) -> None:
    """Copy an index's records to the Chroma in use, if they are not there.

    The writer's lock must be held.

    Raises:
        ChromaUnreachable, ChromaRefused
    """
    if index.records.synced():
        return
    index.records.create()
    for document in documents:
        if index.has(document):
            held = index.vectors(document)
            numbers = range(1, held.page_count + 1)
            index.put(
                [Page(document.id, number, document.name) for number in numbers],
                [held.page(number) for number in numbers],
            )
    index.records.commit()
