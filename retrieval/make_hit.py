"""Hits from page records, with what the library says of their pages."""

from __future__ import annotations

from ingest.library.library import Library
from ingest.library.pages import PageRecord
from retrieval.hit import Hit, Region


def make_hit(
    record: PageRecord,
    library: Library,
    *,
    score: float = 0.0,
    regions: tuple[Region, ...] = (),
    signals: dict[str, float] | None = None,
) -> Hit:
    """Hit of a page record, with what the library says of the page."""
    page = record.page
    kind, revision, note, captioned = library.read_as(page)
    captions = library.captions(page) if captioned else ()
    return Hit(
        page=page,
        score=score,
        regions=regions,
        signals=signals or {},
        caption=" ".join(caption.text for caption in captions),
        note=note,
        width=record.width,
        height=record.height,
        revision=revision,
        kind=kind,
    )
