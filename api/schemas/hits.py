"""JSON of search results: the same over HTTP and from `--json`.

Field names are stable (docs/http.md): a field may be added, none changes its meaning.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Self

from pydantic import BaseModel

from api.schemas.pages import EXAMPLE_BOX, EXAMPLE_PAGE, Edges, PageBody, example, page_fields
from retrieval.hit import Hit

_HIT: dict[str, Any] = {
    **EXAMPLE_PAGE,
    "rank": 1,
    "score": 2.41,
    "regions": [{"box": EXAMPLE_BOX, "score": 0.71, "words": "6,735 people came in August"}],
    "signals": {"bm25": 7.9, "late.minilm": 0.62, "dense.minilm": 0.55},
    "caption": None,
    "note": None,
    "width": 1_240,
    "height": 1_754,
    "revision": "5d1c0f9e8a7b",
    "kind": "pdf",
}


class RegionBody(BaseModel):
    """Matching region of a page; `words` is empty for an image."""

    box: Edges
    score: float
    words: str


class HitBody(PageBody):
    """Hit: a page found.

    `score` ranks within one search only; `signals` are its parts.
    `caption` is a model's description of its images, null without one. `note`
    says what of the page could not be read, null for a whole page. `width` and
    `height` are the size of the page image in pixels, `revision` and `kind` those
    of the document.
    """

    model_config = example(_HIT)

    rank: int
    score: float
    regions: list[RegionBody]
    signals: dict[str, float]
    caption: str | None = None
    note: str | None = None
    width: int = 0
    height: int = 0
    revision: str = ""
    kind: str = ""

    @classmethod
    def of(cls, rank: int, hit: Hit) -> Self:
        """JSON of a hit; `rank` counts from 1."""
        return cls(
            **page_fields(hit.page),
            rank=rank,
            score=hit.score,
            regions=[RegionBody(box=r.box, score=r.score, words=r.words) for r in hit.regions],
            signals=hit.signals,
            caption=hit.caption or None,
            note=hit.note or None,
            width=hit.width,
            height=hit.height,
            revision=hit.revision,
            kind=hit.kind,
        )


class SearchBody(BaseModel):
    """Result of a search: hits, best first.

    `partial` names the shards of the library that did not answer, none where it is whole.
    """

    model_config = example({"query": "visitors in August", "hits": [_HIT], "partial": []})

    query: str
    hits: list[HitBody]
    partial: list[str] = []

    @classmethod
    def of(cls, query: str, hits: Iterable[Hit], partial: Iterable[str] = ()) -> Self:
        """JSON of hits, best first."""
        bodies = [HitBody.of(rank, hit) for rank, hit in enumerate(hits, 1)]
        return cls(query=query, hits=bodies, partial=list(partial))
