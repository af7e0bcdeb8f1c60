"""Promotion: pages with a whole form of the query rank above likeness."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

from ingest.forms.whole.form import WholeForm
from retrieval.fuse import Signal
from retrieval.near import comes_near
from retrieval.ranking import BM25

MARGIN = 0.1
"""Between the scores of pages with a form and of pages with less of it."""
WORD = np.float32(0.25)
"""Proof of a word, which is less than that of any form."""
MAX_SHARE = 0.5
"""A form on a larger share of the pages tells them apart no more."""


def prove_forms(
    forms: Sequence[WholeForm], found: Mapping[str, frozenset[str]], keys: Sequence[str]
) -> npt.NDArray[np.float32]:
    """How much each page (pages,) proves to have the forms, the sum over them.

    Args:
        found: by index token, the keys of the pages that have it.
    """
    proofs = np.zeros(len(keys), np.float32)
    for form in forms:
        values = [
            max((v for token, v in form.asked.items() if key in found.get(token, ())), default=0.0)
            for key in keys
        ]
        its = np.array(values, np.float32)
        if (its > 0).mean() <= MAX_SHARE or len(set(values)) > 2:
            proofs += its
    return proofs


def prove_words(signals: Mapping[str, Signal]) -> npt.NDArray[np.float32]:
    """Proof (pages,) of a word of the query, where no vector comes near it.

    What vectors say then is noise: of a rare name in the target of a link, say. A page has
    at least half of the best one's score.
    """
    bm25 = np.nan_to_num(signals[BM25])
    best = {
        name: float(np.nanmax(signal))
        for name, signal in signals.items()
        if name.startswith("dense.") and not np.isnan(signal).all()
    }
    least = max(float(bm25.max(initial=0.0)) / 2, 1e-3)
    found: npt.NDArray[np.float32] = (bm25 >= least).astype(np.float32)
    if not best or comes_near(best) or found.mean() > MAX_SHARE:
        return np.zeros_like(found)
    return WORD * found


def promote(scores: Signal, proofs: npt.NDArray[np.float32]) -> Signal:
    """Scores (pages,) in which a page with more proof is above every page with less.

    Pages of equal proof keep their order.

    >>> scores, proofs = np.array([0.5, 0.3, 0.2], np.float32), np.array([0, 2, 2], np.float32)
    >>> [f"{score:.2f}" for score in promote(scores, proofs)]
    ['0.50', '0.70', '0.60']
    """
    if not proofs.any():
        return scores
    promoted = scores.copy()
    floor = -np.inf
    for proof in np.unique(proofs):
        level = proofs == proof
        if proof > 0:
            known = scores[level & ~np.isnan(scores)]
            low, high = (known.min(), known.max()) if len(known) else (0.0, 0.0)
            place = (np.nan_to_num(scores[level], nan=low) - low) / max(high - low, 1e-6)
            lifted = max(floor, 0.0) + MARGIN * (1 + place)
            promoted[level] = np.maximum(np.nan_to_num(scores[level], nan=low), lifted)
        if level.any() and not np.isnan(promoted[level]).all():
            floor = max(floor, float(np.nanmax(promoted[level])))
    return promoted
