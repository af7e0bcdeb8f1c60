"""One ranking out of many signals: words and pictures in one box, whatever a page lacks.

Two steps, both without parameters to tune. Within a kind of evidence (words;
pictures) a page counts by the mean of its signals' z-scores: of those that it
has, so a scan that nobody read stands by how it looks, neither below the pages
with words nor above. Then each kind is
scaled so that its best page scores its best dense cosine: how near the question
comes to anything of that kind at all. A question about a report leaves photos
far off and the other way round, so pages and photos rank together. Both default
encoders speak the same space (MiniLM's sentences), so these cosines compare; an
encoder of another space says where its strangers and its matches lie.
Measured in docs/retrieval.md.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

Signal = npt.NDArray[np.float32]
"""(pages,), NaN where a page does not have it."""
LEAST = 0.01
"""The scale of a kind that comes nowhere near the question: it still has an order."""
ALIKE = 1e-5
"""A signal whose spread is a smaller part of its largest value tells no pages apart: that is rounding."""


def fuse_signals(
    signals: Sequence[Signal],
    dense: Signal,
    cosine_range: tuple[float, float] = (0.0, 1.0),
    known: float = 1.0,
    share: float = 0.0,
) -> Signal:
    """One kind's signals as one, scaled; NaN where a page has none of them.

    Args:
        signals: at least one.
        dense: cosines of the question as a whole, which set the scale.
        reach: the encoder's cosines of strangers and of a plain match.
        known: the share of the question that the encoder was trained to read.
        share: how much of the question stands on a page, word for word: the
            scale for the rest of it.
    """
    standard = np.stack([_standardise(signal) for signal in signals])
    had = (~np.isnan(standard)).sum(axis=0)
    total = np.full(standard.shape[1], np.nan, np.float32)
    total[had > 0] = np.nansum(standard[:, had > 0], axis=0) / had[had > 0]
    if not had.any():
        return total
    best = float(np.nanmax(total))
    low, high = cosine_range
    nearest = low if np.isnan(dense).all() else float(np.nanmax(dense))
    scale = max(known * (nearest - low) / (high - low) + (1 - known) * share, LEAST)
    if best <= 1e-6:
        return total + np.float32(scale)
    return total * np.float32(scale / best)


def fuse_modalities(kinds: Mapping[str, Signal]) -> Signal:
    """A page is as good as its better kind of evidence; NaN where it has none."""
    stacked = np.stack(list(kinds.values()))
    has_any = ~np.isnan(stacked).all(axis=0)
    best = np.full(stacked.shape[1], np.nan, np.float32)
    best[has_any] = np.nanmax(stacked[:, has_any], axis=0)
    return best


def _standardise(signal: Signal) -> Signal:
    """Z-scores over the pages that have the signal; all 0 where it does not tell them apart."""
    if np.isnan(signal).all():
        return signal
    spread = float(np.nanstd(signal))
    centered: Signal = signal - np.float32(np.nanmean(signal))
    least = ALIKE * float(np.nanmax(np.abs(signal)))
    return centered / np.float32(spread) if spread > least else centered * np.float32(0)
