"""Saliency: the part of a page image that supports a text, where one stands out."""

from __future__ import annotations

import numpy as np

from ingest.box import union_box
from ingest.page import Box
from retrieval.explain.explain import Explanation

MIN_PEAK = 0.3
"""The least peak, in the encoder's cosine range from 0 (unrelated) to 1 (a plain match)."""

MIN_DEVIATIONS = 1.5
"""Standard deviations of the peak above the mean of the page's parts."""

MIN_MEAN = 0.4
"""Without a peak all parts are salient where their mean is this high: one thing fills the image."""

MIN_PARTS = 4
"""With fewer parts the peak need not be above their mean."""


def find_salient_regions(
    explained: Explanation, cosine_range: tuple[float, float]
) -> tuple[Box, ...]:
    """Box of the most similar part where it stands out, otherwise of all parts.

    Empty where neither is salient.

    Args:
        cosine_range: the encoder's cosines of unrelated pairs and of a plain match.
    """
    weights = np.array([match.weight for match in explained.tokens], np.float32)
    placed = explained.boxes[:, 2] > explained.boxes[:, 0]
    if not placed.any() or weights.sum() <= 0:
        return ()
    heat = (weights @ explained.similar / weights.sum())[placed]
    best = int(heat.argmax())
    low, high = cosine_range
    scaled = (heat - low) / max(high - low, 1e-6)
    if scaled[best] < MIN_PEAK:
        return ()
    parts = explained.boxes[placed]
    if len(heat) >= MIN_PARTS and heat[best] < heat.mean() + MIN_DEVIATIONS * heat.std():
        if scaled.mean() < MIN_MEAN:
            return ()
    else:
        parts = parts[best][None]
    return (union_box(parts.tolist()),)
