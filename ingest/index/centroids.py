"""A page's gist: few rows that stand for all of them, kept as sign bits, by which many candidates become few.

Rows of a page cluster: a line of text, a margin, a bar of a chart. Spherical
k-means (Dhillon and Modha 2001) finds the clusters, as token pooling does
(Clavie et al. 2024, arXiv:2409.14683); of each mean only the signs about the
index's centre are kept (ingest.index.quantization.pack). MaxSim with those comes near to
that with all rows, at a thousandth of the bytes. Knows no files.
"""

from __future__ import annotations

from functools import cache

import numpy as np
from threadpoolctl import ThreadpoolController

from ingest.page import Vectors, unit

ROUNDS = 4
"""Of k-means; eight rank no better."""
CENTROID_ROWS = {"page": 64, "text": 128, "image": 0}
"""Rows of a gist, by what the encoder reads; a picture has so few rows that it needs none."""

CENTER_SHARE = 0.5
"""Of the centre, taken off a question's rows: at 0 the gists of made pages choose worse, at 1 those of real ones."""


def pool_rows(rows: Vectors, most: int) -> Vectors:
    """Unit means (at most `most`, dim) of the clusters of unit rows (n, dim); rows as they are where they are few enough.

    Starts from rows evenly spread over the page, so nothing is random.
    """
    rows = np.asarray(rows, np.float32)
    if len(rows) <= most:
        return rows
    means: Vectors = rows[np.linspace(0, len(rows) - 1, most).astype(int)]
    # Products so small are not worth a second thread, which waits for a core where an ingest has them busy.
    with _threads().limit(limits=1, user_api="blas"):
        for _ in range(ROUNDS):
            nearest = (rows @ means.T).argmax(axis=1)
            member = (nearest == np.arange(most)[:, None]).astype(np.float32)
            sums = member @ rows
            filled = np.linalg.norm(sums, axis=1) > 1e-6
            means = np.where(filled[:, None], unit(sums), means)
    return means


@cache
def _threads() -> ThreadpoolController:
    return ThreadpoolController()
