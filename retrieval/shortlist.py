"""Which of many candidates are worth reading: their gists against the question.

Between Chroma, which names pages by one vector each, and the exact score, which
reads a page's thousand rows: MaxSim with the signs of the few rows of each gist,
which are in memory once they were needed. Knows no library and no Chroma.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from ingest.page import Vectors
from ingest.storage import Rows
from retrieval.maxsim import Scores, maxsim
from retrieval.score import Part


def shortlist(
    query: Vectors,
    weights: npt.NDArray[np.float32],
    parts: Sequence[Part],
    count: int,
    most: int,
) -> npt.NDArray[np.int64]:
    """The places of the `most` candidates whose gists score best, best first; of `count`, those in no part last.

    Args:
        query: (q, dim).
        weights: (q,), not all zero.
    """
    return np.argsort(-score_gists(query, weights, parts, count), kind="stable")[:most]


def score_gists(
    query: Vectors, weights: npt.NDArray[np.float32], parts: Sequence[Part], count: int
) -> Scores:
    """MaxSim of a question with each gist (count,); NaN for those in no part or without rows."""
    scores = np.full(count, np.nan, np.float32)
    gists = [part.held.gist(number) for part in parts for number in part.numbers.tolist()]
    if gists:
        ends = np.cumsum([0, *map(len, gists)])
        places = np.concatenate([part.places for part in parts])
        scores[places] = maxsim(query, weights, Rows(np.concatenate(gists)), ends)
    return scores
