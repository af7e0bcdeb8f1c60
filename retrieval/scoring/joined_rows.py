"""Joined rows: those of every page of a small library, held in memory."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ingest.index.quantization import Rows, concatenate, has_signs
from ingest.index.row_batches import RowBuffers, iter_row_batches
from ingest.index.tensor_layout import FloatRows
from ingest.page import Vectors
from retrieval.scoring.maxsim import BLOCK_ROWS, Scores, maxsim
from retrieval.scoring.scores import CandidateBatch, Positions


@dataclass(frozen=True, slots=True)
class JoinedRows:
    """Rows of pages: fp16 as fp32, which saves a cast for each query, int8 as stored.

    The page at positions[i] of the candidates has rows offsets[i] to offsets[i + 1].
    """

    rows: Rows
    offsets: Positions
    positions: Positions

    @classmethod
    def read(
        cls, batches: Sequence[CandidateBatch], kind: FloatRows, most: int
    ) -> JoinedRows | None:
        """Read the rows; None where they take more than `most` bytes or are not alike.

        Rows with sign codes are not joined: most pages are scored by the codes.

        Raises:
            FileNotFoundError: a document has been removed.
        """
        if kind == "vectors" and any(has_signs(b.vectors.quantization) for b in batches):
            return None
        parts: list[Rows] = []
        offsets: list[npt.NDArray[np.int64]] = [np.zeros(1, np.int64)]
        pages = [(b.vectors, number) for b in batches for number in b.numbers.tolist()]
        used = 0
        for group in iter_row_batches(pages, kind, BLOCK_ROWS):
            part = group.read(RowBuffers())
            if part.values.dtype == np.float16:
                part = Rows(part.dequantize())
            used += part.values.nbytes
            unlike = bool(parts) and parts[0].values.dtype != part.values.dtype
            if used > most or unlike:
                return None
            parts.append(part)
            offsets.append(group.edges[1:] + offsets[-1][-1])
        if not parts:
            return None
        positions = np.concatenate([batch.positions for batch in batches])
        return cls(concatenate(parts), np.concatenate(offsets), positions)

    def score(self, query: Vectors, weights: npt.NDArray[np.float32], count: int) -> Scores:
        """MaxSim as of `retrieval.scoring.scores.score_batches`, with `count` candidates."""
        scores = np.full((*weights.shape[:-1], count), np.nan, np.float32)
        scores[..., self.positions] = maxsim(query, weights, self.rows, self.offsets)
        return scores
