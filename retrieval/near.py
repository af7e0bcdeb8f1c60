"""Nearness: whether a search has found anything that comes near the query."""

from __future__ import annotations

from collections.abc import Sequence

from retrieval.hit import Hit

MIN_COSINE = 0.3
"""Dense cosine of the embedded encoders below which a page without a word of the query is not near.

Of 15 queries about nothing in the sample library ("qzxwv", "photosynthesis", "kitten") 13
stay below; what its photos show ("boat", "hot air", "a teapot") is above 0.43.
"""
NAMED = "named"
"""Signal of a page that the query asks for by its number."""
_KNOWN = frozenset({"dense.minilm", "dense.conse"})


def is_near(hits: Sequence[Hit]) -> bool:
    """Whether a hit has a word of the query, is asked for by number, or comes near it.

    Of other encoders it is not known how high unrelated pairs score: their hits are near.
    """
    for hit in hits:
        if hit.signals.get(NAMED) or hit.signals.get("bm25", 0.0) > 0:
            return True
        for name, score in hit.signals.items():
            if name.startswith("dense.") and (name not in _KNOWN or score >= MIN_COSINE):
                return True
        if not any(name in _KNOWN for name in hit.signals):
            return True
    return False
