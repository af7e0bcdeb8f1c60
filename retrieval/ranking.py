"""Ranking and candidate set: a query's candidate pages, signals and scores."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from ingest.library.pages import PageRecord
from ingest.page import QueryVectors
from retrieval.fuse import Signal
from retrieval.query.lexical import LexicalQuery
from retrieval.shards.shard import Shard
from retrieval.shards.statistics import Statistics

BM25 = "bm25"
RERANK, FUSED = "rerank", "fused"
"""The relevance that a reranker gives the best pages, 0..1, and the score without it."""


@dataclass(frozen=True, slots=True)
class ShardPages:
    """The candidate pages of one shard, and their positions among all candidates."""

    shard: Shard
    pages: Sequence[PageRecord]
    positions: npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Ranking:
    """Candidate pages with their signals and scores.

    `scores`, each of `signals` (by name, see `Hit`) and each of `fused` (by
    encoder, or "bm25" where no encoder has words) are (pages,), NaN where a page
    has none; `weights` (rows,) are of the query's rows, by encoder; `parts` are the
    pages by shard.
    """

    pages: Sequence[PageRecord]
    scores: Signal
    signals: dict[str, Signal]
    fused: dict[str, Signal]
    weights: dict[str, npt.NDArray[np.float32]]
    parts: Sequence[ShardPages] = field(default=())

    def order(self) -> list[int]:
        """Positions of the pages that have a score, best first."""
        order = np.argsort(-self.scores, kind="stable")
        return [int(i) for i in order if not np.isnan(self.scores[i])]

    def encoders_of(self, position: int) -> list[str]:
        """Encoders that have vectors of a page, the one that scores it best first."""
        names = [
            name
            for name in self.fused
            if name != BM25 and not np.isnan(self.signals[f"late.{name}"][position])
        ]
        return sorted(names, key=lambda name: -float(self.fused[name][position]))

    def shard_of(self, position: int) -> Shard:
        """The shard that has a page."""
        return next(part.shard for part in self.parts if (part.positions == position).any())


@dataclass(frozen=True, slots=True)
class CandidateSet:
    """An encoded query with its candidate pages.

    `vectors` are the query's by encoder; `bm25` is by page key, None where the
    query has no terms; `proofs` (pages,) say how much each has the query's whole forms,
    `place` (pages,) whether it is one that the query names, `translated` (pages,) how well it
    matches the query's translations, None where it has none; `ranking` is filled in when the
    candidates are scored.
    """

    statistics: Statistics
    vectors: Mapping[str, QueryVectors]
    words: LexicalQuery
    bm25: Mapping[str, float] | None
    proofs: npt.NDArray[np.float32]
    place: Signal
    ranking: Ranking
    translated: Signal | None = None
