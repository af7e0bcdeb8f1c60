"""Confidence of the extractive model: logistic regression over six features."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass


@dataclass(frozen=True, slots=True)
class Features:
    """Features of the best quote and its page, each about 0..1.

    `cosine` of the question and the best quote with its context, times
    `latin`, the share of the question's terms in scripts that the encoder
    knows; `nearby`, the weighted share of the question's terms in that quote
    and its context; `on_page`, the same for the whole page; `named`, the share
    of the question's names and numbers on the page (1 if it has none);
    `page`, the best score the search gave, times `latin`.
    """

    cosine: float = 0.0
    nearby: float = 0.0
    on_page: float = 0.0
    named: float = 0.0
    latin: float = 1.0
    page: float = 0.0

    def as_dict(self) -> dict[str, float]:
        """Features by name, for fitting."""
        return asdict(self)


BIAS = -1.04
COEFFICIENTS = {
    "cosine": 1.99,
    "nearby": 0.13,
    "on_page": 0.98,
    "named": 0.32,
    "latin": -1.26,
    "page": 1.35,
}
"""Balanced logistic regression on the five best pages for 140 questions that their library answers,
34 on its subjects that it does not, and 15 about other documents (benchmarks/answers.py). Area
under the curve, cross-validated over documents: 0.61 against the near misses, 0.92 against the
rest: a page that is on the subject and lacks the fact looks like one that has it. `latin` and
its share of the bias are set by hand, for scripts where the cosines say nothing."""

THRESHOLD = 0.42
"""Below this the model declines: chosen to lose few answers; what that costs is in
docs/retrieval.md."""


def confidence(features: Features) -> float:
    """Probability, 0..1, that the best quote answers the question."""
    total = BIAS + sum(COEFFICIENTS[name] * value for name, value in features.as_dict().items())
    return 1 / (1 + math.exp(-total))
