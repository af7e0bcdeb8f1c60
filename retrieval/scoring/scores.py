"""Late-interaction scores of candidate pages from the files of several documents, however their rows are kept.

Where sign bits lie beside the rows, pages are first scored by these; the best of
them are then scored by their rows, and the others get what the line that fits
those says of their signs. Knows no library and no Chroma.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from ingest.index.quantization import Rows, has_signs
from ingest.index.row_batches import RowBatch, RowBuffers, iter_row_batches
from ingest.index.tensor_layout import FloatRows, RowTensor
from ingest.index.vector_file import DocumentVectors
from ingest.page import Vectors
from retrieval.scoring.maxsim import ROWS_AT_ONCE, maxsim
from retrieval.scoring.parallel import parallel_map

if TYPE_CHECKING:
    from retrieval.gpu.vector_cache import GpuVectorCache

RESCORE_TOP_K = 50
"""Pages that sign bits choose to be scored by their rows; chosen by benchmarks/storage.py."""
MAPPED_PAGES = 8
"""A document of so many pages that are all candidates is mapped and multiplied as it lies; others are read."""

Scores = npt.NDArray[np.float32]
Places = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class CandidateBatch:
    """Candidate pages of one document: their `numbers` in it, and their `places` among all candidates."""

    held: DocumentVectors
    numbers: Places
    places: Places


def score_batches(
    query: Vectors,
    weights: npt.NDArray[np.float32],
    parts: Sequence[CandidateBatch],
    count: int,
    what: FloatRows,
    rescored: int = RESCORE_TOP_K,
    on: GpuVectorCache | None = None,
) -> Scores:
    """MaxSim of a question (q, dim) with `count` candidates (count,); NaN for those in no part or without rows.

    Args:
        weights: (q,), or (questions, q) for several questions whose rows follow each other: (questions, count) then.
        on: the device that scores rows, None for the CPU. Signs are multiplied by the CPU.
    """
    scores = np.full((*weights.shape[:-1], count), np.nan, np.float32)
    coded = [part for part in parts if what == "vectors" and has_signs(part.held.quantization)]
    if sum(len(part.places) for part in coded) <= rescored:
        coded = []
    by_bits = {id(part.held) for part in coded}
    _fill(scores, query, weights, [p for p in parts if id(p.held) not in by_bits], what, on)
    if coded and weights.ndim == 1:
        _rescore(scores, query, weights, coded, rescored, on)
    elif coded:
        for its_scores, its_weights in zip(scores, weights, strict=True):
            _rescore(its_scores, query, its_weights, coded, rescored, on)
    return scores


def _rescore(
    scores: Scores,
    query: Vectors,
    weights: npt.NDArray[np.float32],
    parts: Sequence[CandidateBatch],
    rescored: int,
    on: GpuVectorCache | None,
) -> None:
    """Fill in one question's scores of pages that have sign bits."""
    rough = np.full(len(scores), np.nan, np.float32)
    _fill(rough, query, weights, parts, "codes", None)
    order = np.argsort(-rough, kind="stable")  # NaN last
    best = np.zeros(len(scores), np.bool_)
    best[order[:rescored]] = True
    chosen = []
    for part in parts:
        some = best[part.places]
        if some.any():
            chosen.append(CandidateBatch(part.held, part.numbers[some], part.places[some]))
    _fill(scores, query, weights, chosen, "vectors", on)
    known = best & ~np.isnan(scores)
    rest = ~best & ~np.isnan(rough)
    if rest.any():
        scores[rest] = _line(rough[known], scores[known], rough[rest])


def _line(x: Scores, y: Scores, at: Scores) -> Scores:
    """What the least-squares line through (x, y) says of other places; the mean where x tells nothing apart."""
    centered = x - x.mean()
    spread = float(centered @ centered)
    slope = max(float(centered @ y) / spread, 0.0) if spread > 1e-12 else 0.0
    return np.asarray(y.mean() + slope * (at - x.mean()), np.float32)


def _fill(
    scores: Scores,
    query: Vectors,
    weights: npt.NDArray[np.float32],
    parts: Sequence[CandidateBatch],
    what: RowTensor,
    on: GpuVectorCache | None,
) -> None:
    """Put each part's scores in their places."""
    if on is not None and what != "codes" and parts:
        all_places = np.concatenate([part.places for part in parts])
        found = on.score(query, weights, parts, scores.shape[-1], what)
        scores[..., all_places] = found[..., all_places]
        return
    whole: list[CandidateBatch] = []
    apart: list[tuple[DocumentVectors, int]] = []
    places: list[int] = []
    for part in parts:
        if len(part.places) == part.held.page_count >= MAPPED_PAGES:
            whole.append(part)
            continue
        apart.extend((part.held, number) for number in part.numbers.tolist())
        places.extend(part.places.tolist())

    def score_whole(part: CandidateBatch) -> None:
        rows, offsets = stored(part.held, what)
        scores[..., part.places] = maxsim(query, weights, rows, offsets)[..., part.numbers - 1]

    spare: deque[RowBuffers] = deque()

    def score_group(group: RowBatch) -> None:
        try:
            buffers = spare.pop()
        except IndexError:  # as many as there are threads
            buffers = RowBuffers()
        found = maxsim(query, weights, group.read(buffers), group.edges)
        spare.append(buffers)
        scores[..., places[group.first : group.last]] = found

    parallel_map(score_whole, whole)
    parallel_map(score_group, iter_row_batches(apart, what, ROWS_AT_ONCE))


def stored(held: DocumentVectors, what: RowTensor) -> tuple[Rows, npt.NDArray[np.int64]]:
    """Rows of one kind of all pages of a document, and the offsets (pages + 1,) of the pages in them."""
    if what == "passages":
        return Rows(held.passages), held.passage_offsets
    codes = held.codes
    return (codes if what == "codes" and codes is not None else held.vectors), held.offsets
