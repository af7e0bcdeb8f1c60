"""Candidate selection: the pages that are scored exactly for a query.

All pages, where the library or the filter leaves few. Otherwise those that each index
finds nearest, and BM25 with the query's rarer terms. The filter is part of each of these
queries, never applied to their results. Of a library in shards each shard is asked, and
what they find together is cut to what one library would give.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain

import numpy as np
import numpy.typing as npt

from ingest.filter import PageFilter
from ingest.forms.spelling import as_one_letter
from ingest.forms.terms import is_single
from ingest.forms.whole.form import WholeForm
from ingest.library.bm25 import Bm25Statistics, as_match, match_expressions
from ingest.library.pages import PageRecord, split_key
from ingest.page import QueryVectors
from ingest.trace import span
from retrieval.named.place_signal import keys_called
from retrieval.nearest_pages import NearestPages, find_nearest
from retrieval.promote import prove_forms
from retrieval.query.compound_terms import split_unknown
from retrieval.query.lexical import LexicalQuery
from retrieval.shards.shard import Shard, ask_shards
from retrieval.shards.statistics import Statistics
from retrieval.translation.translated_signal import match_translations

RERANK_TOP_K = 200
"""Candidates from each index and from BM25, where not all pages are scored."""
MIN_BEGINNING = 5
"""Letters of a term that no page has, for words that begin with it to be found in its place."""
COMMON_TERM = 0.2
"""A term on a larger share of the pages selects no candidates where a rarer one does."""


@dataclass(frozen=True, slots=True)
class FoundPages:
    """Candidate pages of one shard, in order, and their BM25 by page key.

    `translated` is BM25 of the translations of a query in another language.
    """

    shard: Shard
    pages: Sequence[PageRecord]
    bm25: Mapping[str, float]
    translated: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Candidates:
    """Candidate selection from the indexes and BM25.

    In a library of up to `exhaustive_pages` pages every page is a candidate.
    """

    exhaustive_pages: int

    @span("candidates")
    def find(
        self,
        statistics: Statistics,
        vectors: Mapping[str, QueryVectors],
        weights: Mapping[str, npt.NDArray[np.float32]],
        words: LexicalQuery,
        filter: PageFilter,
    ) -> list[FoundPages]:
        """The pages to score exactly, of each shard.

        Args:
            vectors: the query's by encoder.
            weights: (rows,) of the query's rows, by encoder.
        """
        shards = statistics.shards
        restriction = _restriction(shards, words, filter)
        also = [*_expressions(words), *_in_place_of_unknown(statistics, words.terms)]
        translated = [one.term for one in words.translations]
        shared = statistics.bm25(match_expressions([*words.terms, *translated], also))
        # Tags are of pages, which Chroma's records do not have.
        if filter.tags or self._is_exhaustive(statistics, filter):

            def every(shard: Shard) -> FoundPages:
                bm25 = shard.library.match_terms(
                    words.terms, filter or None, also=also, statistics=shared
                )
                translated = match_translations(
                    shard.library, words.translations, filter or None, statistics=shared
                )
                return FoundPages(shard, _every_page(shard, filter), bm25, translated)

            return restriction.apply(ask_shards(shards, every))
        query = _Query(vectors, weights, words, filter, also, shared, restriction.required)
        rare = _rare_terms(statistics, words.terms)
        chosen = _cut(ask_shards(shards, lambda shard: query.choose(shard, rare, len(shards) > 1)))
        by_name = {shard.name: keys for shard, keys in zip(shards, chosen, strict=True)}
        found = ask_shards(shards, lambda shard: query.look_up(shard, by_name[shard.name]))
        return restriction.apply(found)

    def _is_exhaustive(self, statistics: Statistics, filter: PageFilter) -> bool:
        if statistics.page_count <= self.exhaustive_pages:
            return True
        if not filter:
            return False
        counts = ask_shards(statistics.shards, lambda shard: shard.library.count(filter))
        return sum(counts) <= self.exhaustive_pages


def prove(
    shards: Sequence[Shard], forms: Sequence[WholeForm], keys: Sequence[str], filter: PageFilter
) -> npt.NDArray[np.float32]:
    """How much each page (keys,) proves to have whole forms of the query."""
    tokens = sorted({token for form in forms for token in form.asked})
    if not tokens:
        return prove_forms(forms, {}, keys)
    found = ask_shards(
        shards,
        lambda shard: [shard.library.match_pages(as_match(t), filter) for t in tokens],
    )
    together = (frozenset[str]().union(*some) for some in zip(*found, strict=True))
    return prove_forms(forms, dict(zip(tokens, together, strict=True)), keys)


@dataclass(frozen=True, slots=True)
class _Query:
    """A query whose candidates are chosen, as each shard gets it."""

    vectors: Mapping[str, QueryVectors]
    weights: Mapping[str, npt.NDArray[np.float32]]
    words: LexicalQuery
    filter: PageFilter
    also: Sequence[str]
    shared: Bm25Statistics | None
    required: str

    def choose(self, shard: Shard, rare: Sequence[str], compared: bool) -> list[NearestPages]:
        """Scored candidates by BM25, by whole forms and by each index."""
        found = [self._by_words(shard, rare, self.also), self._with_forms(shard)]
        if self.words.translations:
            terms = [one.term for one in self.words.translations]
            found.append(self._by_words(shard, terms, ()))
        ids = (
            shard.library.select_documents(self.filter)
            if self.filter.has_document_conditions
            else shard.snapshot.documents
        )
        for name, query in self.vectors.items():
            index = shard.index(name)
            if index is None or not len(query.vectors):
                found.append(NearestPages({}, RERANK_TOP_K))
                continue
            found.append(
                find_nearest(
                    shard,
                    index,
                    query.vectors,
                    self.weights[name],
                    self.filter,
                    ids,
                    RERANK_TOP_K,
                    compared=compared,
                )
            )
        return found

    def _by_words(self, shard: Shard, rare: Sequence[str], also: Sequence[str]) -> NearestPages:
        library = shard.library
        best = library.match_terms(
            rare, self.filter, most=RERANK_TOP_K, also=also, required=self.required
        )
        if self.shared and best:
            best = library.match_terms(rare, keys=best, also=also, statistics=self.shared)
        return NearestPages(best, RERANK_TOP_K)

    def _with_forms(self, shard: Shard) -> NearestPages:
        """Pages with whole forms of the query, however unlike the page is."""
        keys = chain.from_iterable(
            shard.library.match_pages(as_match(token), self.filter, most=RERANK_TOP_K)
            for form in self.words.whole_forms
            for token in form.asked
        )
        return NearestPages(dict.fromkeys(keys, math.inf), RERANK_TOP_K)

    def look_up(self, shard: Shard, keys: set[str]) -> FoundPages:
        """Candidates of a shard by key, with those that the query names, and their BM25."""
        library, documents = shard.library, shard.snapshot.documents
        ids = {split_key(key)[0] for key in keys}
        keys = keys | set(keys_called(library, self.words.places, ids, documents, self.filter))
        pages = _known(shard.snapshot.records_of(library, keys), shard)
        bm25 = library.match_terms(
            self.words.terms, keys=keys, also=self.also, statistics=self.shared
        )
        translated = match_translations(
            library, self.words.translations, keys=keys, statistics=self.shared
        )
        return FoundPages(shard, pages, bm25, translated)


@dataclass(frozen=True, slots=True)
class _Restriction:
    """Keys of the pages that a query is restricted to, None for all, and of those left out."""

    wanted: frozenset[str] | None
    unwanted: frozenset[str]
    required: str

    def apply(self, found: list[FoundPages]) -> list[FoundPages]:
        """The pages that are left; all, where none would be."""
        if self.wanted is None and not self.unwanted:
            return found
        left = [replace(one, pages=self._of(one.pages)) for one in found]
        return left if any(one.pages for one in left) else found

    def _of(self, pages: Sequence[PageRecord]) -> list[PageRecord]:
        return [
            record
            for record in pages
            if (self.wanted is None or record.page.key in self.wanted)
            and record.page.key not in self.unwanted
        ]


def _restriction(shards: Sequence[Shard], words: LexicalQuery, filter: PageFilter) -> _Restriction:
    """The pages that the query's syntax asks for; all, where there would be none."""

    def match(expression: str) -> frozenset[str]:
        found = ask_shards(shards, lambda shard: shard.library.match_pages(expression, filter))
        return frozenset[str]().union(*found)

    wanted: frozenset[str] | None = None
    required = words.required
    if required:
        wanted = match(required) or None
        required = required if wanted else ""
    unwanted = match(words.excluded) if words.excluded else frozenset()
    if wanted is not None and not wanted - unwanted:
        wanted, required = None, ""
    return _Restriction(wanted, unwanted, required)


def _cut(found: Sequence[Sequence[NearestPages]]) -> list[set[str]]:
    """Keys of each shard's candidates, of each kind the best over all shards."""
    kept: list[set[str]] = [set() for _ in found]
    for of_kind in zip(*found, strict=True):
        least = -math.inf
        known = [s for one in of_kind for s in one.scores.values() if math.isfinite(s)]
        wanted = max(one.wanted for one in of_kind)
        if len(found) > 1 and len(known) > wanted:
            least = sorted(known, reverse=True)[wanted - 1]
        for keys, one in zip(kept, of_kind, strict=True):
            # NaN, of pages without rows, is kept by one library alone.
            keys.update(key for key, score in one.scores.items() if not score < least)
    return kept


def _every_page(shard: Shard, filter: PageFilter) -> Sequence[PageRecord]:
    """All pages of a shard that match a filter."""
    if shard.snapshot.pages is not None and not filter:
        return shard.snapshot.pages
    return _known(shard.library.page_records(filter), shard)


def _in_place_of_unknown(statistics: Statistics, terms: Sequence[str]) -> Iterator[str]:
    """Expressions of what may stand for a term that no page has.

    The parts of a compound, one letter for two (Muell), and words that begin with it.
    """
    frequency = statistics.frequency(terms)
    for term in terms:
        if frequency[term] or is_single(term):
            continue
        yield from map(as_match, split_unknown(term, statistics.frequency))
        yield from map(as_match, as_one_letter(term))
        if len(term) >= MIN_BEGINNING and term.isalpha():
            yield f"{as_match(term)}*"


def _rare_terms(statistics: Statistics, terms: Sequence[str]) -> Sequence[str]:
    """The terms that select candidates: BM25 would rank every page that has a common one."""
    frequency, most = statistics.frequency(terms), COMMON_TERM * statistics.page_count
    return [t for t in terms if 0 < frequency[t] <= most] or terms


def _expressions(words: LexicalQuery) -> list[str]:
    """Expressions of FTS5 that count as terms of the query."""
    return [*map(as_match, words.forms), *words.prefixes, *words.expansions]


def _known(pages: Sequence[PageRecord], shard: Shard) -> list[PageRecord]:
    """The pages whose documents the snapshot has; newer ones are found by the next search."""
    return [record for record in pages if record.page.document_id in shard.snapshot.documents]
