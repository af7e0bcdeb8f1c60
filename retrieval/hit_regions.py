"""Region finder: regions of hits, from what is kept of pages found often."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from ingest.caches.byte_cache import ByteCache
from ingest.encoders.encoder import WORDLESS
from ingest.index.index import Index
from ingest.page import Page, QueryVectors
from retrieval.explain.regions import (
    PlacedPage,
    find_image_region,
    find_patch_regions,
    find_word_regions,
)
from retrieval.hit import Region
from retrieval.shards.shard import Shard
from retrieval.snapshot import LibrarySnapshot

PLACED_BYTES = 24 << 20
"""Of rows with their places, of pages that were found last: 0.3 MB for one of 400 tokens."""


class RegionFinder:
    """Finds the regions of pages, from any thread."""

    def __init__(self) -> None:
        self._placed = ByteCache[PlacedPage](PLACED_BYTES)

    def find(
        self,
        shard: Shard,
        index: Index,
        query: Mapping[str, QueryVectors],
        weights: Mapping[str, npt.NDArray[np.float32]],
        page: Page,
    ) -> tuple[Region, ...]:
        """Regions of a page by an index that has it, best first.

        Args:
            query, weights: the query's vectors, and the weights of these, by encoder.

        Raises:
            FileNotFoundError, PageNotFound: the page has been removed.
        """
        name = index.manifest.encoder
        if index.manifest.modality in WORDLESS:
            vectors = shard.snapshot.open(index, page.document_id).page(page.number)
            return find_image_region(query[name], vectors)
        placed, words = self._place(shard.snapshot, index, page), shard.library.words(page)
        if index.manifest.modality == "page":
            return find_patch_regions(query[name], placed, words)
        return find_word_regions(query[name], weights[name], placed, words)

    def _place(self, snapshot: LibrarySnapshot, index: Index, page: Page) -> PlacedPage:
        """Rows of a page with their lines, read once for a revision of its document."""
        revision = snapshot.documents[page.document_id].revision
        key = (index.manifest.encoder, page.key, revision, snapshot.derived)
        if (placed := self._placed.get(key)) is None:
            vectors = snapshot.open(index, page.document_id)
            placed = PlacedPage(*vectors.stored_page(page.number))
            self._placed.put(key, placed, placed.nbytes)
        return placed
