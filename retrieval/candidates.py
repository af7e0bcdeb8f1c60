"""Which pages of a library are scored exactly for a question.

All of them while they are few, or narrowed down to few. Beyond, each index has
Chroma name pages by one vector each, of which gists choose; BM25 names others by
the question's rarer terms. What a search is narrowed down by is part of every
such question, never applied to what it gave.
"""

from __future__ import annotations

import threading
from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ingest.filter import PageFilter
from ingest.index.chroma import MAX_FILTER_VALUES, Where
from ingest.index.index import Index
from ingest.library.library import Library
from ingest.library.pages import PageRecord, split_key
from ingest.page import Page, QueryVectors, Vectors
from retrieval.scoring.prefilter import prefilter
from retrieval.state import LibrarySnapshot

RERANK_TOP_K = 200
"""Beyond that, so many from each index and from BM25."""
ANN_TOP_K = 2_000
"""Pages that Chroma names, of which gists choose the candidates."""
ANN_TOP_K_DIRECT = 400
"""Pages that Chroma names where there are no gists to choose by."""
COMMON = 0.2
"""A term that stands in more of the pages than this names no candidates where a rarer one does."""


@dataclass(frozen=True, slots=True)
class Candidates:
    """Finds them; up to `exhaustive_pages` all pages are. Chroma is asked under the `lock`."""

    library: Library
    exhaustive_pages: int
    lock: threading.RLock

    def find(
        self,
        state: LibrarySnapshot,
        indexes: Sequence[Index],
        asked: Mapping[str, QueryVectors],
        weights: Mapping[str, npt.NDArray[np.float32]],
        terms: Sequence[str],
        filter: PageFilter,
    ) -> tuple[Sequence[PageRecord], Mapping[str, float]]:
        """The pages to score exactly, in order, and BM25 of those that have one of the terms."""
        if state.pages is not None and not filter:
            return state.pages, self.library.match_terms(terms)
        # Tags are of pages, which Chroma's records do not have.
        if filter.tags or self._few(state, filter):
            pages = self.library.page_records(filter)
            return _known(pages, state), self.library.match_terms(terms, filter)
        keys = set(self.library.match_terms(self._rare(state, terms), filter, most=RERANK_TOP_K))
        ids = (
            self.library.select_documents(filter)
            if filter.has_document_conditions
            else state.documents
        )
        pending, filters = _pending(state, filter, ids), _filters(state, filter, ids)
        for index in indexes:
            question = asked.get(index.manifest.encoder)
            if question and len(question.vectors):
                rows, each = question.vectors, weights[index.manifest.encoder]
                keys.update(self._nearest(state, index, rows, each, pending, filters))
        return _known(self.library.records_of(keys), state), self.library.match_terms(
            terms, keys=keys
        )

    def _nearest(
        self,
        state: LibrarySnapshot,
        index: Index,
        rows: Vectors,
        weights: npt.NDArray[np.float32],
        pending: Sequence[str],
        filters: Sequence[Where],
    ) -> Sequence[str]:
        """Keys of the pages that one index would have scored, of the `pending` and those that Chroma names."""
        # A mirror would have to fetch the files of all these pages for their gists.
        chosen = index.manifest.centroids > 0 and not index.mirrored
        count = ANN_TOP_K if chosen else ANN_TOP_K_DIRECT
        keys = list(pending)
        with self.lock:
            for where in filters:
                named = index.nearest(rows, weights, count, where)
                keys += _without(named, state.pending) if state.pending else named
        if not chosen or len(keys) <= RERANK_TOP_K:
            return keys
        centroids = state.centroids(self.library, index, [split_key(key) for key in keys])
        best = prefilter(index.center_query(rows), weights, centroids, RERANK_TOP_K)
        return [keys[place] for place in best]

    def _few(self, state: LibrarySnapshot, filter: PageFilter) -> bool:
        if state.pages is not None:
            return True
        return bool(filter) and self.library.count(filter) <= self.exhaustive_pages

    def _rare(self, state: LibrarySnapshot, terms: Sequence[str]) -> Sequence[str]:
        """The terms that name candidates: every page with a common one would have to be ranked."""
        state.count(self.library, terms)
        rare = [t for t in terms if state.frequency[t] <= COMMON * state.page_count]
        return rare or terms


def _pending(state: LibrarySnapshot, filter: PageFilter, ids: Iterable[str]) -> list[str]:
    """Keys of the pages of these documents that Chroma may not know and that a search is not narrowed down past."""
    return [
        Page(document_id, number).key
        for document_id in (ids if state.pending else ())
        if (document := state.pending.get(document_id))
        for number in range(1, document.page_count + 1)
        if (filter.first or 1) <= number <= (filter.last or number)
    ]


def _filters(state: LibrarySnapshot, filter: PageFilter, ids: Iterable[str]) -> list[Where]:
    """What is searched within, as Chroma takes it: a filter for so many of these documents at once.

    Filters are matched with records as they are now. One that fits a record put
    there since Chroma was opened is an error, so documents are always named.
    """
    if not filter:
        return [Where()]
    known = [i for i in ids if i in state.documents and i not in state.pending]
    return [
        Where(tuple(known[at : at + MAX_FILTER_VALUES]), filter.first, filter.last)
        for at in range(0, len(known), MAX_FILTER_VALUES)
    ]


def _without(keys: Sequence[str], documents: Container[str]) -> list[str]:
    """Those keys that are not of these documents."""
    return [key for key in keys if split_key(key)[0] not in documents]


def _known(pages: Sequence[PageRecord], state: LibrarySnapshot) -> list[PageRecord]:
    """Those pages whose documents the state knows: a newer one is found by the next search."""
    return [record for record in pages if record.page.document_id in state.documents]
