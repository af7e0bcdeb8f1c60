"""Fixed-dimensional encodings: a page's rows as one vector whose inner product with a question's approximates MaxSim.

MUVERA (Dhulipala et al. 2024, arXiv:2405.19504). Hyperplanes cut the space into
cells; a page keeps the mean of its rows in each cell, a question the sum of its
own, so that each row of a question meets the page's rows that lie near it. That
is repeated with other hyperplanes, and rows are made shorter by a random
projection. A page's empty cell takes the nearest filled one. Two things are not
the paper's. A page's means are scaled to length one: the mean of many unlike
rows is short, though one of them may be just what is asked for. And a row of a
question counts by NEXT in the cell across the hyperplane that it is nearest to.
Everything random comes from one seed, so that the same settings give the same
encoding anywhere. Knows no files and no Chroma.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
import numpy.typing as npt

from ingest.page import Vectors, unit

NEXT = 0.5
Floats = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class FixedDimensionalEncoding:
    """How rows become one vector.

    `k_sim` hyperplanes make 2**k_sim cells, `r_reps` times over; rows are
    projected to `dim_proj` dimensions first, 0 leaves them as they are. `dim_final`
    projects the whole once more, 0 does not. The names are those of the paper.
    """

    k_sim: int
    r_reps: int
    dim_proj: int
    dim_final: int = 0
    seed: int = 20_240_519

    def size(self, dim: int) -> int:
        """Dimensions of the encoding of rows of `dim`."""
        return self.dim_final or self._whole(dim)

    def encode_page(self, rows: Vectors) -> Floats:
        """A page's rows (n, dim) as one vector (size,); zeros where it has none."""
        dim = rows.shape[1]
        if not len(rows):
            return np.zeros(self.size(dim), np.float32)
        cells, short = self._cells(rows), self._shorten(rows)
        blocks = np.empty((self.r_reps, 2**self.k_sim, short.shape[2]), np.float32)
        for repeat in range(self.r_reps):
            member = (np.arange(2**self.k_sim)[:, None] == cells[:, repeat]).astype(np.float32)
            filled = np.flatnonzero(member.any(axis=1))
            blocks[repeat] = unit((member @ short[:, repeat])[filled])[self._nearest(filled)]
        return self._finish(blocks.ravel(), dim)

    def encode_query(self, rows: Vectors, weights: Floats) -> Floats:
        """A question's rows (n, dim), each with its weight (n,), as one vector (size,)."""
        dim = rows.shape[1]
        cells, short = self._cells(rows), self._shorten(rows * weights[:, None])
        blocks = np.zeros((self.r_reps, 2**self.k_sim, short.shape[2]), np.float32)
        for repeat in range(self.r_reps):
            np.add.at(blocks[repeat], cells[:, repeat], short[:, repeat])
        if self.k_sim:
            across = cells ^ self._nearest_bit(rows)
            for repeat in range(self.r_reps):
                np.add.at(blocks[repeat], across[:, repeat], np.float32(NEXT) * short[:, repeat])
        return self._finish(blocks.ravel(), dim)

    def _whole(self, dim: int) -> int:
        """Dimensions before the final projection."""
        return int(self.r_reps * 2**self.k_sim * (self.dim_proj or dim))

    def _cells(self, rows: Vectors) -> npt.NDArray[np.int64]:
        """The cell of each row in each repeat (n, r_reps), as a number."""
        bits = rows @ _hyperplanes(self, rows.shape[1]) > 0
        powers = 1 << np.arange(self.k_sim)
        return np.asarray(bits.reshape(len(rows), self.r_reps, self.k_sim) @ powers, np.int64)

    def _nearest_bit(self, rows: Vectors) -> npt.NDArray[np.int64]:
        """The bit of the hyperplane that each row is nearest to in each repeat (n, r_reps)."""
        planes = _hyperplanes(self, rows.shape[1])
        far = np.abs(rows @ (planes / np.linalg.norm(planes, axis=0)))
        return np.asarray(1 << far.reshape(len(rows), self.r_reps, -1).argmin(axis=2), np.int64)

    def _shorten(self, rows: Vectors) -> Floats:
        """Rows projected for each repeat (n, r_reps, dim_proj)."""
        if not self.dim_proj:
            return np.repeat(np.asarray(rows[:, None], np.float32), self.r_reps, axis=1)
        short = np.asarray(rows @ _signs(self, rows.shape[1]), np.float32)
        return short.reshape(len(rows), self.r_reps, self.dim_proj)

    def _nearest(self, filled: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
        """For each cell the place in `filled` of itself, or of the one that differs in fewest bits."""
        cells = np.arange(2**self.k_sim)
        return np.asarray(np.bitwise_count(cells[:, None] ^ filled).argmin(axis=1), np.int64)

    def _finish(self, whole: Floats, dim: int) -> Floats:
        if not self.dim_final:
            return whole
        places, signs = _buckets(self, dim)
        return np.bincount(places, whole * signs, self.dim_final).astype(np.float32)


WHOLE_MEAN = FixedDimensionalEncoding(k_sim=0, r_reps=1, dim_proj=0)
"""One cell: the direction of a page's mean, a question's sum. For rows of words and pictures, where cells found no
more pages (docs/retrieval.md)."""
CELLS = FixedDimensionalEncoding(k_sim=3, r_reps=1, dim_proj=0)
"""For patches: 1,024 dimensions of 128. A projection within the cells cost more than it saved."""


@cache
def _hyperplanes(fde: FixedDimensionalEncoding, dim: int) -> Floats:
    """Normals (dim, r_reps * k_sim)."""
    return _random(fde, 0).standard_normal((dim, fde.r_reps * fde.k_sim), np.float32)


@cache
def _signs(fde: FixedDimensionalEncoding, dim: int) -> Floats:
    """A projection by random signs (dim, r_reps * dim_proj) that keeps inner products on average."""
    signs = _random(fde, 1).integers(0, 2, (dim, fde.r_reps * fde.dim_proj))
    return np.asarray((2 * signs - 1) / np.sqrt(fde.dim_proj), np.float32)


@cache
def _buckets(fde: FixedDimensionalEncoding, dim: int) -> tuple[npt.NDArray[np.int64], Floats]:
    """Where each dimension goes in the final projection, and with which sign (a count sketch)."""
    random = _random(fde, 2)
    whole = fde._whole(dim)
    places = random.permutation(whole) % fde.dim_final
    return places, (2 * random.integers(0, 2, whole) - 1).astype(np.float32)


def _random(fde: FixedDimensionalEncoding, stream: int) -> np.random.Generator:
    return np.random.default_rng([fde.seed, stream])
