"""One ranking out of many signals: words and pictures in one box.

Two steps, both without parameters to tune. Within a kind of evidence (words;
pictures) the signals' z-scores over the pages are added. Then each kind is
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


def fuse_kind(
    signals: Sequence[Signal], dense: Signal, reach: tuple[float, float] = (0.0, 1.0)
) -> Signal:
    """Add one kind's signals and scale them; NaN where a page has none of this kind.

    Args:
        signals: at least one; a page has all of them or none.
        dense: cosines of the question as a whole, which set the scale.
        reach: the encoder's cosines of strangers and of a plain match.
    """
    total: Signal = np.stack([_standardise(signal) for signal in signals]).sum(axis=0)
    if np.isnan(total).all():
        return total
    best = float(np.nanmax(total))
    low, high = reach
    scale = max((float(np.nanmax(dense)) - low) / (high - low), 0.01)
    if best <= 1e-6:
        return total + np.float32(scale)
    return total * np.float32(scale / best)


def fuse_kinds(kinds: Mapping[str, Signal]) -> Signal:
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
    centred: Signal = signal - np.float32(np.nanmean(signal))
    return centred / np.float32(spread) if spread > 1e-9 else centred * np.float32(0)
