"""Bring an index's records to the Chroma that is in use now, from the vectors that the index holds.

So a home can move from the embedded Chroma to a server, or back, and nothing is encoded anew.
"""

from __future__ import annotations

from collections.abc import Sequence

from ingest.index.index import Index
from ingest.page import Document, Page


def sync_records(index: Index, documents: Sequence[Document]) -> None:
    """Copy the records if they are elsewhere; cheap where they are not. The writer's lock must be held.

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
    index.records.note()
