"""Exact late-interaction scores of pages, from memory-mapped rows.

MaxSim (Khattab and Zaharia 2020, arXiv:2004.12832): for each row of the
question the best cosine among the page's rows; then their mean, weighted. Rows
that are not the page's never take part: nothing is padded, so a negative best
stays negative. With one row each it is the cosine.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from ingest.page import Vectors, unit
from retrieval.similar import similar

ROWS_AT_ONCE = 8_192
"""Page rows multiplied together: their products with a question stay in the cache."""

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
        products = similar(query, rows[start : offsets[last]])
        has_rows = np.diff(offsets[first : last + 1]) > 0
        scores[first:last][has_rows] = weights @ _best(products, offsets[first : last + 1] - start)
    return scores


def _best(products: Scores, offsets: npt.NDArray[np.int64]) -> Scores:
    """The largest product (q, pages) within each page that has rows."""
    lengths = np.diff(offsets)
    if (lengths == lengths[0]).all():  # as pages of one model often are, and faster
        return np.asarray(products.reshape(len(products), len(lengths), -1).max(axis=2))
    best: Scores = np.maximum.reduceat(products, offsets[:-1][lengths > 0], axis=1)
    return best


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


def maxsim_pages(
    query: Vectors, weights: npt.NDArray[np.float32], pages: Sequence[npt.NDArray[np.floating]]
) -> Scores:
    """Weighted mean MaxSim of a question with pages that lie apart: each (n, dim), as `maxsim` takes them."""
    scores = np.full(len(pages), np.nan, np.float32)
    for first, last in _groups(_edges(pages)):
        some = pages[first:last]
        rows = some[0] if len(some) == 1 else np.concatenate(some)
        scores[first:last] = maxsim(query, weights, rows, _edges(some))
    return scores


def _edges(pages: Sequence[npt.NDArray[np.floating]]) -> npt.NDArray[np.int64]:
    return np.concatenate([[0], np.cumsum([len(page) for page in pages])]).astype(np.int64)


def mean_row(query: Vectors) -> Vectors:
    """The question as a single unit row (1, dim)."""
    return unit(query.mean(axis=0, keepdims=True, dtype=np.float32))
