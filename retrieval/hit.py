"""What a search finds: a page, how well it fits, and where on it."""

from __future__ import annotations

from dataclasses import dataclass

from ingest.page import Box, Page


@dataclass(frozen=True, slots=True)
class Region:
    """A part of a page that answers to the question; `score` is the best cosine inside it.

    `words` are the page's own words there, empty for a picture.
    """

    box: Box
    score: float
    words: str = ""


@dataclass(frozen=True, slots=True)
class Hit:
    """A page found. `score` ranks within one search (see retrieval.fuse); `signals` are its parts.

    `signals` holds, by name, each raw signal the page had: "bm25",
    "late.ENCODER" and "dense.ENCODER" (cosines). `caption` is what a model
    wrote of the page's pictures, which is not printed there.
    """

    page: Page
    score: float
    regions: tuple[Region, ...]
    signals: dict[str, float]
    caption: str = ""
