"""Hit and region: a page that was found, its score, and the parts that match."""

from __future__ import annotations

from dataclasses import dataclass

from ingest.page import Box, Page


@dataclass(frozen=True, slots=True)
class Region:
    """A part of a page that matches the query; `score` is the best cosine inside it.

    `words` are the page's own words there, empty in an image.
    """

    box: Box
    score: float
    words: str = ""


@dataclass(frozen=True, slots=True)
class Hit:
    """A page that was found. `score` compares within one search (see retrieval.fuse).

    `signals` holds by name each signal that the page has: "bm25",
    "late.ENCODER" and "dense.ENCODER" (cosines); "place" where the query names pages,
    figures or tables by number, above 0 for a page that is one of them; "translated", 0..1,
    where it is in another language than the pages; where a reranker read
    pages, "rerank" is the relevance of each, 0..1, and "fused" the score without it. `caption` is what a model
    wrote about the page's images; it is not printed there. `note` says what of
    the page could not be read, empty for a whole page. `width` and `height` are
    the size of the page image in pixels, 0 where it is not known; `revision` is
    that of the document, and `kind` its kind.
    """

    page: Page
    score: float
    regions: tuple[Region, ...]
    signals: dict[str, float]
    caption: str = ""
    note: str = ""
    width: int = 0
    height: int = 0
    revision: str = ""
    kind: str = ""
