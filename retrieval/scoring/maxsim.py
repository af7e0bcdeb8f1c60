"""MaxSim: exact late-interaction scores of pages.

For each row of the query the largest cosine among the page's rows; then their
weighted mean (Khattab and Zaharia 2020, arXiv:2004.12832). Nothing is padded, so
a negative maximum stays negative. With one row each it is the cosine.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from ingest.index.quantization import Rows
from ingest.page import Vectors, unit
from retrieval.scoring.dot_products import dot_products
from retrieval.scoring.parallel import parallel_map

BLOCK_ROWS = 8_192
"""Page rows that one core multiplies at once: they and their products stay in its cache."""
BLOCK_PRODUCTS = 1 << 20
"""With several queries fewer rows, so that a block has about this many products."""

Scores = npt.NDArray[np.float32]


def maxsim(
    query: Vectors,
    weights: npt.NDArray[np.float32],
    rows: Rows | npt.NDArray[np.floating],
    offsets: Sequence[int] | npt.NDArray[np.int64],
) -> Scores:
    """Weighted mean MaxSim of one query, or of several in one pass over the rows.

    Args:
        query: (q, dim) unit rows, of all queries.
        weights: (q,), or (queries, q) with zeros for the rows of the others; none of them all zero.
        rows: unit rows of all pages as they are stored, or (n, dim) of any float type.
        offsets: (pages + 1,): page p has rows offsets[p] to offsets[p + 1].

    Returns:
        (pages,) or (queries, pages) scores in -1..1; NaN for a page without rows.

    >>> query = np.array([[1, 0], [0, 1]], np.float32)
    >>> rows = np.array([[1, 0], [0, 1], [-1, 0]], np.float32)
    >>> maxsim(query, np.ones(2, np.float32), rows, [0, 2, 3]).tolist()
    [1.0, -0.5]
    """
    offsets = np.asarray(offsets, np.int64)
    scores = np.full((*weights.shape[:-1], len(offsets) - 1), np.nan, np.float32)
    used = (np.atleast_2d(weights) > 0).any(axis=0)
    query, weights = np.asarray(query[used], np.float32), weights[..., used]
    weights = weights / weights.sum(axis=-1, keepdims=True)
    stored = rows if isinstance(rows, Rows) else Rows(rows)
    lengths = np.diff(offsets)

    def score(block: tuple[int, int]) -> None:
        first, last = block
        found = dot_products(query, stored[offsets[first] : offsets[last]])
        best = _page_maxima(found, lengths[first:last])
        scores[..., first:last][..., lengths[first:last] > 0] = weights @ best

    parallel_map(score, _page_blocks(offsets, _block_rows(len(query))))
    return scores


def _page_maxima(products: Scores, lengths: npt.NDArray[np.int64]) -> Scores:
    """The largest products (q, pages) within each page that has rows.

    Args:
        products: (q, n), the pages' one after the other.
        lengths: (pages,) numbers of rows.
    """
    if products.flags.c_contiguous and (lengths == lengths[0]).all():  # often so, and faster
        return np.asarray(products.reshape(len(products), len(lengths), -1).max(axis=2))
    lengths = lengths[lengths > 0]
    best: Scores = np.maximum.reduceat(products, np.cumsum(lengths) - lengths, axis=1)
    return best


def _block_rows(query_rows: int) -> int:
    return max(min(BLOCK_ROWS, BLOCK_PRODUCTS // max(query_rows, 1)), 1_024)


def _page_blocks(offsets: npt.NDArray[np.int64], block_rows: int) -> list[tuple[int, int]]:
    """Runs of whole pages with up to that many rows (a longer page by itself) and at least one."""
    blocks = []
    first = 0
    pages = len(offsets) - 1
    while first < pages:
        last = int(np.searchsorted(offsets, offsets[first] + block_rows, side="right")) - 1
        last = min(max(last, first + 1), pages)
        if offsets[last] > offsets[first]:
            blocks.append((first, last))
        first = last
    return blocks


def mean_row(query: Vectors) -> Vectors:
    """The unit mean (1, dim) of a query's rows."""
    return unit(query.mean(axis=0, keepdims=True, dtype=np.float32))


def block_weights(weights: Sequence[npt.NDArray[np.float32]]) -> npt.NDArray[np.float32]:
    """Block-diagonal weights (queries, sum of q) for `maxsim`.

    Each block is one query's weights (q,).
    """
    offsets = np.cumsum([0, *(len(row) for row in weights)])
    blocks = np.zeros((len(weights), offsets[-1]), np.float32)
    for row, own, first in zip(blocks, weights, offsets, strict=False):
        row[first : first + len(own)] = own
    return blocks
