"""Signal ablation: the rankings that each signal alone gives, and fusions of some."""

from __future__ import annotations

from collections.abc import Collection

import numpy as np

from retrieval.fuse import Signal, fuse_signals
from retrieval.ranking import BM25, Ranking

DEFAULT = "default"


def rank_by_signal(ranking: Ranking, text_encoders: Collection[str]) -> dict[str, list[int]]:
    """Positions of the pages, best first, by each signal; pages without it are last.

    The first ranking is the default; then BM25, and "late interaction", "dense" and
    "fused" with the encoder's name.

    Args:
        text_encoders: encoders of pages, with which BM25 is fused; images have no words.
    """
    signals = ranking.signals
    scores: dict[str, Signal] = {DEFAULT: ranking.scores}
    bm25 = signals.get("bm25")
    if bm25 is not None:
        scores["BM25"] = bm25
    for name, fused in ranking.fused.items():
        if name == BM25:  # no encoder has words of these pages
            continue
        late, dense = signals[f"late.{name}"], signals.get(f"dense.{name}")
        scores[f"late interaction, {name}"] = late
        if dense is not None:
            scores[f"dense, {name}"] = dense
            scores[f"late interaction + dense, {name}"] = fuse_signals([late, dense], dense)
        if bm25 is not None and name in text_encoders:
            whole = late if dense is None else dense
            scores[f"BM25 + late interaction, {name}"] = fuse_signals([bm25, late], whole)
            if dense is not None:
                scores[f"BM25 + dense, {name}"] = fuse_signals([bm25, dense], dense)
        scores[f"fused, {name}"] = fused
    return {
        name: [int(i) for i in np.argsort(-np.nan_to_num(values, nan=-9e9), kind="stable")]
        for name, values in scores.items()
    }
