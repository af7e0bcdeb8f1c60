"""Which of many candidates are worth reading: their gists against the question.

Between Chroma, which names pages by one vector each, and the exact score, which
reads a page's thousand rows: MaxSim with the signs of the few rows of each gist,
which are in memory once they were needed. Knows no library and no Chroma.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from ingest.index.quantization import Codes, Rows
from ingest.page import Vectors
from retrieval.scoring.maxsim import Scores, maxsim


def shortlist(
    query: Vectors, weights: npt.NDArray[np.float32], gists: Sequence[Codes], most: int
) -> npt.NDArray[np.int64]:
    """The places of the `most` gists that score best, best first; those without rows last.

    Args:
        query: (q, dim).
        weights: (q,), not all zero.
        gists: (rows, bytes) of each page.
    """
    return np.argsort(-score_gists(query, weights, gists), kind="stable")[:most]


def score_gists(query: Vectors, weights: npt.NDArray[np.float32], gists: Sequence[Codes]) -> Scores:
    """MaxSim of a question with each gist (gists,); NaN for those without rows."""
    ends = np.cumsum([0, *map(len, gists)])
    return maxsim(query, weights, Rows(np.concatenate(gists)), ends)
