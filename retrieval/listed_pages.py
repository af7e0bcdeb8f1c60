"""Listed pages: the inverted lists of an index, as of one snapshot of the library."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ingest.filter import PageFilter
from ingest.index.index import Index
from ingest.index.inverted.codes import ListedCodes, read_codes
from ingest.index.inverted.lists import InvertedLists, document_name, read_lists
from ingest.library.pages import PageAddress
from ingest.page import Document, Vectors
from retrieval.scoring.list_scores import score_lists


@dataclass(frozen=True, slots=True)
class ListedPages:
    """Inverted lists, and how the library differs from them.

    `live` (pages,) are the pages of documents that are still as they were listed,
    `rows` their place among the lists' documents by id; `unlisted` are the other
    documents of the library. `codes` are the centroids of the listed pages, None where
    they are read from the documents' files.
    """

    lists: InvertedLists
    live: npt.NDArray[np.bool_]
    rows: Mapping[str, int]
    unlisted: Mapping[str, Document]
    codes: ListedCodes | None = None

    @classmethod
    def open(
        cls, index: Index, documents: Mapping[str, Document], before: ListedPages | None
    ) -> ListedPages | None:
        """The lists of an index; None where it has none.

        Args:
            before: what was opened before, whose files are not read again while they are the same.

        Raises:
            InvalidLists: a file is damaged.
        """
        if not index.manifest.centroids:
            return None
        lists = read_lists(index.lists_path, before.lists if before else None)
        if lists is None:
            return None
        codes = read_codes(index.codes_path, lists.documents, before.codes if before else None)
        return cls.of(lists, documents, codes)

    @classmethod
    def of(
        cls,
        lists: InvertedLists,
        documents: Mapping[str, Document],
        codes: ListedCodes | None = None,
    ) -> ListedPages:
        """The lists, for these documents by id."""
        place = {name: row for row, name in enumerate(lists.documents)}
        rows = {
            document.id: row
            for document in documents.values()
            if (row := place.get(document_name(document))) is not None
        }
        live_rows = np.zeros(len(lists.documents), np.bool_)
        live_rows[list(rows.values())] = True
        live = np.repeat(live_rows, np.diff(lists.pages))
        unlisted = {id_: document for id_, document in documents.items() if id_ not in rows}
        return cls(lists, live, rows, unlisted, codes)

    def nearest(
        self,
        query: Vectors,
        weights: npt.NDArray[np.float32],
        count: int,
        filter: PageFilter,
        ids: Collection[str],
    ) -> npt.NDArray[np.int64]:
        """Places of the matching pages that score best by the lists, best first.

        Args:
            query: (q, dim).
            weights: (q,), not all zero.
            ids: of the documents that match the filter.
        """
        scores = score_lists(query, weights, self.lists)
        scores[~(self._matching(filter, ids) if filter else self.live)] = -1
        places = np.flatnonzero(scores > 0)
        if len(places) > count:
            places = places[np.argpartition(-scores[places], count)[:count]]
        return places[np.argsort(-scores[places], kind="stable")]

    def addresses(self, places: npt.NDArray[np.int64]) -> list[PageAddress]:
        """Pages by their places in the lists."""
        rows = np.searchsorted(self.lists.pages, places, side="right") - 1
        numbers = places - self.lists.pages[rows] + 1
        ids = map(self.lists.ids.__getitem__, rows.tolist())
        return list(zip(ids, numbers.tolist(), strict=True))

    def _matching(self, filter: PageFilter, ids: Collection[str]) -> npt.NDArray[np.bool_]:
        """The pages (pages,) that match."""
        rows = [self.rows[id_] for id_ in ids if id_ in self.rows]
        some = np.zeros(len(self.lists.documents), np.bool_)
        some[rows] = True
        lengths = np.diff(self.lists.pages)
        matching = np.repeat(some, lengths)
        if filter.first or filter.last:
            numbers = np.arange(len(matching)) - np.repeat(self.lists.pages[:-1], lengths) + 1
            matching &= numbers >= (filter.first or 1)
            if filter.last:
                matching &= numbers <= filter.last
        return matching
