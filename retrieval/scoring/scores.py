"""Late-interaction scores of candidate pages from documents' vector files.

Where a document has sign codes beside its rows, pages are first scored by those;
the best are rescored by their rows, and the others get the value that a
least-squares line from sign scores to row scores predicts. Knows no library and
no Chroma.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

from ingest.index.quantization import Rows, has_signs
from ingest.index.row_batches import RowBatch, RowBuffers, iter_row_batches
from ingest.index.tensor_layout import FloatRows, RowTensor
from ingest.index.vector_file import DocumentVectors
from ingest.page import Vectors
from retrieval.scoring.maxsim import BLOCK_ROWS, MaxSimQuery, Scores, maxsim, page_blocks
from retrieval.scoring.parallel import parallel_map

RESCORE_TOP_K = 50
"""Pages that are rescored by their rows, of those scored by sign codes (benchmarks/quantization.py)."""
MAPPED_PAGES = 8
"""Where all pages of all documents are candidates, one of at least so many is memory-mapped."""

Positions = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class CandidateBatch:
    """Candidate pages of one document.

    `numbers` are the pages' numbers in it, `positions` theirs among all candidates.
    """

    vectors: DocumentVectors
    numbers: Positions
    positions: Positions


class BatchScorer(Protocol):
    """Computes MaxSim of candidate batches somewhere else than on the CPU."""

    def score(
        self,
        query: Vectors,
        weights: npt.NDArray[np.float32],
        batches: Sequence[CandidateBatch],
        count: int,
        kind: FloatRows,
    ) -> Scores:
        """MaxSim with `count` candidates (..., count); NaN for those in no batch.

        Args:
            query: (q, dim) unit rows of one query, or of several after each other.
            weights: (q,), or (queries, q), none of them all zero.
        """
        ...


def score_batches(
    query: Vectors,
    weights: npt.NDArray[np.float32],
    batches: Sequence[CandidateBatch],
    count: int,
    kind: FloatRows,
    rescore_top_k: int = RESCORE_TOP_K,
    scorer: BatchScorer | None = None,
    centered: Vectors | None = None,
) -> Scores:
    """MaxSim of a query (q, dim) with `count` candidates (count,).

    Args:
        weights: (q,), or (queries, q) for several queries whose rows follow each other.
        centered: the query's rows for sign codes, which are about the index's center; None for
            those of `query`.
        scorer: scores rows on a device; None for the CPU, which always scores sign codes.

    Returns:
        (count,) or (queries, count), NaN for pages in no batch or without rows.
    """
    scores = np.full((*weights.shape[:-1], count), np.nan, np.float32)
    coded = [b for b in batches if kind == "vectors" and has_signs(b.vectors.quantization)]
    if sum(len(batch.positions) for batch in coded) <= rescore_top_k:
        coded = []
    with_codes = {id(batch.vectors) for batch in coded}
    uncoded = [batch for batch in batches if id(batch.vectors) not in with_codes]
    _score_into(scores, query, weights, uncoded, kind, scorer)
    rows = query, query if centered is None else centered
    if coded and weights.ndim == 1:
        _rescore(scores, rows, weights, coded, rescore_top_k, scorer)
    elif coded:
        for its_scores, its_weights in zip(scores, weights, strict=True):
            _rescore(its_scores, rows, its_weights, coded, rescore_top_k, scorer)
    return scores


def _rescore(
    scores: Scores,
    query: tuple[Vectors, Vectors],
    weights: npt.NDArray[np.float32],
    batches: Sequence[CandidateBatch],
    rescore_top_k: int,
    scorer: BatchScorer | None,
) -> None:
    """Put one query's scores of pages with sign codes in their positions.

    Args:
        query: its rows (q, dim), and those for the codes.
    """
    rows, centered = query
    rough = np.full(len(scores), np.nan, np.float32)
    _score_into(rough, centered, weights, batches, "codes", None)
    order = np.argsort(-rough, kind="stable")  # NaN last
    best = np.zeros(len(scores), np.bool_)
    best[order[:rescore_top_k]] = True
    chosen = []
    for batch in batches:
        some = best[batch.positions]
        if some.any():
            chosen.append(CandidateBatch(batch.vectors, batch.numbers[some], batch.positions[some]))
    _score_into(scores, rows, weights, chosen, "vectors", scorer)
    known = best & ~np.isnan(scores)
    rest = ~best & ~np.isnan(rough)
    if rest.any():
        scores[rest] = _predict(rough[known], scores[known], rough[rest])


def _predict(x: Scores, y: Scores, at: Scores) -> Scores:
    """Values at other x of the least-squares line through (x, y); the mean where all x are equal."""
    centered = x - x.mean()
    spread = float(centered @ centered)
    slope = max(float(centered @ y) / spread, 0.0) if spread > 1e-12 else 0.0
    return np.asarray(y.mean() + slope * (at - x.mean()), np.float32)


def _score_into(
    scores: Scores,
    query: Vectors,
    weights: npt.NDArray[np.float32],
    batches: Sequence[CandidateBatch],
    kind: RowTensor,
    scorer: BatchScorer | None,
) -> None:
    """Put each batch's scores in their positions."""
    if scorer is not None and kind != "codes" and batches:
        filled = np.concatenate([batch.positions for batch in batches])
        found = scorer.score(query, weights, batches, scores.shape[-1], kind)
        scores[..., filled] = found[..., filled]
        return
    whole: list[CandidateBatch] = []
    single: list[tuple[DocumentVectors, int]] = []
    positions: list[int] = []
    # Of a few chosen pages none are mapped: those of one search after another would be resident.
    mapped = all(len(batch.positions) == batch.vectors.page_count for batch in batches)
    for batch in batches:
        if mapped and batch.vectors.page_count >= MAPPED_PAGES:
            whole.append(batch)
            continue
        single.extend((batch.vectors, number) for number in batch.numbers.tolist())
        positions.extend(batch.positions.tolist())

    def score_document(batch: CandidateBatch) -> None:
        rows, offsets = document_rows(batch.vectors, kind)
        found = maxsim(query, weights, rows, offsets)
        scores[..., batch.positions] = found[..., batch.numbers - 1]

    asked = MaxSimQuery(query, weights)
    spare: deque[RowBuffers] = deque()

    def score_group(group: RowBatch) -> None:
        try:
            buffers = spare.pop()
        except IndexError:  # as many as there are threads
            buffers = RowBuffers()
        for first, last in page_blocks(group.edges, asked.block_rows):
            rows = group.read(buffers, first, last)
            found = asked.score(rows, np.diff(group.edges[first : last + 1]))
            scores[..., positions[group.first + first : group.first + last]] = found
        spare.append(buffers)

    parallel_map(score_document, whole)
    parallel_map(score_group, iter_row_batches(single, kind, BLOCK_ROWS))


def document_rows(vectors: DocumentVectors, kind: RowTensor) -> tuple[Rows, npt.NDArray[np.int64]]:
    """Rows of one kind of all pages of a document, and the pages' offsets.

    The offsets (pages + 1,) are positions in the rows.
    """
    if kind == "passages":
        return Rows(vectors.passages), vectors.passage_offsets
    codes = vectors.codes
    return (codes if kind == "codes" and codes is not None else vectors.vectors), vectors.offsets
