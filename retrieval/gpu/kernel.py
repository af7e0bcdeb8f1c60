"""One call of a fused kernel: several questions against many pages whose rows lie on a device.

The kernel (late-interaction-kernels, a Triton kernel in the manner of
FlashAttention, Dao et al. 2022, arXiv:2205.14135) takes each pair of a question
and a page, walks over the page's rows where they lie and keeps the best product
of each row of the question: products are never written to memory.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt
from torch import Tensor

from ingest.page import Vectors
from retrieval.gpu.page_table import Places

ALIKE = 256
"""Pages of up to so many rows are walked over together, whatever their lengths."""
_ROUND = 16
"""Lengths and counts are rounded up to it: the kernel is compiled anew for others."""

Send = Callable[[npt.NDArray[Any]], Tensor]
"""Gives a copy on the device."""


class Kernel(Protocol):
    """What `late_interaction_kernels.score_pairs.score_pairs_packed` is."""

    def __call__(
        self,
        questions: Tensor,
        rows: Tensor,
        question_edges: Tensor,
        row_edges: Tensor,
        pair_questions: Tensor,
        pair_rows: Tensor,
        /,
        *,
        max_seqlen_q: int,
        max_seqlen_d: int,
    ) -> Tensor:
        """For each pair, the sum over the question's rows of the best product with the page's (pairs,).

        Args:
            questions: (sum, dim) fp16; question i has the rows from edge i to edge i + 1.
            rows: (n, dim) fp16; page i likewise.
            pair_questions: (pairs,) int32, with `pair_rows` which i.
            max_seqlen_q, max_seqlen_d: how far it walks, at least to the longest.
        """
        ...


@dataclass(frozen=True, slots=True)
class Questions:
    """Questions on a device: rows (sum, dim) times their weights, where each begins, what its sum is multiplied with."""

    rows: Tensor
    edges: Tensor
    longest: int
    factors: npt.NDArray[np.float32]

    @classmethod
    def send(cls, query: Vectors, weights: npt.NDArray[np.float32], send: Send) -> Questions:
        """Rows (q, dim), rounded to fp16; each of `weights` (questions, q) takes those that it gives a weight."""
        # A best product scales with its row; weights of at most one stay in the range of fp16.
        scaled = [
            query[row > 0] * (row[row > 0] / row.max())[:, None].astype(np.float32)
            for row in weights
        ]
        lengths = [len(rows) for rows in scaled]
        edges = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int32)
        factors = (weights.max(axis=1) / weights.sum(axis=1)).astype(np.float32)
        rows = np.concatenate(scaled).astype(np.float16)
        return cls(send(rows), send(edges), max(lengths), factors)

    def score(
        self, kernel: Kernel, rows: Tensor, starts: Places, lengths: Places, send: Send
    ) -> Tensor:
        """Sums (pages, questions), still to be multiplied with `factors`, of pages that are stretches of `rows`.

        Args:
            starts, lengths: of the pages; the starts fall.
        """
        questions, pages = len(self.factors), len(starts)
        # Starts fall, so what lies between a page's edge and the next page's is no stretch.
        edges = np.stack([starts, starts + lengths], axis=1).ravel()
        # A page's questions follow each other: its rows are read from memory once for all.
        pair_rows = np.repeat(np.arange(0, 2 * pages, 2), questions)
        pair_questions = np.tile(np.arange(questions), pages)
        more = (0, -len(pair_rows) % _ROUND)
        found = kernel(
            self.rows,
            rows,
            self.edges,
            send(edges.astype(np.int32)),
            send(np.pad(pair_questions, more, mode="edge").astype(np.int32)),
            send(np.pad(pair_rows, more, mode="edge").astype(np.int32)),
            max_seqlen_q=_up(self.longest),
            max_seqlen_d=_up(int(lengths.max())),
        )
        return found[: pages * questions].view(pages, questions)


def alike(lengths: Places) -> Iterator[Places]:
    """Places of pages, those together whose lengths differ by half at most: a kernel walks as far as the longest."""
    order = np.argsort(-lengths, kind="stable")
    while len(order):
        longest = int(lengths[order[0]])
        least = longest / 2 if longest > ALIKE else 0
        count = int((lengths[order] >= least).sum())
        yield order[:count]
        order = order[count:]


def _up(count: int) -> int:
    return -(-count // _ROUND) * _ROUND
