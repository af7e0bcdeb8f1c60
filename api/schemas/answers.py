"""JSON of answers, citations and token usage."""

from __future__ import annotations

from typing import Any, Self

from pydantic import BaseModel

from api.rag.evidence import RetrievedEvidence
from api.schemas.pages import EXAMPLE_BOX, EXAMPLE_PAGE, Edges, PageBody, example, page_fields
from generation.answer import Answer, Citation, Grounded, Usage

_CITATION: dict[str, Any] = {
    **EXAMPLE_PAGE,
    "label": 1,
    "quote": "6,735 people came in August",
    "boxes": [EXAMPLE_BOX],
    "verified": True,
    "grounded": "quote",
}


class CitationBody(PageBody):
    """Citation of a page; `verified` where the quote was found in its words.

    `grounded` is "quote" then, "region" where `boxes` is the part of the image
    most similar to the claim, "seen" where the page has no text that could be checked
    word for word, and "none" where nothing supports it.
    """

    model_config = example(_CITATION)

    label: int
    quote: str
    boxes: list[Edges]
    verified: bool
    grounded: Grounded

    @classmethod
    def of(cls, citation: Citation) -> Self:
        """JSON of a citation."""
        return cls(
            **page_fields(citation.page),
            label=citation.label,
            quote=citation.quote,
            boxes=list(citation.boxes),
            verified=citation.verified,
            grounded=citation.grounded,
        )


class UsageBody(BaseModel):
    """Token usage of an answer, in the model's own tokens.

    `cached_tokens` are those of the input that the provider had cached; `cost` is an estimate in
    US dollars, null where prices are not known.
    """

    model: str
    input_tokens: int
    output_tokens: int
    cached_tokens: int
    cost: float | None

    @classmethod
    def of(cls, usage: Usage) -> Self:
        """JSON of a usage."""
        return cls(
            model=usage.model,
            input_tokens=usage.input_tokens,
            output_tokens=usage.output_tokens,
            cached_tokens=usage.cached_tokens,
            cost=usage.cost,
        )


class AnswerBody(BaseModel):
    """Answer with its citations, confidence and usage.

    It `declined` where `confidence` was below `threshold` or the model said so.
    `searched` is the query of the search: the question, or after a conversation a
    rewriting of it that stands alone. `grounded` is false where it `declined`, cites no
    page, or nothing supports any of its citations; `support` is the share, 0..1, of its
    claims with a verified citation;
    `dropped_labels` counts labels in the text that name no page; `partial` names the shards
    of the library that did not answer the search.
    """

    model_config = example(
        {
            "query": "How many people came in August?",
            "text": '"6,735 people came in August" [1]',
            "citations": [_CITATION],
            "model": "extractive",
            "declined": False,
            "confidence": 0.83,
            "threshold": 0.5,
            "note": "No language model was used.",
            "usage": {
                "model": "extractive",
                "input_tokens": 0,
                "output_tokens": 0,
                "cached_tokens": 0,
                "cost": None,
            },
            "searched": "How many people came in August?",
            "grounded": True,
            "support": 1.0,
            "dropped_labels": 0,
            "partial": [],
        }
    )

    query: str
    text: str
    citations: list[CitationBody]
    model: str
    declined: bool
    confidence: float | None
    threshold: float | None
    note: str
    usage: UsageBody
    searched: str
    grounded: bool
    support: float
    dropped_labels: int
    partial: list[str] = []

    @classmethod
    def of(cls, answer: Answer, retrieved: RetrievedEvidence) -> Self:
        """JSON of an answer and of the query that was searched."""
        return cls(
            query=retrieved.question,
            text=answer.text,
            citations=[CitationBody.of(citation) for citation in answer.citations],
            model=answer.model,
            declined=answer.declined,
            confidence=answer.confidence,
            threshold=answer.threshold,
            note=answer.note,
            usage=UsageBody.of(answer.usage),
            searched=retrieved.searched,
            grounded=answer.grounded,
            support=round(answer.support, 3),
            dropped_labels=answer.dropped_labels,
            partial=list(retrieved.partial),
        )


class DeltaBody(BaseModel):
    """Next piece of an answer's text."""

    text: str
