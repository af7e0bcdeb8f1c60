"""Translated signal: BM25 of pages by translations of a question's words."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from ingest.filter import PageFilter
from ingest.library.bm25 import Bm25Statistics
from ingest.library.library import Library
from ingest.library.pages import PageRecord
from retrieval.fuse import Signal
from retrieval.query.lexical import Translation

TRANSLATED = "translated"
TRANSLATED_WEIGHT = 0.25
"""Of a signal of 1, beside scores of 0.4 to 0.8 for pages that answer."""


def match_translations(
    library: Library,
    translations: Sequence[Translation],
    filter: PageFilter | None = None,
    *,
    keys: Iterable[str] | None = None,
    statistics: Bm25Statistics | None = None,
) -> dict[str, float]:
    """BM25 of pages by key, each translation by its weight.

    Arguments are those of `match_terms`.
    """
    wanted = None if keys is None else list(keys)
    scores: dict[str, float] = {}
    for one in translations:
        found = library.match_terms([one.term], filter, keys=wanted, statistics=statistics)
        for key, score in found.items():
            scores[key] = scores.get(key, 0.0) + one.weight * score
    return scores


def translated_signal(
    scores: Mapping[str, float], translations: Sequence[Translation], pages: Sequence[PageRecord]
) -> Signal:
    """The signal (pages,), 0..1: shares of the best page, by how sure the words are."""
    found = np.array([scores.get(record.page.key, 0.0) for record in pages], np.float32)
    best = float(found.max(initial=0))
    sure = min(sum(one.weight for one in translations), 1.0)
    return found * np.float32(sure / best) if best > 0 else found


def add_translated(scores: Signal, translated: Signal) -> Signal:
    """Scores (pages,) of one modality with the signal; the best stays as high.

    >>> add_translated(np.array([0.5, 0.4]), np.array([0.0, 1.0])).round(3).tolist()
    [0.385, 0.5]
    """
    raised = scores + TRANSLATED_WEIGHT * translated
    if np.isnan(raised).all():
        return scores
    best = float(np.nanmax(raised))
    share = float(np.nanmax(scores)) / best if best > 0 else 1.0
    return np.asarray(raised * share, scores.dtype)
