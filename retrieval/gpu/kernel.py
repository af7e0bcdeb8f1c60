"""Fused MaxSim kernel call: several queries against many pages on a device.

The kernel (late-interaction-kernels, in Triton, in the manner of FlashAttention,
Dao et al. 2022, arXiv:2205.14135) takes pairs of a query and a page, iterates
over the page's rows in place and keeps each query row's largest product: products
are never written to memory.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt
from torch import Tensor

from ingest.page import Vectors
from retrieval.gpu.page_table import PageNumbers

SHORT_PAGE = 256
"""Pages of up to this many rows are scored in one call, whatever their lengths."""
_MULTIPLE = 16
"""Lengths and counts are rounded up to it: for others the kernel is compiled again."""

Upload = Callable[[npt.NDArray[Any]], Tensor]
"""Copies an array to the device."""


class Kernel(Protocol):
    """The signature of `late_interaction_kernels.score_pairs.score_pairs_packed`."""

    def __call__(
        self,
        queries: Tensor,
        rows: Tensor,
        query_offsets: Tensor,
        row_offsets: Tensor,
        pair_queries: Tensor,
        pair_rows: Tensor,
        /,
        *,
        max_seqlen_q: int,
        max_seqlen_d: int,
    ) -> Tensor:
        """MaxSim sums (pairs,): over the query's rows, the largest product with the page's rows.

        Args:
            queries: (sum, dim) fp16; query i has the rows from offset i to offset i + 1.
            rows: (n, dim) fp16; page i likewise.
            pair_queries, pair_rows: (pairs,) int32, the query's and the page's i.
            max_seqlen_q, max_seqlen_d: at least the most rows of a query and of a page.
        """
        ...


@dataclass(frozen=True, slots=True)
class QueryBatch:
    """Batch of queries on a device.

    Weighted rows (sum, dim), their offsets and the factors of the MaxSim sums.
    """

    rows: Tensor
    offsets: Tensor
    longest: int
    factors: npt.NDArray[np.float32]

    @classmethod
    def upload(cls, query: Vectors, weights: npt.NDArray[np.float32], upload: Upload) -> QueryBatch:
        """Upload queries from rows (q, dim), as fp16, and weights (queries, q).

        The weights are those that each query gives the rows.
        """
        # A maximum scales with its row; weights of at most one stay in the range of fp16.
        scaled = [
            query[row > 0] * (row[row > 0] / row.max())[:, None].astype(np.float32)
            for row in weights
        ]
        lengths = [len(rows) for rows in scaled]
        offsets = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int32)
        factors = (weights.max(axis=1) / weights.sum(axis=1)).astype(np.float32)
        rows = np.concatenate(scaled).astype(np.float16)
        return cls(upload(rows), upload(offsets), max(lengths), factors)

    def score(
        self,
        kernel: Kernel,
        rows: Tensor,
        starts: PageNumbers,
        lengths: PageNumbers,
        upload: Upload,
    ) -> Tensor:
        """MaxSim sums (pages, queries) of pages that are ranges of `rows`.

        The sums are to be multiplied with `factors`.

        Args:
            starts: (pages,) first rows, in descending order.
            lengths: (pages,) numbers of rows.
        """
        queries, pages = len(self.factors), len(starts)
        # Starts descend, so the range between a page's end and the next page's start is empty.
        offsets = np.stack([starts, starts + lengths], axis=1).ravel()
        # A page's queries are adjacent: its rows are read from memory once for all of them.
        pair_rows = np.repeat(np.arange(0, 2 * pages, 2), queries)
        pair_queries = np.tile(np.arange(queries), pages)
        padding = (0, -len(pair_rows) % _MULTIPLE)
        found = kernel(
            self.rows,
            rows,
            self.offsets,
            upload(offsets.astype(np.int32)),
            upload(np.pad(pair_queries, padding, mode="edge").astype(np.int32)),
            upload(np.pad(pair_rows, padding, mode="edge").astype(np.int32)),
            max_seqlen_q=_round_up(self.longest),
            max_seqlen_d=_round_up(int(lengths.max())),
        )
        return found[: pages * queries].view(pages, queries)


def group_by_length(lengths: PageNumbers) -> Iterator[PageNumbers]:
    """Positions of pages grouped by length.

    Lengths in a group are from half the longest up, as a call takes as long as its
    longest page.
    """
    order = np.argsort(-lengths, kind="stable")
    while len(order):
        longest = int(lengths[order[0]])
        least = longest / 2 if longest > SHORT_PAGE else 0
        count = int((lengths[order] >= least).sum())
        yield order[:count]
        order = order[count:]


def _round_up(count: int) -> int:
    return -(-count // _MULTIPLE) * _MULTIPLE
