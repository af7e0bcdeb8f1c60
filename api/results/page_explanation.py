"""Explanations with heat maps over the page image."""

from __future__ import annotations

import io
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Self

from PIL import Image

from api.results import html
from ingest.error import InvalidInputError
from retrieval.explain.explain import Explanation

if TYPE_CHECKING:
    from ingest.library.library import Library

MAP = 900
"""Pixels of a heat map's longer side in a notebook."""


class NotAQueryWord(InvalidInputError):
    """The word is not in the query."""

    code = "not-a-query-word"


@dataclass(frozen=True, slots=True, kw_only=True)
class PageExplanation(Explanation):
    """Explanation of a page's score. `library` is where the page's image is."""

    library: Library = field(repr=False, compare=False)

    @classmethod
    def of(cls, explained: Explanation, library: Library) -> Self:
        """Attach an explanation to its library."""
        return cls(
            explained.page,
            explained.encoder,
            explained.score,
            explained.tokens,
            explained.similar,
            explained.boxes,
            library=library,
        )

    def heatmap(self, word: str | None = None) -> Image.Image:
        """Heat map of the page (RGB) for one word of the query, or for all of it.

        Raises:
            NotAQueryWord: the query does not have this word.
            PageNotFound: the page has been removed.
        """
        from retrieval.explain.heatmap import draw_heatmap

        token = None if word is None else self._token(word)
        return _decode(draw_heatmap(self.library.image(self.page), self, token))

    def heatmaps(self) -> Image.Image:
        """Heat maps of the query and of each of its words, side by side (RGB).

        Raises:
            PageNotFound: the page has been removed.
        """
        from retrieval.explain.heatmap import draw_heatmap_sheet

        return _decode(draw_heatmap_sheet(self.library.image(self.page), self))

    def to_dict(self) -> dict[str, Any]:
        """As the HTTP API writes an explanation; `explain --json` adds `saved`."""
        from api.schemas.explanations import explanation_fields

        return explanation_fields(self)

    def _token(self, word: str) -> int:
        words = [match.word.casefold() for match in self.tokens]
        if word.casefold() in words:
            return words.index(word.casefold())
        there = ", ".join(dict.fromkeys(filter(None, words)))
        raise NotAQueryWord(f"{word!r} is not a word of the query.", hint=f"It has: {there}.")

    def _repr_html_(self) -> str:
        rows = [
            (match.word or "(model)", f"{match.weight:.2f}", f"{match.score:.3f}")
            for match in self.tokens
        ]
        return (
            f"<div><b>{html.escape(str(self.page))}</b>:"
            f" {self.score:.3f} by {html.escape(self.encoder)}</div>"
            f"<div>{html.image(self.heatmaps(), f'Heat maps of {self.page}', MAP)}</div>"
            + html.table(("token", "weight", "best cosine"), rows)
        )


def _decode(data: bytes) -> Image.Image:
    with Image.open(io.BytesIO(data)) as opened:
        return opened.convert("RGB")
