"""Prefilter: MaxSim with the sign codes of pages' centroids.

It stands between the ANN query, which has one vector a page, and exact MaxSim,
which reads a page's thousand rows. Sign codes stay in memory once read. Knows no
library and no Chroma.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from ingest.index.quantization import Rows, SignCodes
from ingest.page import Vectors
from retrieval.scoring.maxsim import Scores, maxsim


def prefilter(
    query: Vectors, weights: npt.NDArray[np.float32], centroids: Sequence[SignCodes], most: int
) -> dict[int, float]:
    """Scores by position of the `most` pages whose centroids score best, best first.

    Pages without rows are last.

    Args:
        query: (q, dim).
        weights: (q,), not all zero.
        centroids: (rows, bytes) of each page.
    """
    scores = score_centroids(query, weights, centroids)
    best = np.argsort(-scores, kind="stable")[:most]
    return {int(position): float(scores[position]) for position in best}


def score_centroids(
    query: Vectors, weights: npt.NDArray[np.float32], centroids: Sequence[SignCodes]
) -> Scores:
    """MaxSim of a query with each page's centroids (pages,).

    NaN for pages without rows.
    """
    ends = np.cumsum([0, *map(len, centroids)])
    return maxsim(query, weights, Rows(np.concatenate(centroids)), ends)
