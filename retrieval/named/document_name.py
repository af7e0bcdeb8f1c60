"""Document names: pages of documents whose name alone says a query."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from ingest.library.bm25 import as_match
from retrieval.fuse import Signal
from retrieval.promote import WORD
from retrieval.ranking import Ranking

MAX_TERMS = 6
"""A query with more terms is a question, not a name."""
MAX_DOCUMENTS = 8
"""A name of more documents tells none."""


def prove_names(ranking: Ranking, scores: Signal, terms: Sequence[str]) -> npt.NDArray[np.float32]:
    """Proof (pages,) of the best page of each document that its name tells.

    The name or title has all terms, and the words of no page do: else the text tells more.
    """
    proofs = np.zeros(len(ranking.pages), np.float32)
    if not 0 < len(set(terms)) <= MAX_TERMS:
        return proofs
    every = " AND ".join(map(as_match, dict.fromkeys(terms)))
    named: set[str] = set()
    for part in ranking.parts:
        library = part.shard.library
        if library.match_pages(f"{{title}} : ({every})", most=1):  # most queries name none
            keys = [record.page.key for record in part.pages]
            named |= library.match_terms([], keys=keys, also=[f"{{title}} : ({every})"]).keys()
    if not named:
        return proofs
    for part in ranking.parts:
        keys = [record.page.key for record in part.pages]
        if part.shard.library.match_terms([], keys=keys, also=[f"{{body forms}} : ({every})"]):
            return proofs
    best: dict[str, int] = {}
    for at in np.argsort(-np.nan_to_num(scores, nan=-np.inf), kind="stable").tolist():
        page = ranking.pages[at].page
        if page.key in named:
            best.setdefault(page.document_id, at)
    if len(best) <= MAX_DOCUMENTS:
        proofs[list(best.values())] = WORD
    return proofs
