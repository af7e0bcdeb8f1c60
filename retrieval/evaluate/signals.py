"""The rankings that each signal alone would give, and sums of some, beside the fused one."""

from __future__ import annotations

from collections.abc import Collection

import numpy as np

from retrieval.fuse import Signal, fuse_signals
from retrieval.ranking import Ranking

DEFAULT = "default"


def orders(ranking: Ranking, readers: Collection[str]) -> dict[str, list[int]]:
    """Places of the pages, best first, by what ranks them; pages without a signal are last.

    The first is the default; then BM25, and "late interaction", "dense" and
    "fused" with the encoder's name.

    Args:
        readers: encoders of pages, which BM25 is fused with; pictures have no words.
    """
    signals = ranking.signals
    scores: dict[str, Signal] = {DEFAULT: ranking.scores}
    bm25 = signals.get("bm25")
    if bm25 is not None:
        scores["BM25"] = bm25
    for name, kind in ranking.kinds.items():
        late, dense = signals[f"late.{name}"], signals.get(f"dense.{name}")
        scores[f"late interaction, {name}"] = late
        if dense is not None:
            scores[f"dense, {name}"] = dense
            scores[f"late interaction + dense, {name}"] = fuse_signals([late, dense], dense)
        if bm25 is not None and name in readers:
            whole = late if dense is None else dense
            scores[f"BM25 + late interaction, {name}"] = fuse_signals([bm25, late], whole)
            if dense is not None:
                scores[f"BM25 + dense, {name}"] = fuse_signals([bm25, dense], dense)
        scores[f"fused, {name}"] = kind
    return {
        name: [int(i) for i in np.argsort(-np.nan_to_num(values, nan=-9e9), kind="stable")]
        for name, values in scores.items()
    }
