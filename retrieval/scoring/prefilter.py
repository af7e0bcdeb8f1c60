"""Prefilter: MaxSim with the sign codes of pages' centroids.

It stands between the ANN query, which has one vector a page, and exact MaxSim,
which reads a page's thousand rows. Sign codes stay in memory once read. Knows no
library and no Chroma.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ingest.index.quantization import Rows, SignCodes
from ingest.page import Vectors
from retrieval.scoring.maxsim import Scores, maxsim


@dataclass(frozen=True, slots=True)
class PageCodes:
    """Sign codes (n, bytes) of pages in a row; page i begins at offsets[i]."""

    codes: SignCodes
    offsets: npt.NDArray[np.int64]

    @classmethod
    def of(cls, pages: Sequence[SignCodes]) -> PageCodes:
        """Join the codes of at least one page."""
        return cls(np.concatenate(pages), np.cumsum([0, *map(len, pages)]))

    def __add__(self, other: PageCodes) -> PageCodes:
        codes = np.concatenate([self.codes, other.codes])
        return PageCodes(
            codes, np.concatenate([self.offsets, other.offsets[1:] + self.offsets[-1]])
        )


def prefilter(
    query: Vectors, weights: npt.NDArray[np.float32], centroids: PageCodes, most: int
) -> dict[int, float]:
    """Scores by position of the `most` pages whose centroids score best, best first.

    Pages without rows are last.

    Args:
        query: (q, dim).
        weights: (q,), not all zero.
        centroids: of the pages.
    """
    scores = score_centroids(query, weights, centroids)
    best = np.argsort(-scores, kind="stable")[:most]
    return {int(position): float(scores[position]) for position in best}


def score_centroids(
    query: Vectors, weights: npt.NDArray[np.float32], centroids: PageCodes
) -> Scores:
    """MaxSim of a query with each page's centroids (pages,).

    NaN for pages without rows.
    """
    return maxsim(query, weights, Rows(centroids.codes), centroids.offsets)
