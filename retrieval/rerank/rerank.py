"""Reranking of candidates: the best pages' scores, with a cross-encoder's relevance.

The cross-encoder reads one window of each page. On the development set its relevance
is added and not put in place of the score, because charts and tables read badly as
text (docs/retrieval.md).
"""

from __future__ import annotations

import numpy as np

from ingest.encoders.embedded.minilm import known_share
from ingest.page import shown_words
from ingest.trace import span
from retrieval.fuse import Signal
from retrieval.query.terms import stem, token_weights
from retrieval.ranking import CandidateSet
from retrieval.rerank.reranker import Reranker
from retrieval.rerank.window import best_window

RERANK = "rerank"
RERANKED_PAGES = 10
"""The best pages by the other signals, which are read."""
RERANK_WEIGHT = 0.5
"""Of a relevance of 1, beside scores of 0.4 to 0.8 for pages that answer."""


@span("rerank")
def rerank(candidates: CandidateSet, scores: Signal, reranker: Reranker) -> Signal:
    """Scores (pages,) with the relevance of the best pages added.

    The relevance becomes the signal "rerank". A page without words, and what a question
    has in scripts that the reranker does not read, gain nothing.
    """
    words, ranking = candidates.words, candidates.ranking
    share = 1.0 if reranker.reads_any_script else known_share(words.text)
    if not words.terms or not share:
        return scores
    weights = _stem_weights(candidates)
    windows: dict[int, str] = {}
    for at in np.argsort(-scores, kind="stable")[:RERANKED_PAGES]:
        shown = shown_words(ranking.shard_of(at).library.words(ranking.pages[at].page))
        if shown and not np.isnan(scores[at]):
            windows[int(at)] = best_window([word.text for word in shown], weights)
    if not windows:
        return scores
    relevance = np.full(len(scores), np.nan, np.float32)
    relevance[list(windows)] = reranker.score(words.text, list(windows.values()))
    ranking.signals[RERANK] = relevance
    return np.asarray(scores + np.float32(RERANK_WEIGHT * share) * np.nan_to_num(relevance))


def _stem_weights(candidates: CandidateSet) -> dict[str, float]:
    terms, statistics = candidates.words.terms, candidates.statistics
    values = token_weights(terms, statistics.frequency(terms), statistics.page_count)
    return {stem(term): float(value) for term, value in zip(terms, values, strict=True)}
