"""Where a page bears a claim out by its looks: generation's question, put to the searcher."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from generation.ask import Locate
    from ingest.page import Box, Page
    from retrieval.search import Searcher


def locator(searcher: Searcher) -> Locate:
    """What `generation.ask` is handed: the peak of a claim on a page, by encoders of pictures and of whole pages.

    A page that is gone, or that none of them has seen, bears nothing out. The
    searcher must stay open while an answer is read.
    """

    def locate(claim: str, page: Page) -> Sequence[Box]:
        from retrieval.explain.saliency import find_peak
        from retrieval.search import NotSeen, StillChanging

        for seen in searcher.manifests():
            if seen.reads == "words":
                continue
            try:
                boxes = find_peak(searcher.explain(claim, page, seen.encoder), seen.reach)
            except (NotSeen, StillChanging):
                continue
            if boxes:
                return boxes
        return ()

    return locate
