"""Relevance of candidates: the best pages, read by a cross-encoder.

It reads one window of each page. Its relevance is added to the score and does not
replace it, because charts and tables read badly as text (docs/retrieval.md).
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

RERANKED_PAGES = 10
"""The best pages by the other signals, which are read."""
RERANK_WEIGHT = 0.5
"""Of a relevance of 1, beside scores of 0.4 to 0.8 for pages that answer."""


@span("rerank")
def find_relevance(candidates: CandidateSet, scores: Signal, reranker: Reranker) -> Signal | None:
    """Relevance (pages,) of the best pages, NaN for the others.

    None where no page is read. A page without words has none. Where the reranker reads
    Latin letters alone, it counts for the share of the question in them.

    Args:
        scores: (pages,) by the other signals.
    """
    words, ranking = candidates.words, candidates.ranking
    share = 1.0 if reranker.reads_any_script else known_share(words.text)
    if not words.terms or not share:
        return None
    weights = _stem_weights(candidates)
    windows: dict[int, str] = {}
    for at in np.argsort(-scores, kind="stable")[:RERANKED_PAGES]:
        shown = shown_words(ranking.shard_of(at).library.words(ranking.pages[at].page))
        if shown and not np.isnan(scores[at]):
            windows[int(at)] = best_window([word.text for word in shown], weights)
    if not windows:
        return None
    relevance = np.full(len(scores), np.nan, np.float32)
    relevance[list(windows)] = share * reranker.score(words.text, list(windows.values()))
    return relevance


def add_relevance(scores: Signal, relevance: Signal) -> Signal:
    """Scores (pages,) with the relevance added where a page has one.

    >>> add_relevance(np.array([0.5, 0.4]), np.array([np.nan, 0.5])).tolist()
    [0.5, 0.65]
    """
    return np.asarray(scores + RERANK_WEIGHT * np.nan_to_num(relevance), scores.dtype)


def _stem_weights(candidates: CandidateSet) -> dict[str, float]:
    terms, statistics = candidates.words.terms, candidates.statistics
    values = token_weights(terms, statistics.frequency(terms), statistics.page_count)
    return {stem(term): float(value) for term, value in zip(terms, values, strict=True)}
