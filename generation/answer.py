"""Answer types: the answer, its citations, and the tokens and cost it took."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from ingest.page import Box, Page

Grounded = Literal["quote", "region", "seen", "none"]
"""Ground of a citation: a quote found on the page, a region that matches the claim, a page without
text that the model says it saw it on (it cannot be checked word for word), or nothing."""


@dataclass(frozen=True, slots=True)
class Citation:
    """Citation of a page.

    `label` is the number in the answer's text, from 1. `quote` is what the
    answer says is printed there, empty where it only names the page. `boxes`
    are where it is printed, one a line, as fractions of the page; where
    `grounded` is "region", the region that matches the claim best. `verified`
    is True only where the quote was found among the page's words: then
    `grounded` is "quote".
    """

    label: int
    page: Page
    quote: str
    boxes: tuple[Box, ...]
    verified: bool
    grounded: Grounded = "none"


@dataclass(frozen=True, slots=True)
class Usage:
    """Token usage of an answer, in the model's own tokens; zeros where it counts none.

    `cached_tokens` are the input tokens that the provider had cached; `cost` is
    an estimate in US dollars, None where prices are not known.
    """

    model: str
    input_tokens: int = 0
    output_tokens: int = 0
    cached_tokens: int = 0
    cost: float | None = None

    def __add__(self, other: Usage) -> Usage:
        """Usage of two requests together."""
        costs = (self.cost, other.cost)
        return Usage(
            self.model,
            self.input_tokens + other.input_tokens,
            self.output_tokens + other.output_tokens,
            self.cached_tokens + other.cached_tokens,
            None if None in costs else sum(cost for cost in costs if cost is not None),
        )


@dataclass(frozen=True, slots=True)
class SelfAssessment:
    """A model's assessment of its own answer.

    `confidence` and `threshold` are in 0..1, None for a model that states
    none. `declined` is True where it says that the pages do not answer.
    `note` is a plain statement to show beside the answer.
    """

    confidence: float | None
    threshold: float | None
    declined: bool
    note: str = ""


@dataclass(frozen=True, slots=True)
class Answer:
    """Answer; its `text` carries citations as `"quote" [label]`.

    `confidence`, `threshold`, `declined` and `note` are the model's
    `SelfAssessment`; `dropped_labels` counts the labels in the text that no
    evidence has. `grounded` is False where no citation is grounded; `support` is
    the share, 0..1, of its claims with at least one verified citation. An answer that
    cites no page, or whose citations do not hold, is not grounded; it is not declined.
    """

    question: str
    text: str
    citations: tuple[Citation, ...]
    model: str
    declined: bool
    confidence: float | None
    threshold: float | None
    usage: Usage
    note: str = ""
    dropped_labels: int = 0
    grounded: bool = False
    support: float = 0.0
