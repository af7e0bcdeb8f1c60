"""Ranking metrics of one query: nDCG, recall, MRR and hit rate.

nDCG has linear gains and the discount 1 / log2(rank + 1), as trec_eval
computes it (Järvelin and Kekäläinen 2002); with grades of 1 the gains are binary.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet

import numpy as np

DEPTHS = (1, 5, 10)
METRICS = (
    *(f"recall@{k}" for k in DEPTHS),
    "nDCG@5",
    "nDCG@10",
    "MRR@10",
    *(f"hit@{k}" for k in DEPTHS),
)
SCOPES = {"document": "in the document", "set": "over the set", "home": "over the home"}
"""Pages that are ranked, in words: those of the question's document, of the set, of the home."""


def measure(ranked: Sequence[str], relevant: Mapping[str, float]) -> dict[str, float]:
    """Every metric of one ranking.

    Args:
        ranked: keys, best first, each once.
        relevant: the grade, above 0, of each relevant key; at least one.
    """
    keys = set(relevant)
    return {
        **{f"recall@{k}": recall(ranked, keys, k) for k in DEPTHS},
        "nDCG@5": ndcg(ranked, relevant, 5),
        "nDCG@10": ndcg(ranked, relevant, 10),
        "MRR@10": reciprocal_rank(ranked, keys, 10),
        **{f"hit@{k}": hit(ranked, keys, k) for k in DEPTHS},
    }


def ndcg(ranked: Sequence[str], relevant: Mapping[str, float], k: int) -> float:
    """nDCG@k; the ideal ranking has the min(k, |relevant|) best grades first.

    >>> round(ndcg(["a", "b", "c"], {"b": 1.0}, k=5), 3)
    0.631
    """
    gains = [relevant.get(key, 0.0) for key in ranked[:k]]
    return _dcg(gains) / _dcg(sorted(relevant.values(), reverse=True)[:k])


def recall(ranked: Sequence[str], relevant: AbstractSet[str], k: int) -> float:
    """Recall@k: relevant keys among the first k, over min(k, |relevant|)."""
    return len(relevant & set(ranked[:k])) / min(k, len(relevant))


def reciprocal_rank(ranked: Sequence[str], relevant: AbstractSet[str], k: int) -> float:
    """MRR@k of one query: 1 over the rank of the first relevant key; 0 beyond k."""
    ranks = (rank for rank, key in enumerate(ranked[:k], 1) if key in relevant)
    return 1 / first if (first := next(ranks, None)) else 0.0


def hit(ranked: Sequence[str], relevant: AbstractSet[str], k: int) -> float:
    """Hit rate@k of one query: 1 if any of the first k is relevant."""
    return float(bool(relevant & set(ranked[:k])))


def _dcg(gains: Sequence[float]) -> float:
    return float(sum(gain / np.log2(rank + 1) for rank, gain in enumerate(gains, 1)))
