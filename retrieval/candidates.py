"""Candidate selection: the pages that are scored exactly for a query.

All pages, where the library or the filter leaves few. Otherwise the inverted lists
of each index, or an ANN query where it has none, whose result is prefiltered by
page centroids, and BM25 with the query's rarer terms. The filter is part of each of these queries, never applied to
their results.
"""

from __future__ import annotations

import threading
from collections.abc import Collection, Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ingest.filter import PageFilter
from ingest.forms.whole.form import WholeForm
from ingest.index.chroma import MAX_FILTER_VALUES, Where
from ingest.index.index import Index
from ingest.library.bm25 import as_match
from ingest.library.library import Library
from ingest.library.pages import PageRecord, split_key
from ingest.page import Document, Page, QueryVectors, Vectors
from ingest.trace import span
from retrieval.named.place_signal import keys_called
from retrieval.promote import prove_forms
from retrieval.query.compound_terms import MIN_COMPOUND, split_unknown
from retrieval.query.lexical import LexicalQuery
from retrieval.scoring.prefilter import prefilter
from retrieval.snapshot import LibrarySnapshot

RERANK_TOP_K = 200
"""Candidates from each index and from BM25, where not all pages are scored."""
ANN_TOP_K = 2_000
"""Results of an ANN query that are prefiltered by page centroids."""
ANN_TOP_K_DIRECT = 400
"""Results of an ANN query where the index has no page centroids."""
COMMON_TERM = 0.2
"""A term on a larger share of the pages selects no candidates where a rarer one does."""


@dataclass(frozen=True, slots=True)
class Candidates:
    """Candidate selection from the indexes and BM25.

    In a library of up to `exhaustive_pages` pages every page is a candidate. Chroma
    is queried under `lock`.
    """

    library: Library
    exhaustive_pages: int
    lock: threading.RLock

    @span("candidates")
    def find(
        self,
        snapshot: LibrarySnapshot,
        indexes: Sequence[Index],
        vectors: Mapping[str, QueryVectors],
        weights: Mapping[str, npt.NDArray[np.float32]],
        words: LexicalQuery,
        filter: PageFilter,
    ) -> tuple[Sequence[PageRecord], Mapping[str, float]]:
        """The pages to score exactly, in order, and BM25 scores by page key.

        BM25 is of the pages that have one of the terms.

        Args:
            vectors: the query's by encoder.
            weights: (rows,) of the query's rows, by encoder.
        """
        restriction = self._restriction(words, filter)
        also = [*_expressions(words), *self._parts_of_unknown(snapshot, words.terms)]
        if snapshot.pages is not None and not filter:
            return restriction.apply(snapshot.pages), self.library.match_terms(
                words.terms, also=also
            )
        # Tags are of pages, which Chroma's records do not have.
        if filter.tags or self._is_exhaustive(snapshot, filter):
            pages = restriction.apply(_known(self.library.page_records(filter), snapshot))
            return pages, self.library.match_terms(words.terms, filter, also=also)
        keys = set(
            self.library.match_terms(
                self._rare_terms(snapshot, words.terms),
                filter,
                most=RERANK_TOP_K,
                also=also,
                required=restriction.required,
            )
        )
        keys.update(self._with_forms(words, filter))
        ids = (
            self.library.select_documents(filter)
            if filter.has_document_conditions
            else snapshot.documents
        )
        for index in indexes:
            query = vectors.get(index.manifest.encoder)
            if query and len(query.vectors):
                its_weights = weights[index.manifest.encoder]
                keys.update(self._nearest(snapshot, index, query.vectors, its_weights, filter, ids))
        found = {split_key(key)[0] for key in keys}
        keys.update(keys_called(self.library, words.places, found, snapshot.documents, filter))
        pages = restriction.apply(_known(self.library.records_of(keys), snapshot))
        return pages, self.library.match_terms(words.terms, keys=keys, also=also)

    def prove(
        self, forms: Sequence[WholeForm], keys: Sequence[str], filter: PageFilter
    ) -> npt.NDArray[np.float32]:
        """How much each page (keys,) proves to have whole forms of the query."""
        tokens = {token for form in forms for token in form.asked}
        found = {t: self.library.match_pages(as_match(t), filter) for t in tokens}
        return prove_forms(forms, found, keys)

    def _with_forms(self, words: LexicalQuery, filter: PageFilter) -> Iterator[str]:
        """Keys of pages with whole forms of the query, however unlike the page is."""
        for form in words.whole_forms:
            for token in form.asked:
                yield from self.library.match_pages(as_match(token), filter, most=RERANK_TOP_K)

    def _restriction(self, words: LexicalQuery, filter: PageFilter) -> _Restriction:
        """The pages that the query's syntax asks for; all, where there would be none."""
        wanted: frozenset[str] | None = None
        required = words.required
        if required:
            wanted = self.library.match_pages(required, filter) or None
            required = required if wanted else ""
        unwanted = (
            self.library.match_pages(words.excluded, filter) if words.excluded else frozenset()
        )
        if wanted is not None and not wanted - unwanted:
            wanted, required = None, ""
        return _Restriction(wanted, unwanted, required)

    def _nearest(
        self,
        snapshot: LibrarySnapshot,
        index: Index,
        rows: Vectors,
        weights: npt.NDArray[np.float32],
        filter: PageFilter,
        ids: Collection[str],
    ) -> Sequence[str]:
        """Keys of one index's candidates, from its inverted lists or Chroma, and newer pages."""
        # A mirror would have to download the files of all these pages for their centroids.
        prefiltered = index.manifest.centroids > 0 and not index.mirrored
        count = ANN_TOP_K if prefiltered else ANN_TOP_K_DIRECT
        if (listed := snapshot.listed(index)) is not None:
            keys = _pages_of(listed.unlisted, filter, ids)
            keys += listed.nearest(index.center_query(rows), weights, count, filter, ids)
        else:
            keys = self._nearest_records(snapshot, index, rows, weights, count, filter, ids)
        if not prefiltered or len(keys) <= RERANK_TOP_K:
            return keys
        centroids = snapshot.centroids(self.library, index, [split_key(key) for key in keys])
        best = prefilter(index.center_query(rows), weights, centroids, RERANK_TOP_K)
        return [keys[position] for position in best]

    def _nearest_records(
        self,
        snapshot: LibrarySnapshot,
        index: Index,
        rows: Vectors,
        weights: npt.NDArray[np.float32],
        count: int,
        filter: PageFilter,
        ids: Iterable[str],
    ) -> list[str]:
        """Keys of the pages that Chroma finds nearest, and of those that it may not know."""
        keys = _pages_of(snapshot.pending, filter, ids)
        with self.lock:
            for where in _filters(snapshot, filter, ids):
                nearest = index.nearest(rows, weights, count, where)
                keys += _without(nearest, snapshot.pending) if snapshot.pending else nearest
        return keys

    def _is_exhaustive(self, snapshot: LibrarySnapshot, filter: PageFilter) -> bool:
        if snapshot.pages is not None:
            return True
        return bool(filter) and self.library.count(filter) <= self.exhaustive_pages

    def _parts_of_unknown(self, snapshot: LibrarySnapshot, terms: Sequence[str]) -> Iterator[str]:
        """Expressions of the parts of compounds that no page has."""
        long = [term for term in terms if len(term) >= MIN_COMPOUND]
        snapshot.count_pages(self.library, long)
        for term in long:
            if not snapshot.frequency[term]:
                yield from map(as_match, split_unknown(term, self.library.page_frequency))

    def _rare_terms(self, snapshot: LibrarySnapshot, terms: Sequence[str]) -> Sequence[str]:
        """The terms that select candidates: BM25 would rank every page that has a common one."""
        snapshot.count_pages(self.library, terms)
        most = COMMON_TERM * snapshot.page_count
        rare = [t for t in terms if 0 < snapshot.frequency[t] <= most]
        return rare or terms


@dataclass(frozen=True, slots=True)
class _Restriction:
    """Keys of the pages that a query is restricted to, None for all, and of those left out."""

    wanted: frozenset[str] | None
    unwanted: frozenset[str]
    required: str

    def apply(self, pages: Sequence[PageRecord]) -> Sequence[PageRecord]:
        """The pages that are left; all, where none would be."""
        if self.wanted is None and not self.unwanted:
            return pages
        return [
            record
            for record in pages
            if (self.wanted is None or record.page.key in self.wanted)
            and record.page.key not in self.unwanted
        ] or pages


def _expressions(words: LexicalQuery) -> list[str]:
    """Expressions of FTS5 that count as terms of the query."""
    return [*map(as_match, words.forms), *words.prefixes, *words.expansions]


def _pages_of(
    documents: Mapping[str, Document], filter: PageFilter, ids: Iterable[str]
) -> list[str]:
    """Keys of the pages of some documents that match the filter, whose documents are `ids`."""
    return [
        Page(document_id, number).key
        for document_id in (ids if documents else ())
        if (document := documents.get(document_id))
        for number in range(1, document.page_count + 1)
        if (filter.first or 1) <= number <= (filter.last or number)
    ]


def _filters(snapshot: LibrarySnapshot, filter: PageFilter, ids: Iterable[str]) -> list[Where]:
    """The filter in Chroma's terms, one for each batch of the documents.

    Chroma fails on a filter that matches a record added since it was opened, so
    the documents are always listed.
    """
    if not filter:
        return [Where()]
    known = [i for i in ids if i in snapshot.documents and i not in snapshot.pending]
    return [
        Where(tuple(known[at : at + MAX_FILTER_VALUES]), filter.first, filter.last)
        for at in range(0, len(known), MAX_FILTER_VALUES)
    ]


def _without(keys: Sequence[str], documents: Container[str]) -> list[str]:
    """The keys of pages of other documents."""
    return [key for key in keys if split_key(key)[0] not in documents]


def _known(pages: Sequence[PageRecord], snapshot: LibrarySnapshot) -> list[PageRecord]:
    """The pages whose documents the snapshot has; newer ones are found by the next search."""
    return [record for record in pages if record.page.document_id in snapshot.documents]
