"""Hierarchical token pooling: an encoder wrapper that keeps fewer rows a page.

Clavie et al. 2024 (arXiv:2409.14683), as in colpali-engine: rows are clustered
by Ward's method on cosine distances, and each cluster becomes its unit mean with
the bounding box of its rows. Works for any encoder with many rows a page. Rows
with an empty box (prompt, title) are not pooled.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np

from ingest.box import union_box
from ingest.encoders.encoder import Encoder, Preparer
from ingest.page import PageVectors, QueryVectors, Rendered, Vectors

MIN_NORM = 1e-6
"""A shorter mean has no direction."""


class PooledEncoder:
    """Encoder wrapper that keeps one row in `factor` of each page."""

    def __init__(self, encoder: Encoder, factor: int) -> None:
        self._encoder = encoder
        self._factor = factor
        self.name, self.model, self.dim = encoder.name, encoder.model, encoder.dim
        self.modality, self.calibrated = encoder.modality, encoder.calibrated
        self.cosine_range = encoder.cosine_range
        self.batch_pages = encoder.batch_pages
        self.provenance = {**encoder.provenance, "pool": str(factor)}

    def preparer(self) -> Preparer | None:
        """The wrapped encoder's preparer."""
        return self._encoder.preparer()

    def encode_pages(self, pages: Sequence[Rendered]) -> list[PageVectors]:
        """Encode pages and pool their rows, one page a thread; see `Encoder`."""
        encoded = self._encoder.encode_pages(pages)
        with ThreadPoolExecutor() as pool:
            return list(pool.map(lambda page: pool_tokens(page, self._factor), encoded))

    def encode_queries(self, queries: Sequence[str]) -> list[QueryVectors]:
        """Encode queries; their rows are not pooled."""
        return self._encoder.encode_queries(queries)


def pool_tokens(page: PageVectors, factor: int) -> PageVectors:
    """Pool a page's rows to one in `factor`, at least one, in page order.

    Rows with an empty box are kept and come last.

    Args:
        page: unit rows (n, dim) with boxes (n, 4).
        factor: rows a cluster, on average; 1 keeps all.

    >>> rows = np.array([[1, 0], [0.8, 0.6], [0, 1], [0, 1]], np.float32)
    >>> boxes = np.array([[0, 0, 0.1, 1], [0.1, 0, 0.2, 1], [0.8, 0, 0.9, 1], [0.9, 0, 1, 1]], np.float32)
    >>> pooled = pool_tokens(PageVectors(rows, boxes), 2)
    >>> pooled.vectors.round(2).tolist() == np.array([[0.95, 0.32], [0, 1]], np.float32).tolist()
    True
    >>> pooled.boxes[:, [0, 2]].round(1).tolist() == np.array([[0, 0.2], [0.8, 1]], np.float32).tolist()
    True
    """
    placed = page.placed
    rows, boxes = page.vectors[placed], page.boxes[placed]
    if factor == 1 or len(rows) < 2:
        return page
    from scipy.cluster.hierarchy import fcluster, linkage
    from scipy.spatial.distance import pdist

    # As in colpali-engine, rows are compared by their distances to all rows. Condensed here:
    # SciPy warns about a square matrix of distances.
    distances = pdist(1 - rows @ rows.T)
    wanted = max(len(rows) // factor, 1)
    clusters = fcluster(linkage(distances, method="ward"), t=wanted, criterion="maxclust")
    _, firsts = np.unique(clusters, return_index=True)
    members = [clusters == clusters[first] for first in np.sort(firsts)]
    bounds = [union_box(boxes[own].tolist()) for own in members]
    return replace(
        page,
        vectors=np.concatenate([[_mean(rows[own]) for own in members], page.vectors[~placed]]),
        boxes=np.concatenate([bounds, page.boxes[~placed]]).astype(np.float32),
    )


def _mean(rows: Vectors) -> Vectors:
    """The unit mean of rows; the first row where they cancel out."""
    mean: Vectors = rows.mean(axis=0)
    length = np.linalg.norm(mean)
    return mean / length if length > MIN_NORM else rows[0]
