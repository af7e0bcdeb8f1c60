"""Search results: pages found, with their images."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING, Any, Self

from api.results import html
from api.results.result_list import ResultList
from retrieval.hit import Hit

if TYPE_CHECKING:
    from collections.abc import Iterable

    from PIL import Image

    from ingest.library.library import Library

SHOWN_WORDS = 160
"""Characters of a page's best region on its card."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchHit(Hit):
    """Page found by a search; `rank` counts from 1. `library` is where its image is."""

    rank: int
    library: Library = field(repr=False, compare=False)

    @classmethod
    def of(cls, rank: int, hit: Hit, library: Library) -> Self:
        """Attach a hit to its library."""
        of_hit = {each.name: getattr(hit, each.name) for each in fields(Hit)}
        return cls(**of_hit, rank=rank, library=library)

    @property
    def words(self) -> str:
        """Words of the best region; "" where it is an image."""
        best = max(self.regions, key=lambda region: region.score, default=None)
        return best.words if best else ""

    def image(self, *, highlight: bool = False) -> Image.Image:
        """Page image (RGB); `highlight` marks the regions.

        Raises:
            PageNotFound: the page has been removed.
        """
        from api.results.page_image import open_page_image

        boxes = [region.box for region in self.regions] if highlight else []
        return open_page_image(self.library, self.page, boxes)

    def to_dict(self) -> dict[str, Any]:
        """As `search --json` writes a hit."""
        from api.schemas.hits import HitBody

        return HitBody.of(self.rank, self).model_dump(mode="json")

    def _repr_html_(self) -> str:
        words = " ".join((self.words or self.caption).split())
        shown = words if len(words) <= SHOWN_WORDS else words[: SHOWN_WORDS - 1].rstrip() + "…"
        return html.card(
            html.image(self.image(highlight=True), str(self.page)),
            f"<b>{self.rank}. {html.escape(str(self.page))}</b>",
            f"score {self.score:.3f}",
            html.escape(shown),
        )


class SearchResults(ResultList[SearchHit]):
    """Pages found, best first; `title` is the query.

    `partial` names the shards of the library that did not answer.
    """

    partial: tuple[str, ...] = ()

    @classmethod
    def of(
        cls,
        hits: Iterable[Hit],
        library: Library,
        query: str = "",
        partial: tuple[str, ...] = (),
    ) -> Self:
        """Attach hits, best first, to their library."""
        found = cls((SearchHit.of(rank, hit, library) for rank, hit in enumerate(hits, 1)), query)
        found.partial = partial
        return found
