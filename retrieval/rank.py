"""Candidate ranker: selection, scoring and fusion of candidate pages.

The candidates are those of encoded queries.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

from ingest.encoders.encoder import WORDLESS
from ingest.filter import PageFilter
from ingest.forms.terms import split_terms
from ingest.index.index import Index
from ingest.index.manifest import Manifest
from ingest.index.tensor_layout import FloatRows
from ingest.library.library import Library
from ingest.library.pages import PageRecord
from ingest.page import QueryVectors, Vectors
from ingest.trace import span
from retrieval.candidates import Candidates
from retrieval.fuse import Signal, fuse_modalities, fuse_signals
from retrieval.named.place_signal import PLACE, lift, place_signal
from retrieval.promote import promote
from retrieval.query.lexical import LexicalQuery
from retrieval.query.terms import token_weights
from retrieval.ranking import BM25, CandidateSet, Ranking
from retrieval.scoring.maxsim import block_weights, mean_row
from retrieval.scoring.scores import BatchScorer, score_batches
from retrieval.snapshot import LibrarySnapshot

NAME_SCORE = 0.5
"""Score of a page without words whose file's name has every term of the query."""


class CandidateRanker:
    """Ranks the candidate pages of queries by the signals of every index and of BM25.

    Args:
        candidates: selects the pages that are scored exactly.
        scorer: computes MaxSim on a device; None for the CPU.
    """

    def __init__(
        self, library: Library, candidates: Candidates, scorer: BatchScorer | None = None
    ) -> None:
        self._library = library
        self._candidates = candidates
        self._scorer = scorer

    @span("score")
    def rank(
        self,
        snapshot: LibrarySnapshot,
        indexes: Sequence[Index],
        vectors: Mapping[str, QueryVectors],
        words: LexicalQuery,
        filter: PageFilter,
    ) -> Ranking:
        """The ranking of one query."""
        candidates = self.select(snapshot, indexes, vectors, words, filter)
        self.score(snapshot, indexes, [candidates])
        return candidates.ranking

    def select(
        self,
        snapshot: LibrarySnapshot,
        indexes: Sequence[Index],
        vectors: Mapping[str, QueryVectors],
        words: LexicalQuery,
        filter: PageFilter,
    ) -> CandidateSet:
        """The candidate pages of a query, not scored yet."""
        weights = self._row_weights(snapshot, vectors)
        pages, bm25 = self._candidates.find(snapshot, indexes, vectors, weights, words, filter)
        ranking = Ranking(pages, np.full(len(pages), np.nan, np.float32), {}, {}, weights)
        keys = [record.page.key for record in pages]
        proofs = self._candidates.prove(words.whole_forms, keys, filter)
        has_terms = bool(words.terms or words.forms or words.prefixes)
        place = place_signal(self._library, words.places, pages, snapshot.documents, filter)
        return CandidateSet(vectors, words, bm25 if has_terms else None, proofs, place, ranking)

    def score(
        self, snapshot: LibrarySnapshot, indexes: Sequence[Index], sets: Sequence[CandidateSet]
    ) -> None:
        """Fill in the signals and scores of queries that have the same candidate pages."""
        pages = sets[0].ranking.pages
        if not pages:
            return
        for one in sets:
            if one.bm25 is not None:
                # A page without words has this signal where the name of its file has one of the terms.
                signal = [one.bm25.get(r.page.key, 0.0 if r.has_text else np.nan) for r in pages]
                one.ranking.signals[BM25] = np.array(signal, np.float32)
        scored = [index for index in indexes if index.manifest.encoder in sets[0].vectors]
        has_words = any(index.manifest.modality == "text" for index in scored)
        passages = [i for i in scored if i.manifest.modality == "passage" and has_words]
        for index in passages:
            self._score_passages(snapshot, index, sets)
        for index in scored:
            if index not in passages:
                self._score_index(snapshot, index, sets, [i.manifest for i in passages])
        for one in sets:
            self._fuse_modalities(snapshot, indexes, one)

    def _score_passages(
        self, snapshot: LibrarySnapshot, index: Index, sets: Sequence[CandidateSet]
    ) -> None:
        """Add the best passage's cosine to each query's ranking, a signal beside those of words."""
        name, pages = index.manifest.encoder, sets[0].ranking.pages
        rows = [one.vectors[name].vectors for one in sets]
        weights = [one.ranking.weights[name] for one in sets]
        best = self._score_rows(snapshot, index, rows, weights, pages, "vectors")
        for one, its_best in zip(sets, best, strict=True):
            one.ranking.signals[f"dense.{name}"] = its_best

    def _score_index(
        self,
        snapshot: LibrarySnapshot,
        index: Index,
        sets: Sequence[CandidateSet],
        passages: Sequence[Manifest],
    ) -> None:
        """Add one index's signals to each query's ranking.

        Args:
            passages: the indexes whose signals are fused with those of words.
        """
        name, pages = index.manifest.encoder, sets[0].ranking.pages
        rows = [one.vectors[name].vectors for one in sets]
        weights = [one.ranking.weights[name] for one in sets]
        late = dense = self._score_rows(snapshot, index, rows, weights, pages, "vectors")
        # A patch's neighbours say little of it: the mean of patches is no passage.
        if index.manifest.modality not in ("page", "passage"):
            means = [mean_row(some) if len(some) else some for some in rows]
            ones = [np.ones(len(mean), np.float32) for mean in means]
            dense = self._score_rows(snapshot, index, means, ones, pages, "passages")
        for one, its_late, its_dense in zip(sets, late, dense, strict=True):
            self._fuse_index(snapshot, one, index.manifest, its_late, its_dense, passages)

    def _score_rows(
        self,
        snapshot: LibrarySnapshot,
        index: Index,
        rows: Sequence[Vectors],
        weights: Sequence[npt.NDArray[np.float32]],
        pages: Sequence[PageRecord],
        kind: FloatRows,
    ) -> Signal:
        """MaxSim of each query's rows with each page's vectors or passages (queries, pages)."""
        scores = np.full((len(rows), len(pages)), np.nan, np.float32)
        encoded = [i for i, some in enumerate(rows) if len(some)]
        if not encoded:
            return scores
        query = np.concatenate([rows[i] for i in encoded])
        apart = block_weights([weights[i] for i in encoded])
        if pages is snapshot.pages and self._scorer is None:
            joined = snapshot.joined(self._library, index, kind)
            if joined is not None:
                scores[encoded] = joined.score(query, apart, len(pages))
                return scores
        addresses = [(record.page.document_id, record.page.number) for record in pages]
        batches = snapshot.batches(self._library, index, addresses)
        scores[encoded] = score_batches(
            query, apart, batches, len(pages), kind, scorer=self._scorer
        )
        snapshot.unmap(batches)
        return scores

    def _fuse_index(
        self,
        snapshot: LibrarySnapshot,
        candidates: CandidateSet,
        manifest: Manifest,
        late: Signal,
        dense: Signal,
        passages: Sequence[Manifest],
    ) -> None:
        """Fuse the signals of one index, with BM25 where it reads words."""
        name, ranking = manifest.encoder, candidates.ranking
        query = candidates.vectors[name]
        parts = [late]
        ranking.signals[f"late.{name}"] = late
        if manifest.modality not in ("page", "passage") and len(query.vectors):
            ranking.signals[f"dense.{name}"] = dense
            parts.append(dense)
        own, coverage = len(parts), 0.0
        if manifest.modality not in WORDLESS and candidates.bm25 is not None:
            parts.append(ranking.signals[BM25])
            coverage = self._coverage(snapshot, candidates) if query.known < 1 else 0.0
        weights = [1.0] * len(parts)
        for other in passages if manifest.modality == "text" else ():
            signal = ranking.signals[f"dense.{other.encoder}"]
            if not np.isnan(signal).all():
                # What this encoder cannot read, the other can: only its signals count for that.
                weights[:own] = [query.known] * own
                weights.append(1.0)
                parts.append(signal)
                low, high = other.cosine_range
                coverage = max(coverage, (float(np.nanmax(signal)) - low) / (high - low))
        ranking.fused[name] = fuse_signals(
            parts, dense, manifest.cosine_range, query.known, coverage, weights
        )
        if manifest.modality not in WORDLESS and candidates.bm25 is not None:
            self._lift_named(snapshot, candidates, ranking.fused[name], dense)

    def _lift_named(
        self, snapshot: LibrarySnapshot, candidates: CandidateSet, scores: Signal, dense: Signal
    ) -> None:
        """Score a page without words that is first by its file's name by the terms there."""
        bm25 = candidates.ranking.signals[BM25]
        best = -1 if np.isnan(bm25).all() else int(np.nanargmax(bm25))
        if best >= 0 and bm25[best] > 0 and np.isnan(dense[best]):
            lifted = NAME_SCORE * self._coverage(snapshot, candidates)
            named = np.isnan(dense) & (bm25 > 0)
            scores[named] = np.fmax(scores[named], lifted * bm25[named] / bm25[best])

    def _fuse_modalities(
        self, snapshot: LibrarySnapshot, indexes: Sequence[Index], candidates: CandidateSet
    ) -> None:
        """Fuse the modalities; BM25 is one of its own where no encoder has words."""
        ranking = candidates.ranking
        names = [i.manifest.encoder for i in indexes if i.manifest.modality not in WORDLESS]
        encoded = any(
            not np.isnan(ranking.signals[late]).all()
            for name in names
            if (late := f"late.{name}") in ranking.signals
        )
        if candidates.bm25 is not None and not encoded:
            bm25 = ranking.signals[BM25]
            coverage = self._coverage(snapshot, candidates)
            ranking.fused[BM25] = fuse_signals([bm25], bm25 * np.nan, known=0, coverage=coverage)
        if ranking.fused:
            scores = fuse_modalities(ranking.fused)
            if candidates.place.any():
                ranking.signals[PLACE] = candidates.place
                scores = lift(scores, candidates.place)
            ranking.scores[:] = promote(scores, candidates.proofs)

    def _coverage(self, snapshot: LibrarySnapshot, candidates: CandidateSet) -> float:
        """The share of the query's terms, by weight, on the page that BM25 ranks first."""
        signal = candidates.ranking.signals[BM25]
        if np.isnan(signal).all():
            return 0.0
        terms = candidates.words.terms
        if not terms:
            return 0.0
        best = candidates.ranking.pages[int(np.nanargmax(signal))].page.key
        snapshot.count_pages(self._library, terms)
        weights = token_weights(terms, snapshot.frequency, snapshot.page_count)
        there = np.array([bool(self._library.match_terms([t], keys=[best])) for t in terms])
        return float(weights[there].sum() / weights.sum())

    def _row_weights(
        self, snapshot: LibrarySnapshot, vectors: Mapping[str, QueryVectors]
    ) -> dict[str, npt.NDArray[np.float32]]:
        """Weights of each encoder's query rows: by idf, or all one."""
        words = {word for query in vectors.values() for word in query.words}
        first_terms = {terms[0] for word in words if word and (terms := split_terms(word))}
        snapshot.count_pages(self._library, first_terms)
        return {
            name: np.ones(len(query.vectors), np.float32)
            if query.even
            else token_weights(query.words, snapshot.frequency, snapshot.page_count)
            for name, query in vectors.items()
        }
