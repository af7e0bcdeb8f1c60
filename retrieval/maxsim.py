"""Exact late-interaction scores of pages, from memory-mapped rows.

MaxSim (Khattab and Zaharia 2020, arXiv:2004.12832): for each row of the
question the best cosine among the page's rows; then their mean, weighted. Rows
that are not the page's never take part: nothing is padded, so a negative best
stays negative. With one row each it is the cosine.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from ingest.page import Vectors, unit

ROWS_AT_ONCE = 16_384
"""Page rows turned to fp32 together: 24 MB at 384 dimensions."""

Scores = npt.NDArray[np.float32]


def maxsim(
    query: Vectors,
    weights: npt.NDArray[np.float32],
    rows: npt.NDArray[np.floating],
    offsets: Sequence[int] | npt.NDArray[np.int64],
) -> Scores:
    """Weighted mean MaxSim of a question with each page.

    Args:
        query: (q, dim) unit rows.
        weights: (q,), not all zero.
        rows: (n, dim) unit rows of all pages, any float type, may be memory-mapped.
        offsets: (pages + 1,): page p has rows offsets[p] to offsets[p + 1].

    Returns:
        (pages,) scores in -1..1; NaN for a page without rows.
    """
    offsets = np.asarray(offsets, np.int64)
    scores = np.full(len(offsets) - 1, np.nan, np.float32)
    used = weights > 0
    query, weights = np.asarray(query[used], np.float32), weights[used] / weights[used].sum()
    for first, last in _groups(offsets):
        start = offsets[first]
        similar = query @ np.asarray(rows[start : offsets[last]], np.float32).T
        lengths = np.diff(offsets[first : last + 1])
        has_rows = lengths > 0
        best = np.maximum.reduceat(similar, (offsets[first:last] - start)[has_rows], axis=1)
        scores[first:last][has_rows] = weights @ best
    return scores


def _groups(offsets: npt.NDArray[np.int64]) -> list[tuple[int, int]]:
    """Runs of whole pages, each with about ROWS_AT_ONCE rows (a longer page by itself) and at least one."""
    groups = []
    first = 0
    pages = len(offsets) - 1
    while first < pages:
        last = int(np.searchsorted(offsets, offsets[first] + ROWS_AT_ONCE, side="right")) - 1
        last = min(max(last, first + 1), pages)
        if offsets[last] > offsets[first]:
            groups.append((first, last))
        first = last
    return groups


def pool_passages(
    rows: npt.NDArray[np.floating],
    offsets: npt.NDArray[np.int64],
    length: int,
) -> tuple[Vectors, npt.NDArray[np.int64]]:
    """Each page's rows, `length` at a time, as unit means: what is said in a passage, not word by word.

    Returns:
        (passages, dim) fp32 rows and their offsets (pages + 1,).
    """
    starts = [np.arange(first, last, length) for first, last in pairwise(offsets)]
    passages = np.zeros(len(offsets), np.int64)
    passages[1:] = np.cumsum([len(s) for s in starts])
    edges = np.concatenate([*starts, [offsets[-1]]]).astype(np.int64)
    pooled = np.zeros((len(edges) - 1, rows.shape[1]), np.float32)
    for i in range(len(edges) - 1):
        pooled[i] = np.asarray(rows[edges[i] : edges[i + 1]], np.float32).sum(axis=0)
    return unit(pooled), passages


def mean_row(query: Vectors) -> Vectors:
    """The question as a single unit row (1, dim)."""
    return unit(query.mean(axis=0, keepdims=True, dtype=np.float32))
