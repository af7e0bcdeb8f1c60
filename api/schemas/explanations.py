"""JSON of explanations: the best match of each token on a page."""

from __future__ import annotations

from typing import Self

from pydantic import BaseModel

from api.schemas.pages import EXAMPLE_BOX, EXAMPLE_PAGE, Edges, example
from retrieval.explain.explain import Explanation


class TokenBody(BaseModel):
    """Token of a query: its best cosine on the page, and its weight in the score.

    `box` is where that is; it is empty, four zeros, where the match has no place on the page.
    """

    word: str
    weight: float
    score: float
    box: Edges


class ExplanationBody(BaseModel):
    """Score of a page for a query by one encoder, token by token."""

    model_config = example(
        {
            "page": EXAMPLE_PAGE["page"],
            "encoder": "minilm",
            "score": 0.61,
            "tokens": [{"word": "visitors", "weight": 1.2, "score": 0.83, "box": EXAMPLE_BOX}],
        }
    )

    page: str
    encoder: str
    score: float
    tokens: list[TokenBody]

    @classmethod
    def of(cls, explained: Explanation) -> Self:
        """JSON of an explanation."""
        return cls(
            page=explained.page.key,
            encoder=explained.encoder,
            score=round(explained.score, 6),
            tokens=[
                TokenBody(
                    word=match.word,
                    weight=round(match.weight, 4),
                    score=round(match.score, 4),
                    box=tuple(round(edge, 4) for edge in match.box),  # type: ignore[arg-type]
                )
                for match in explained.tokens
            ],
        )


def explanation_fields(explained: Explanation) -> dict[str, object]:
    """An explanation, as `explain --json` writes it."""
    return ExplanationBody.of(explained).model_dump(mode="json")
