"""Where a page bears a claim out by its looks: the part that stands out, if any does."""

from __future__ import annotations

import numpy as np

from ingest.box import union_box
from ingest.page import Box
from retrieval.explain.explain import Explanation

LEAST = 0.3
"""A peak is at least this far from an encoder's cosine of strangers to its cosine of a plain match."""

STANDS_OUT = 1.5
"""Standard deviations that the peak stands above the mean of the page's parts."""

ALL_NEAR = 0.4
"""Where no part stands out but the mean of all is so near, as when one thing fills a photo, all of them are the place."""

FEWEST_PARTS = 4
"""Of fewer parts than this none can stand out; there being near enough must do."""


def find_salient_regions(
    explained: Explanation, cosine_range: tuple[float, float]
) -> tuple[Box, ...]:
    """The part of the page nearest to a text, as a box, where it stands out; all parts where all are near; else none.

    Args:
        reach: the encoder's cosines of strangers and of a plain match.
    """
    weights = np.array([match.weight for match in explained.tokens], np.float32)
    placed = explained.boxes[:, 2] > explained.boxes[:, 0]
    if not placed.any() or weights.sum() <= 0:
        return ()
    heat = (weights @ explained.similar / weights.sum())[placed]
    best = int(heat.argmax())
    low, high = cosine_range
    near = (heat - low) / max(high - low, 1e-6)
    if near[best] < LEAST:
        return ()
    parts = explained.boxes[placed]
    if len(heat) >= FEWEST_PARTS and heat[best] < heat.mean() + STANDS_OUT * heat.std():
        if near.mean() < ALL_NEAR:
            return ()
    else:
        parts = parts[best][None]
    return (union_box(parts.tolist()),)
