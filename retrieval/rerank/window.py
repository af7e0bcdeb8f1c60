"""Page window: the part of a page that has most of a question."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache

from ingest.forms.terms import split_terms
from retrieval.query.terms import stem

WINDOW, STRIDE = 80, 40
"""Words of a window, about 110 tokens, and between the beginnings of two."""


def best_window(words: Sequence[str], weights: Mapping[str, float]) -> str:
    """The window of words that holds most of the terms, by weight.

    The first of equals.

    Args:
        words: of a page, in reading order.
        weights: of the question's terms, by their stems.

    >>> best_window(["lamp"] * 70 + ["boat"] * 50, {"boat": 1.0}).split().count("boat")
    10
    """
    held = [_stems(word) & weights.keys() for word in words]
    best, most = 0, -1.0
    for start in range(0, max(1, len(words) - WINDOW + STRIDE), STRIDE):
        found = frozenset().union(*held[start : start + WINDOW])
        if (total := sum(weights[term] for term in found)) > most:
            best, most = start, total
    return " ".join(words[best : best + WINDOW])


@lru_cache(maxsize=1 << 16)
def _stems(word: str) -> frozenset[str]:
    return frozenset(map(stem, split_terms(word)))
