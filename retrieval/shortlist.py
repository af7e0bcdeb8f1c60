"""Which of many candidates are worth reading: their gists against the question.

Between Chroma, which names pages by one vector each, and the exact score, which
reads a page's thousand rows: MaxSim over the signs of the few rows of each
gist, which are in memory once they were needed. The question's rows are int8,
not cut down to signs, so this ranks better than bits that agree. Knows no
library and no Chroma.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from ingest.page import Vectors
from ingest.storage import quantise
from retrieval.score import Part, Scores
from retrieval.similar import count_bits


def shortlist(
    query: Vectors,
    weights: npt.NDArray[np.float32],
    parts: Sequence[Part],
    count: int,
    most: int,
) -> npt.NDArray[np.int64]:
    """The places of the `most` candidates whose gists score best, best first; of `count`, those in no part last.

    Args:
        query: (q, dim) rows less the index's centre.
        weights: (q,), not all zero.
    """
    return np.argsort(-score_gists(query, weights, parts, count), kind="stable")[:most]


def score_gists(
    query: Vectors, weights: npt.NDArray[np.float32], parts: Sequence[Part], count: int
) -> Scores:
    """MaxSim of a question, as int8, with the signs of each gist (count,); NaN for those in no part or without rows."""
    scores = np.full(count, np.nan, np.float32)
    gists = [part.held.gist(number) for part in parts for number in part.numbers.tolist()]
    lengths = np.fromiter(map(len, gists), np.int64, len(gists))
    some = lengths > 0
    if not some.any():
        return scores
    used = weights > 0
    asked = quantise(np.asarray(query[used], np.float32))
    assert asked.scales is not None
    best = _best(count_bits(asked.values, np.concatenate(gists)), lengths[some])
    # With signs for bits, 1 and -1 for 1 and 0, a product is twice as much less the sum of its row.
    signed = 2 * best - asked.values.sum(axis=1, dtype=np.float32)
    places = np.concatenate([part.places for part in parts])[some]
    scores[places] = signed @ (weights[used] / weights[used].sum() * asked.scales)
    return scores


def _best(products: npt.NDArray[np.int32], lengths: npt.NDArray[np.int64]) -> Scores:
    """The largest product (pages, q) of each page of so many rows."""
    if (lengths == lengths[0]).all():  # as pages of one model often are, and faster
        best = products.reshape(len(lengths), -1, products.shape[1]).max(axis=1)
    else:
        best = np.maximum.reduceat(products, np.cumsum(lengths) - lengths, axis=0)
    return np.asarray(best, np.float32)
