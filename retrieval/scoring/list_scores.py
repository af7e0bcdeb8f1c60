"""List scores: MaxSim of a query with the means of the lists that a page is in.

For each row of the query the nearest lists are visited, the nearest last, so that
a page keeps the best product that it has. A page in none of them has the least of
the visited lists' products, as in WARP (Scheerer et al. 2025, arXiv:2501.17788).
Only pages that were met are touched: the work grows with the lists, not with the
library. Knows no library.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from ingest.index.inverted.lists import InvertedLists
from ingest.page import Vectors
from retrieval.scoring.dot_products import dot_products_dense
from retrieval.scoring.maxsim import Scores

PROBES = 16
"""Lists that are visited for a row of the query (benchmarks/candidates.py)."""


def score_lists(
    query: Vectors, weights: npt.NDArray[np.float32], lists: InvertedLists, probes: int = PROBES
) -> Scores:
    """Scores of all pages (pages,), less that of a page that was never met.

    Args:
        query: (q, dim).
        weights: (q,), not all zero.
    """
    used = weights > 0
    products = dot_products_dense(query[used], lists.codebook)
    products *= (weights[used] / weights[used].sum())[:, None]
    probes = min(probes, len(lists.codebook))
    totals = np.zeros(lists.page_count, np.float32)
    best = np.empty(lists.page_count, np.float32)
    for row in products:
        nearest = np.argpartition(row, -probes)[-probes:]
        nearest = nearest[np.argsort(row[nearest], kind="stable")]
        parts = [lists.members(number) for number in nearest.tolist()]
        pages = np.concatenate(parts).astype(np.intp)
        above = row[nearest] - row[nearest[0]]
        best[pages] = np.repeat(above, [len(part) for part in parts])  # the last one stays
        # A page that was met twice is written twice, with the same value.
        totals[pages] = totals[pages] + best[pages]
    return totals
