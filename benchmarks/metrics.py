"""Ranking metrics as the evaluation sets define them: binary gains, means over questions."""

from __future__ import annotations

from collections.abc import Sequence, Set

import numpy as np


def ndcg(ranked: Sequence[str], relevant: Set[str], k: int = 5) -> float:
    """nDCG@k; the ideal puts min(k, |relevant|) relevant pages first."""
    gains = [1 / np.log2(i + 2) for i, key in enumerate(ranked[:k]) if key in relevant]
    ideal = sum(1 / np.log2(i + 2) for i in range(min(k, len(relevant))))
    return float(sum(gains) / ideal)


def recall(ranked: Sequence[str], relevant: Set[str], k: int) -> float:
    """Relevant pages among the first k, over min(k, |relevant|)."""
    return len(relevant & set(ranked[:k])) / min(k, len(relevant))


def hit(ranked: Sequence[str], relevant: Set[str], k: int) -> float:
    """1 if any of the first k is relevant."""
    return float(bool(relevant & set(ranked[:k])))
