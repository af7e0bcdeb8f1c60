"""Score fusion: z-scores within a modality, then scaling by its best cosine.

Two steps without parameters to tune. Within a modality (text; images) a page's
score is the mean of its signals' z-scores, over the signals that it has, so a page
without text is ranked by its image alone. Then each modality is scaled so that its
best page scores its best dense cosine: how near the query comes to anything of
that modality. A query about a report is far from every photo and the other way
round, so pages and photos rank together. Both default encoders share a space
(MiniLM's), so their cosines are comparable; an encoder of another space declares
its cosine range. Measured in docs/retrieval.md.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

Signal = npt.NDArray[np.float32]
"""(pages,), NaN where a page does not have it."""
MIN_SCALE = 0.01
"""The scale of a modality that is far from the query: its pages still have an order."""
MIN_DEVIATION = 1e-5
"""A standard deviation below this share of the largest value is rounding: all z-scores are 0."""


def fuse_signals(
    signals: Sequence[Signal],
    dense: Signal,
    cosine_range: tuple[float, float] = (0.0, 1.0),
    known: float = 1.0,
    coverage: float = 0.0,
    weights: Sequence[float] = (),
) -> Signal:
    """Fuse the signals of one modality; NaN where a page has none of them.

    Args:
        signals: at least one.
        dense: cosines of the query as a whole, which set the scale.
        cosine_range: the encoder's cosines of unrelated pairs and of a plain match.
        known: the share of the query that the encoder was trained to read.
        coverage: the share of the query's terms on the best page: the scale for
            what the encoder cannot read.
        weights: one a signal; all alike by default.

    >>> late = np.array([0.2, 0.4, 0.6], np.float32)
    >>> bm25 = np.array([0, 9, np.nan], np.float32)
    >>> fuse_signals([late, bm25], dense=late).argsort().tolist()
    [0, 1, 2]
    """
    standard = np.stack([_z_scores(signal) for signal in signals])
    shares = np.array(weights or [1.0] * len(signals), np.float32)[:, None]
    counts = (~np.isnan(standard) * shares).sum(axis=0)
    total = np.full(standard.shape[1], np.nan, np.float32)
    some = counts > 0
    total[some] = np.nansum((standard * shares)[:, some], axis=0) / counts[some]
    if not some.any():
        return total
    best = float(np.nanmax(total))
    low, high = cosine_range
    nearest = low if np.isnan(dense).all() else float(np.nanmax(dense))
    scale = max(known * (nearest - low) / (high - low) + (1 - known) * coverage, MIN_SCALE)
    if best <= 1e-6:
        return total + np.float32(scale)
    return total * np.float32(scale / best)


def fuse_modalities(scores: Mapping[str, Signal]) -> Signal:
    """Maximum of a page's scores over modalities or encoders.

    NaN where a page has no score.
    """
    stacked = np.stack(list(scores.values()))
    has_any = ~np.isnan(stacked).all(axis=0)
    best = np.full(stacked.shape[1], np.nan, np.float32)
    best[has_any] = np.nanmax(stacked[:, has_any], axis=0)
    return best


def _z_scores(signal: Signal) -> Signal:
    """Z-scores over the pages that have the signal; all 0 where their values are equal."""
    if np.isnan(signal).all():
        return signal
    deviation = float(np.nanstd(signal))
    centered: Signal = signal - np.float32(np.nanmean(signal))
    least = MIN_DEVIATION * float(np.nanmax(np.abs(signal)))
    return centered / np.float32(deviation) if deviation > least else centered * np.float32(0)
