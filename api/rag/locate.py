"""Region locator: the part of a page image most similar to a claim."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from generation.citations.verify import RegionLocator
    from ingest.page import Box, Page
    from retrieval.search import Searcher


def locator(searcher: Searcher) -> RegionLocator:
    """Region locator over the image and page encoders of a searcher.

    It gives the salient boxes of a claim on a page, none for a page that has
    no such vectors. The searcher must stay open while it is used.
    """

    def locate(claim: str, page: Page) -> Sequence[Box]:
        from retrieval.error import LibraryChanging, PageNotEncoded
        from retrieval.explain.saliency import find_salient_regions

        for manifest in searcher.manifests():
            if manifest.modality in ("text", "passage"):
                continue
            try:
                boxes = find_salient_regions(
                    searcher.explain(claim, page, manifest.encoder), manifest.cosine_range
                )
            except (PageNotEncoded, LibraryChanging):
                continue
            if boxes:
                return boxes
        return ()

    return locate
