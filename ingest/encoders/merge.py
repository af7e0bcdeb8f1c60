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

from ingest.encoders.encoder import Encoder, Preparer
from ingest.page import PageVectors, QueryVectors, Rendered


class Merged:
    """An encoder whose pages keep one row in `factor`."""

    def __init__(self, encoder: Encoder, factor: int) -> None:
        self._encoder = encoder
        self._factor = factor
        self.name, self.model, self.dim = encoder.name, encoder.model, encoder.dim
        self.reads, self.reach = encoder.reads, encoder.reach
        self.batch_pages = encoder.batch_pages
        self.made = {**encoder.made, "pool": str(factor)}

    def preparer(self) -> Preparer | None:
        """The encoder's own."""
        return self._encoder.preparer()

    def encode_pages(self, pages: Sequence[Rendered]) -> list[PageVectors]:
        """As the encoder's, then merged, a page a thread (SciPy lets go of the interpreter)."""
        encoded = self._encoder.encode_pages(pages)
        with ThreadPoolExecutor() as pool:
            return list(pool.map(lambda page: merge_rows(page, self._factor), encoded))

    def encode_queries(self, queries: Sequence[str]) -> list[QueryVectors]:
        """The encoder's own."""
        return self._encoder.encode_queries(queries)


def merge_rows(page: PageVectors, factor: int) -> PageVectors:
    """Keep `len // factor` rows of those that have a place, at least one."""
    placed = page.boxes[:, 2] > page.boxes[:, 0]
    rows, boxes = page.vectors[placed], page.boxes[placed]
    if factor == 1 or len(rows) < 2:
        return page
    from scipy.cluster.hierarchy import fcluster, linkage

    distances = 1 - rows @ rows.T
    wanted = max(len(rows) // factor, 1)
    clusters = fcluster(linkage(distances, method="ward"), t=wanted, criterion="maxclust")
    numbers = np.unique(clusters)
    means = np.stack([rows[clusters == number].mean(axis=0) for number in numbers])
    around = np.stack(
        [
            [*boxes[clusters == number, :2].min(axis=0), *boxes[clusters == number, 2:].max(axis=0)]
            for number in numbers
        ]
    )
    means /= np.maximum(np.linalg.norm(means, axis=1, keepdims=True), 1e-12)
    return replace(
        page,
        vectors=np.concatenate([means, page.vectors[~placed]]),
        boxes=np.concatenate([around, page.boxes[~placed]]).astype(np.float32),
    )
