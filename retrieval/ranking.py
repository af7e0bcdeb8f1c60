"""Candidate pages of a question with all that was found out of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ingest.library.pages import PageRecord
from ingest.page import QueryVectors
from retrieval.fuse import Signal

BM25 = "bm25"


@dataclass(frozen=True, slots=True)
class Ranking:
    """Candidate pages with all that was found out of them.

    `scores` and each of `signals` (by name, see `Hit`) and `kinds` (by encoder,
    or "bm25" where none has read words) are (pages,), NaN where a page lacks it;
    `weights` are of the question's rows.
    """

    pages: Sequence[PageRecord]
    scores: Signal
    signals: dict[str, Signal]
    kinds: dict[str, Signal]
    weights: dict[str, npt.NDArray[np.float32]]

    def order(self) -> list[int]:
        """Places of the pages that have a score, best first."""
        order = np.argsort(-self.scores, kind="stable")
        return [int(i) for i in order if not np.isnan(self.scores[i])]

    def readers(self, place: int) -> list[str]:
        """Encoders that have rows of a page, the one that it scores best by first."""
        able = [
            n for n in self.kinds if n != BM25 and not np.isnan(self.signals[f"late.{n}"][place])
        ]
        return sorted(able, key=lambda name: -float(self.kinds[name][place]))


@dataclass(frozen=True, slots=True)
class CandidateSet:
    """A question with its candidates, not scored yet; `lexical` is BM25 by page, None where there are no `terms`."""

    asked: Mapping[str, QueryVectors]
    terms: Sequence[str]
    lexical: Mapping[str, float] | None
    ranking: Ranking
