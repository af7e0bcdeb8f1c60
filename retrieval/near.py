"""Nearness: whether a search has found anything that comes near the query."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from retrieval.hit import Hit

MIN_COSINES = {
    "dense.minilm": 0.3,
    "dense.conse": 0.3,
    "dense.conse-e5": 0.3,
    "dense.e5": 0.83,
}
"""Dense cosines of the embedded encoders below which a page without a word of the query is not near.

Of queries about nothing in the sample library ("qzxwv", "photosynthesis", "kitten") e5 gives
0.806 to 0.824, as its cosines are all high, and the others 0.233 at most.
"""
IMAGE_COSINE = 0.15
"""Cosine from which a photo may be what a query means, though not surely."""
CENTERED_BELOW = 0.5
"""Cosines of e5 below this are about a mean: the query is in a script other than Latin."""
NAMED = "named"
"""Signal of a page that the query asks for by its number."""


def comes_near(best: Mapping[str, float]) -> bool:
    """Whether a page may come near the query, by the best cosine of each encoder.

    >>> comes_near({"dense.minilm": 0.12, "dense.e5": 0.79}), comes_near({"dense.e5": 0.85})
    (False, True)
    """
    return any(
        name not in MIN_COSINES
        or score >= (IMAGE_COSINE if ".conse" in name else MIN_COSINES[name])
        or (name == "dense.e5" and score < CENTERED_BELOW)
        for name, score in best.items()
    )


def is_near(hits: Sequence[Hit]) -> bool:
    """Whether a hit has a word of the query, is asked for by number, or comes near it.

    Of other encoders, and of e5 about a mean, it is not known how high unrelated pairs
    score: their hits are near.
    """
    for hit in hits:
        if hit.signals.get(NAMED) or hit.signals.get("bm25", 0.0) > 0:
            return True
        for name, score in hit.signals.items():
            if name.startswith("dense.") and score >= MIN_COSINES.get(name, -1.0):
                return True
        if hit.signals.get("dense.e5", 1.0) < CENTERED_BELOW:
            return True
        if not any(name in MIN_COSINES for name in hit.signals):
            return True
    return False
