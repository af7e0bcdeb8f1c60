"""Encoding of a document that is in the library, for one index."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from ingest.encoders.encoder import Encoder
from ingest.encoders.page_batch import batched_pages
from ingest.filter import PageFilter
from ingest.index.index import Index
from ingest.library.library import Library
from ingest.page import Document, Rendered

AddClips = Callable[[Document, Sequence[Rendered]], list[Rendered]]
"""Gives pages that are shots the clips of these."""


def encode_document(
    library: Library,
    encoder: Encoder,
    index: Index,
    document: Document,
    add_clips: AddClips | None = None,
) -> None:
    """Write a document's vectors and records, from its pages in the library.

    Args:
        add_clips: reads the clips that an encoder of clips needs; without it there are none.
    """
    records = library.page_records(PageFilter.to([document.id]))
    writer = index.writer(document)
    for some in batched_pages(map(library.rendered, records), encoder.batch_pages):
        if add_clips and encoder.modality == "video":
            some = add_clips(document, some)
        encoded = encoder.encode_pages(some)
        index.fit_center(encoded)
        for seen in encoded:
            writer.append(seen)
        index.put([rendered.page for rendered in some], encoded)
    writer.close()
