"""Which of many candidates are worth reading: their gists against the question.

Between Chroma, which names pages by one vector each, and the exact score, which
reads a page's thousand rows: MaxSim with the signs of the few rows of each gist,
which are in memory once they were needed. Knows no library and no Chroma.
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
) -> npt.NDArray[np.int64]:
    """The places of the `most` gists that score best, best first; those without rows last.

    Args:
        query: (q, dim).
        weights: (q,), not all zero.
        gists: (rows, bytes) of each page.
    """
    return np.argsort(-score_centroids(query, weights, centroids), kind="stable")[:most]


def score_centroids(
    query: Vectors, weights: npt.NDArray[np.float32], centroids: Sequence[SignCodes]
) -> Scores:
    """MaxSim of a question with each gist (gists,); NaN for those without rows."""
    ends = np.cumsum([0, *map(len, centroids)])
    return maxsim(query, weights, Rows(np.concatenate(centroids)), ends)
