"""Candidate ranker: selection, scoring and fusion of candidate pages.

The candidates are those of encoded queries. Each shard gives the signals of its own;
they are fused in one place, with the statistics of all shards, so that a library in
shards ranks as one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from ingest.encoders.encoder import WORDLESS
from ingest.filter import PageFilter
from ingest.index.manifest import Manifest
from ingest.library.pages import PageRecord
from ingest.page import QueryVectors
from ingest.trace import span
from retrieval.candidates import Candidates, FoundPages, prove
from retrieval.fuse import Signal, fuse_modalities, fuse_signals
from retrieval.named.document_name import prove_names
from retrieval.named.place_signal import PLACE, lift, place_signal
from retrieval.promote import promote, prove_words
from retrieval.query.lexical import LexicalQuery
from retrieval.query.terms import token_weights
from retrieval.ranking import BM25, FUSED, RERANK, CandidateSet, Ranking, ShardPages
from retrieval.rerank.relevance import add_relevance, find_relevance
from retrieval.rerank.reranker import Reranker
from retrieval.scoring.scores import BatchScorer
from retrieval.shards.shard import Shard, ask_shards
from retrieval.shards.statistics import Statistics
from retrieval.signals import shard_signals
from retrieval.translation.translated_signal import TRANSLATED, add_translated, translated_signal

WHOLE = 0.99
"""Share of the query's terms on BM25's best page for words to prove anything, not be by chance."""
NAME_SCORE = 0.5
"""Score of a page without words whose file's name has every term of the query."""


class CandidateRanker:
    """Ranks the candidate pages of queries by the signals of every index and of BM25.

    Args:
        candidates: selects the pages that are scored exactly.
        scorer: computes MaxSim on a device; None for the CPU.
    """

    def __init__(self, candidates: Candidates, scorer: BatchScorer | None = None) -> None:
        self._candidates = candidates
        self._scorer = scorer

    @span("score")
    def rank(
        self,
        shards: Sequence[Shard],
        manifests: Sequence[Manifest],
        vectors: Mapping[str, QueryVectors],
        words: LexicalQuery,
        filter: PageFilter,
        reranker: Reranker | None = None,
    ) -> Ranking:
        """The ranking of one query; see `score`."""
        candidates = self.select(shards, vectors, words, filter)
        self.score(manifests, [candidates], reranker)
        return candidates.ranking

    def select(
        self,
        shards: Sequence[Shard],
        vectors: Mapping[str, QueryVectors],
        words: LexicalQuery,
        filter: PageFilter,
    ) -> CandidateSet:
        """The candidate pages of a query, not scored yet."""
        statistics = Statistics(shards)
        weights = statistics.row_weights(vectors)
        found = self._candidates.find(statistics, vectors, weights, words, filter)
        pages, parts = _merge(found)
        scores = np.full(len(pages), np.nan, np.float32)
        ranking = Ranking(pages, scores, {}, {}, weights, parts)
        keys = [record.page.key for record in pages]
        proofs = prove(shards, words.whole_forms, keys, filter)
        has_terms = bool(words.terms or words.forms or words.prefixes)
        bm25 = {key: score for one in found for key, score in one.bm25.items()}
        place = _place(ranking, words, filter)
        translated = {key: score for one in found for key, score in one.translated.items()}
        return CandidateSet(
            statistics,
            vectors,
            words,
            bm25 if has_terms else None,
            proofs,
            place,
            ranking,
            translated_signal(translated, words.translations, pages) if translated else None,
        )

    def score(
        self,
        manifests: Sequence[Manifest],
        sets: Sequence[CandidateSet],
        reranker: Reranker | None = None,
    ) -> None:
        """Fill in the signals and scores of queries that have the same candidate pages.

        Args:
            manifests: of every index of the library.
            reranker: reads the best pages; None leaves their scores.
        """
        parts = sets[0].ranking.parts
        if not sets[0].ranking.pages:
            return
        scored = [manifest for manifest in manifests if manifest.encoder in sets[0].vectors]
        by_shard = {part.shard.name: part for part in parts}
        found = ask_shards(
            [part.shard for part in parts],
            lambda shard: shard_signals(by_shard[shard.name], scored, sets, self._scorer),
        )
        for at, one in enumerate(sets):
            signals = _gather(one.ranking, scored, found, at)
            if one.bm25 is not None:
                one.ranking.signals[BM25] = signals[BM25]
            _fuse(scored, manifests, one, signals, reranker)


def _merge(found: Sequence[FoundPages]) -> tuple[Sequence[PageRecord], list[ShardPages]]:
    """Candidates of all shards in the order of their keys, and each shard's places there."""
    if len(found) == 1:
        (one,) = found
        return one.pages, [ShardPages(one.shard, one.pages, np.arange(len(one.pages)))]
    pages = [record for one in found for record in one.pages]
    order = sorted(
        range(len(pages)), key=lambda i: (pages[i].page.document_id, pages[i].page.number)
    )
    places = np.empty(len(pages), np.int64)
    places[order] = np.arange(len(pages))
    ends = np.cumsum([len(one.pages) for one in found])
    parts = [
        ShardPages(one.shard, one.pages, positions)
        for one, positions in zip(found, np.split(places, ends[:-1]), strict=True)
    ]
    return [pages[i] for i in order], parts


def _place(ranking: Ranking, words: LexicalQuery, filter: PageFilter) -> Signal:
    """Place signal (pages,) of all shards' candidates."""
    place = np.zeros(len(ranking.pages), np.float32)
    for part in ranking.parts:
        documents = part.shard.snapshot.documents
        place[part.positions] = place_signal(
            part.shard.library, words.places, part.pages, documents, filter
        )
    return place


def _gather(
    ranking: Ranking, scored: Sequence[Manifest], found: Sequence[Mapping[str, Signal]], at: int
) -> dict[str, Signal]:
    """Signals (pages,) of one query from those of the shards."""
    names = [f"{kind}.{manifest.encoder}" for manifest in scored for kind in ("late", "dense")]
    signals = {name: np.full(len(ranking.pages), np.nan, np.float32) for name in (*names, BM25)}
    for part, its_signals in zip(ranking.parts, found, strict=True):
        for name, signal in its_signals.items():
            signals[name][part.positions] = signal[at]
    return signals


def _fuse(
    scored: Sequence[Manifest],
    manifests: Sequence[Manifest],
    candidates: CandidateSet,
    signals: Mapping[str, Signal],
    reranker: Reranker | None,
) -> None:
    """Fuse a query's signals into its ranking."""
    has_words = any(manifest.modality == "text" for manifest in scored)
    passages = [m for m in scored if m.modality == "passage" and has_words]
    for manifest in passages:
        # The best passage's cosine is a signal beside those of words.
        name = f"dense.{manifest.encoder}"
        candidates.ranking.signals[name] = signals[name]
    for manifest in scored:
        if manifest not in passages:
            _fuse_index(candidates, manifest, signals, passages)
    _fuse_all(manifests, candidates, reranker)


def _fuse_index(
    candidates: CandidateSet,
    manifest: Manifest,
    signals: Mapping[str, Signal],
    passages: Sequence[Manifest],
) -> None:
    """Fuse the signals of one index, with BM25 where it reads words.

    Args:
        passages: the indexes whose signals are fused with those of words.
    """
    name, ranking = manifest.encoder, candidates.ranking
    query, dense = candidates.vectors[name], signals[f"dense.{name}"]
    parts = [signals[f"late.{name}"]]
    ranking.signals[f"late.{name}"] = parts[0]
    if manifest.modality not in ("page", "passage") and len(query.vectors):
        ranking.signals[f"dense.{name}"] = dense
        parts.append(dense)
    own, coverage = len(parts), 0.0
    if manifest.modality not in WORDLESS and candidates.bm25 is not None:
        parts.append(ranking.signals[BM25])
        coverage = _coverage(candidates) if query.known < 1 else 0.0
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
        _lift_named(candidates, ranking.fused[name], dense)


def _lift_named(candidates: CandidateSet, scores: Signal, dense: Signal) -> None:
    """Score a page without words that is first by its file's name by the terms there."""
    bm25 = candidates.ranking.signals[BM25]
    best = -1 if np.isnan(bm25).all() else int(np.nanargmax(bm25))
    if best >= 0 and bm25[best] > 0 and np.isnan(dense[best]):
        lifted = NAME_SCORE * _coverage(candidates)
        named = np.isnan(dense) & (bm25 > 0)
        scores[named] = np.fmax(scores[named], lifted * bm25[named] / bm25[best])


def _fuse_all(
    manifests: Sequence[Manifest], candidates: CandidateSet, reranker: Reranker | None
) -> None:
    """Fuse the modalities; BM25 is one of its own where no encoder has words."""
    ranking = candidates.ranking
    names = [manifest.encoder for manifest in manifests if manifest.modality not in WORDLESS]
    encoded = any(
        not np.isnan(ranking.signals[late]).all()
        for name in names
        if (late := f"late.{name}") in ranking.signals
    )
    if candidates.bm25 is not None and not encoded:
        bm25 = ranking.signals[BM25]
        coverage = _coverage(candidates)
        ranking.fused[BM25] = fuse_signals([bm25], bm25 * np.nan, known=0, coverage=coverage)
    _add_translated(candidates, names)
    if ranking.fused:
        scores = fuse_modalities(ranking.fused)
        if candidates.place.any():
            ranking.signals[PLACE] = candidates.place
        relevance = find_relevance(candidates, scores, reranker) if reranker else None
        proofs, place = _proofs(candidates, scores), candidates.place
        ranking.scores[:] = promote(lift(scores, place), proofs)
        if relevance is not None:
            ranking.signals[RERANK] = relevance
            ranking.signals[FUSED] = ranking.scores.copy()
            raised = lift(add_relevance(scores, relevance), place)
            ranking.scores[:] = promote(raised, proofs)


def _add_translated(candidates: CandidateSet, names: Sequence[str]) -> None:
    """Add the translated signal to the fused scores of what has words."""
    ranking, translated = candidates.ranking, candidates.translated
    if translated is not None:
        ranking.signals[TRANSLATED] = translated
        for name in ranking.fused.keys() & {*names, BM25}:
            ranking.fused[name] = add_translated(ranking.fused[name], translated)


def _proofs(candidates: CandidateSet, scores: Signal) -> Signal:
    """How much each page (pages,) proves to be meant: by forms, rare words or its file's name."""
    proofs = candidates.proofs
    if candidates.bm25 is None or candidates.place.any():
        return proofs
    if (words := prove_words(candidates.ranking.signals)).any() and _coverage(candidates) >= WHOLE:
        return proofs + words
    names = prove_names(candidates.ranking, scores, candidates.words.terms)
    return proofs if proofs.any() else names


def _coverage(candidates: CandidateSet) -> float:
    """The share of the query's terms, by weight, on the page that BM25 ranks first."""
    ranking, terms = candidates.ranking, candidates.words.terms
    signal = ranking.signals[BM25]
    if np.isnan(signal).all() or not terms:
        return 0.0
    best = int(np.nanargmax(signal))
    library, key = ranking.shard_of(best).library, ranking.pages[best].page.key
    statistics = candidates.statistics
    weights = token_weights(terms, statistics.frequency(terms), statistics.page_count)
    there = np.array([bool(library.match_terms([term], keys=[key])) for term in terms])
    return float(weights[there].sum() / weights.sum())
