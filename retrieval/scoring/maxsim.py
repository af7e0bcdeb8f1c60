"""MaxSim: exact late-interaction scores of pages.

For each row of the query the largest cosine among the page's rows; then their
weighted mean (Khattab and Zaharia 2020, arXiv:2004.12832). Nothing is padded, so
a negative maximum stays negative. With one row each it is the cosine.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence

import numpy as np
import numpy.typing as npt

from ingest.index.quantization import Rows
from ingest.page import Vectors, unit
from retrieval.scoring.page_maxima import QueryRows, page_maxima
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
    asked = MaxSimQuery(query, weights)
    scores = np.full((*weights.shape[:-1], len(offsets) - 1), np.nan, np.float32)
    stored = rows if isinstance(rows, Rows) else Rows(rows)

    def score(block: tuple[int, int]) -> None:
        first, last = block
        some = stored[offsets[first] : offsets[last]]
        scores[..., first:last] = asked.score(some, np.diff(offsets[first : last + 1]))

    parallel_map(score, list(page_blocks(offsets, asked.block_rows)))
    return scores


class MaxSimQuery:
    """Rows and weights of a query, or of several, made ready to score many pages.

    Args: as of `maxsim`.
    """

    def __init__(self, query: Vectors, weights: npt.NDArray[np.float32]) -> None:
        used = (np.atleast_2d(weights) > 0).any(axis=0)
        weights = weights[..., used]
        self._rows = QueryRows(query[used])
        self._weights = weights / weights.sum(axis=-1, keepdims=True)

    @property
    def block_rows(self) -> int:
        """Page rows that are best scored at once."""
        return max(min(BLOCK_ROWS, BLOCK_PRODUCTS // max(len(self._rows), 1)), 1_024)

    def score(self, rows: Rows, lengths: npt.NDArray[np.int64]) -> Scores:
        """Scores (pages,), or (queries, pages), of pages with so many rows each."""
        best = page_maxima(self._rows, rows, lengths)
        found: Scores = self._weights @ best
        if best.shape[1] == len(lengths):
            return found
        scores = np.full((*found.shape[:-1], len(lengths)), np.nan, np.float32)
        scores[..., lengths > 0] = found
        return scores


def page_blocks(offsets: npt.NDArray[np.int64], block_rows: int) -> Iterator[tuple[int, int]]:
    """Runs of whole pages with up to that many rows, and at least one.

    A longer page is one by itself.
    """
    ends = offsets.tolist()
    first, pages = 0, len(ends) - 1
    while first < pages:
        last = max(bisect_right(ends, ends[first] + block_rows, first + 1) - 1, first + 1)
        if ends[last] > ends[first]:
            yield first, last
        first = last


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
