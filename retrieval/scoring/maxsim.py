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

from ingest.index.quantization import Rows, concatenate
from ingest.page import Vectors, unit
from retrieval.scoring.dot_products import dot_products
from retrieval.scoring.parallel import parallel_map

ROWS_AT_ONCE = 8_192
"""Page rows multiplied together, by one core: they and their products stay in the cache."""
PRODUCTS_AT_ONCE = 1 << 20
"""With several questions fewer rows, so that there are about so many products."""

Scores = npt.NDArray[np.float32]


def maxsim(
    query: Vectors,
    weights: npt.NDArray[np.float32],
    rows: Rows | npt.NDArray[np.floating],
    offsets: Sequence[int] | npt.NDArray[np.int64],
) -> Scores:
    """Weighted mean MaxSim of a question with each page, or of several in one pass over the rows.

    Args:
        query: (q, dim) unit rows, of all questions.
        weights: (q,), or (questions, q) with zeros for the rows of the others; none of them all zero.
        rows: unit rows of all pages as they are stored, or (n, dim) of any float type.
        offsets: (pages + 1,): page p has rows offsets[p] to offsets[p + 1].

    Returns:
        (pages,) or (questions, pages) scores in -1..1; NaN for a page without rows.
    """
    offsets = np.asarray(offsets, np.int64)
    scores = np.full((*weights.shape[:-1], len(offsets) - 1), np.nan, np.float32)
    used = (np.atleast_2d(weights) > 0).any(axis=0)
    query, weights = np.asarray(query[used], np.float32), weights[..., used]
    weights = weights / weights.sum(axis=-1, keepdims=True)
    held = rows if isinstance(rows, Rows) else Rows(rows)
    lengths = np.diff(offsets)

    def score(group: tuple[int, int]) -> None:
        first, last = group
        found = dot_products(query, held[offsets[first] : offsets[last]])
        best = _best(found, lengths[first:last])
        scores[..., first:last][..., lengths[first:last] > 0] = weights @ best

    parallel_map(score, _groups(offsets, _at_once(len(query))))
    return scores


def _best(products: Scores, lengths: npt.NDArray[np.int64]) -> Scores:
    """The largest product (q, pages) within each page that has rows; the pages have so many, one after the other."""
    if products.flags.c_contiguous and (lengths == lengths[0]).all():  # often so, and faster
        return np.asarray(products.reshape(len(products), len(lengths), -1).max(axis=2))
    lengths = lengths[lengths > 0]
    best: Scores = np.maximum.reduceat(products, np.cumsum(lengths) - lengths, axis=1)
    return best


def _at_once(query_rows: int) -> int:
    return max(min(ROWS_AT_ONCE, PRODUCTS_AT_ONCE // max(query_rows, 1)), 1_024)


def _groups(offsets: npt.NDArray[np.int64], at_once: int) -> list[tuple[int, int]]:
    """Runs of whole pages, each with about so many rows (a longer page by itself) and at least one."""
    groups = []
    first = 0
    pages = len(offsets) - 1
    while first < pages:
        last = int(np.searchsorted(offsets, offsets[first] + at_once, side="right")) - 1
        last = min(max(last, first + 1), pages)
        if offsets[last] > offsets[first]:
            groups.append((first, last))
        first = last
    return groups


def maxsim_pages(
    query: Vectors,
    weights: npt.NDArray[np.float32],
    pages: Sequence[Rows] | Sequence[npt.NDArray[np.floating]],
) -> Scores:
    """Weighted mean MaxSim of a question with pages that lie apart: each of one kind, as `maxsim` takes them."""
    held = [page if isinstance(page, Rows) else Rows(page) for page in pages]
    scores = np.full((*weights.shape[:-1], len(pages)), np.nan, np.float32)
    for first, last in _groups(_edges(held), _at_once(len(query))):
        some = held[first:last]
        scores[..., first:last] = maxsim(query, weights, concatenate(some), _edges(some))
    return scores


def _edges(pages: Sequence[Rows]) -> npt.NDArray[np.int64]:
    return np.concatenate([[0], np.cumsum([len(page) for page in pages])]).astype(np.int64)


def mean_row(query: Vectors) -> Vectors:
    """The question as a single unit row (1, dim)."""
    return unit(query.mean(axis=0, keepdims=True, dtype=np.float32))


def keep_apart(weights: Sequence[npt.NDArray[np.float32]]) -> npt.NDArray[np.float32]:
    """Weights (q,) of each question as `maxsim` takes those of several: (questions, sum of q), zero for others' rows."""
    edges = np.cumsum([0, *(len(row) for row in weights)])
    apart = np.zeros((len(weights), edges[-1]), np.float32)
    for row, own, first in zip(apart, weights, edges, strict=False):
        row[first : first + len(own)] = own
    return apart
