"""Hierarchical token pooling: fewer rows a page, at a small cost in ranking.

Clavie et al. 2024 (arXiv:2409.14683), as colpali-engine does it: Ward clusters
of rows by their cosine distances, each replaced by its unit mean. A merged row's
box is the smallest that holds those it came from. Works for any encoder with
many rows a page; rows without a place (prompt, title) are left alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np

from ingest.box import union_box
from ingest.encoders.encoder import Encoder, Preparer
from ingest.page import PageVectors, QueryVectors, Rendered, Vectors

LEAST = 1e-6
"""A mean shorter than this has no direction."""


class PooledEncoder:
    """An encoder whose pages keep one row in `factor`."""

    def __init__(self, encoder: Encoder, factor: int) -> None:
        self._encoder = encoder
        self._factor = factor
        self.name, self.model, self.dim = encoder.name, encoder.model, encoder.dim
        self.modality, self.cosine_range = encoder.modality, encoder.cosine_range
        self.batch_pages = encoder.batch_pages
        self.provenance = {**encoder.provenance, "pool": str(factor)}

    def preparer(self) -> Preparer | None:
        """The encoder's own."""
        return self._encoder.preparer()

    def encode_pages(self, pages: Sequence[Rendered]) -> list[PageVectors]:
        """As the encoder's, then merged, a page a thread (SciPy lets go of the interpreter)."""
        encoded = self._encoder.encode_pages(pages)
        with ThreadPoolExecutor() as pool:
            return list(pool.map(lambda page: pool_tokens(page, self._factor), encoded))

    def encode_queries(self, queries: Sequence[str]) -> list[QueryVectors]:
        """The encoder's own."""
        return self._encoder.encode_queries(queries)


def pool_tokens(page: PageVectors, factor: int) -> PageVectors:
    """Keep `len // factor` rows of those that have a place, at least one, in the order of the page."""
    placed = page.placed
    rows, boxes = page.vectors[placed], page.boxes[placed]
    if factor == 1 or len(rows) < 2:
        return page
    from scipy.cluster.hierarchy import fcluster, linkage
    from scipy.spatial.distance import pdist

    # Rows are compared by how far they are from all the others, as the engine does it. Condensed
    # here: SciPy takes a matrix of distances for a mistake, and warns.
    apart = pdist(1 - rows @ rows.T)
    wanted = max(len(rows) // factor, 1)
    clusters = fcluster(linkage(apart, method="ward"), t=wanted, criterion="maxclust")
    _, firsts = np.unique(clusters, return_index=True)
    members = [clusters == clusters[first] for first in np.sort(firsts)]
    merged = [union_box(boxes[own].tolist()) for own in members]
    return replace(
        page,
        vectors=np.concatenate([[_mean(rows[own]) for own in members], page.vectors[~placed]]),
        boxes=np.concatenate([merged, page.boxes[~placed]]).astype(np.float32),
    )


def _mean(rows: Vectors) -> Vectors:
    """The unit mean of rows; the first of them where they cancel out."""
    mean: Vectors = rows.mean(axis=0)
    length = np.linalg.norm(mean)
    return mean / length if length > LEAST else rows[0]
