"""Page centroids: cluster means of a page's rows, for a prefilter of candidates.

Rows of a page cluster: a line of text, a margin, a bar of a chart. Spherical
k-means (Dhillon and Modha 2001) finds the clusters, as token pooling does (Clavie
et al. 2024, arXiv:2409.14683). Of each mean only the sign bits about the index's
center are stored (ingest.index.quantization.pack_signs). MaxSim with those
approximates MaxSim with all rows at a thousandth of the bytes.
"""

from __future__ import annotations

from contextlib import AbstractContextManager
from functools import cache

import numpy as np
from threadpoolctl import ThreadpoolController

from ingest.encoders.encoder import Modality
from ingest.page import Vectors, unit

ROUNDS = 4
"""Iterations of k-means; eight rank no better."""
CENTROIDS: dict[Modality, int] = {"page": 64, "text": 128, "passage": 0, "image": 0, "video": 0}
"""Centroids of a page, by the encoder's modality; an image and passages have too few rows to need any."""

CENTER_SHARE = 0.5
"""Share of the center subtracted from query rows: 0 is worse on synthetic pages, 1 on real ones."""


def pool_rows(rows: Vectors, limit: int) -> Vectors:
    """Pool unit rows (n, dim) into the unit means of `limit` clusters (limit, dim).

    `limit` rows or fewer are returned as they are. The initial means are rows
    evenly spaced over the page, so that the result is deterministic.
    """
    rows = np.asarray(rows, np.float32)
    if len(rows) <= limit:
        return rows
    means: Vectors = rows[np.linspace(0, len(rows) - 1, limit).astype(int)]
    # Products so small gain nothing from a second thread, and ingest keeps all cores busy.
    with one_blas_thread():
        for _ in range(ROUNDS):
            nearest = (rows @ means.T).argmax(axis=1)
            member = (nearest == np.arange(limit)[:, None]).astype(np.float32)
            sums = member @ rows
            filled = np.linalg.norm(sums, axis=1) > 1e-6
            means = np.where(filled[:, None], unit(sums), means)
    return means


def one_blas_thread() -> AbstractContextManager[object]:
    """A context in which products of matrices take one thread."""
    limit: AbstractContextManager[object] = _threads().limit(limits=1, user_api="blas")
    return limit


@cache
def _threads() -> ThreadpoolController:
    return ThreadpoolController()
