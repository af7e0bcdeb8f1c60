"""Where a page bears a claim out by its looks: generation's question, put to the searcher."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from generation.ask import RegionLocator
    from ingest.page import Box, Page
    from retrieval.search import Searcher


def locator(searcher: Searcher) -> RegionLocator:
    """What `generation.ask` is handed: the peak of a claim on a page, by encoders of pictures and of whole pages.

    A page that is gone, or that none of them has seen, bears nothing out. The
    searcher must stay open while an answer is read.
    """

    def locate(claim: str, page: Page) -> Sequence[Box]:
        from retrieval.error import LibraryChanging, PageNotEncoded
        from retrieval.explain.saliency import find_salient_regions

        for seen in searcher.manifests():
            if seen.modality == "text":
                continue
            try:
                boxes = find_salient_regions(
                    searcher.explain(claim, page, seen.encoder), seen.cosine_range
                )
            except (PageNotEncoded, LibraryChanging):
                continue
            if boxes:
                return boxes
        return ()

    return locate
