"""MUVERA: fixed-dimensional encodings whose inner product approximates MaxSim.

Dhulipala et al. 2024 (arXiv:2405.19504). Random hyperplanes (SimHash) partition
the space into cells. A page's encoding has the mean of its rows in each cell, a
query's the sum of its rows, so that each query row meets the page rows near it.
This is repeated with other hyperplanes, and rows are reduced by a random
projection. An empty cell of a page takes the nearest filled one. Two things
differ from the paper. A page's means are scaled to length one, since the mean of
many unlike rows is short although one of them may match. And a query row also
counts, by NEIGHBOR_WEIGHT, in the cell across its nearest hyperplane. All random
numbers come from one seed, so that equal settings give equal encodings anywhere.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
import numpy.typing as npt

from ingest.page import Vectors, unit

NEIGHBOR_WEIGHT = 0.5
Floats = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class FixedDimensionalEncoding:
    """Fixed-dimensional encoding (FDE) of rows as one vector, named as in the paper.

    `k_sim` hyperplanes make 2**k_sim cells, in each of `r_reps` repetitions.
    `dim_proj` is the dimension of rows after the inner random projection, 0 for
    no projection. `dim_final` is that of the whole after the final projection,
    0 for none.
    """

    k_sim: int
    r_reps: int
    dim_proj: int
    dim_final: int = 0
    seed: int = 20_240_519

    def size(self, dim: int) -> int:
        """Dimensions of the encoding of rows of `dim` dimensions."""
        return self.dim_final or self._full_size(dim)

    def encode_page(self, rows: Vectors) -> Floats:
        """Encode a page's rows (n, dim) as one vector (size,) fp32; zeros without rows.

        >>> fde = FixedDimensionalEncoding(k_sim=0, r_reps=1, dim_proj=0)
        >>> page = np.array([[1, 0], [0.6, 0.8]], np.float32)
        >>> fde.encode_page(page).round(3).tolist() == np.array([0.894, 0.447], np.float32).tolist()
        True
        >>> fde.encode_page(page).shape == (fde.size(2),)
        True
        """
        dim = rows.shape[1]
        if not len(rows):
            return np.zeros(self.size(dim), np.float32)
        cells, projected = self._cells(rows), self._project(rows)
        blocks = np.empty((self.r_reps, 2**self.k_sim, projected.shape[2]), np.float32)
        for repeat in range(self.r_reps):
            member = (np.arange(2**self.k_sim)[:, None] == cells[:, repeat]).astype(np.float32)
            filled = np.flatnonzero(member.any(axis=1))
            blocks[repeat] = unit((member @ projected[:, repeat])[filled])[
                self._nearest_filled(filled)
            ]
        return self._project_final(blocks.ravel(), dim)

    def encode_query(self, rows: Vectors, weights: Floats) -> Floats:
        """Encode a query's rows (n, dim), with weights (n,), as one vector (size,) fp32."""
        dim = rows.shape[1]
        cells, projected = self._cells(rows), self._project(rows * weights[:, None])
        blocks = np.zeros((self.r_reps, 2**self.k_sim, projected.shape[2]), np.float32)
        for repeat in range(self.r_reps):
            np.add.at(blocks[repeat], cells[:, repeat], projected[:, repeat])
        if self.k_sim:
            across = cells ^ self._nearest_bit(rows)
            for repeat in range(self.r_reps):
                np.add.at(
                    blocks[repeat],
                    across[:, repeat],
                    np.float32(NEIGHBOR_WEIGHT) * projected[:, repeat],
                )
        return self._project_final(blocks.ravel(), dim)

    def _full_size(self, dim: int) -> int:
        """Dimensions before the final projection."""
        return int(self.r_reps * 2**self.k_sim * (self.dim_proj or dim))

    def _cells(self, rows: Vectors) -> npt.NDArray[np.int64]:
        """The cell of each row in each repetition (n, r_reps)."""
        bits = rows @ _hyperplanes(self, rows.shape[1]) > 0
        powers = 1 << np.arange(self.k_sim)
        return np.asarray(bits.reshape(len(rows), self.r_reps, self.k_sim) @ powers, np.int64)

    def _nearest_bit(self, rows: Vectors) -> npt.NDArray[np.int64]:
        """The bit of each row's nearest hyperplane in each repetition (n, r_reps)."""
        planes = _hyperplanes(self, rows.shape[1])
        far = np.abs(rows @ (planes / np.linalg.norm(planes, axis=0)))
        return np.asarray(1 << far.reshape(len(rows), self.r_reps, -1).argmin(axis=2), np.int64)

    def _project(self, rows: Vectors) -> Floats:
        """Rows after the inner projection of each repetition (n, r_reps, dim_proj)."""
        if not self.dim_proj:
            return np.repeat(np.asarray(rows[:, None], np.float32), self.r_reps, axis=1)
        projected = np.asarray(rows @ _signs(self, rows.shape[1]), np.float32)
        return projected.reshape(len(rows), self.r_reps, self.dim_proj)

    def _nearest_filled(self, filled: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
        """The position in `filled` of each cell, or of the filled cell at the least Hamming distance."""
        cells = np.arange(2**self.k_sim)
        return np.asarray(np.bitwise_count(cells[:, None] ^ filled).argmin(axis=1), np.int64)

    def _project_final(self, whole: Floats, dim: int) -> Floats:
        if not self.dim_final:
            return whole
        buckets, signs = _buckets(self, dim)
        return np.bincount(buckets, whole * signs, self.dim_final).astype(np.float32)


MEAN_FDE = FixedDimensionalEncoding(k_sim=0, r_reps=1, dim_proj=0)
"""One cell: the direction of a page's mean, and a query's sum. For rows of words and images, where more cells
found no more pages (docs/retrieval.md)."""
PATCH_FDE = FixedDimensionalEncoding(k_sim=3, r_reps=1, dim_proj=0)
"""For rows of patches: 1,024 dimensions of 128. An inner projection cost more recall than it saved."""


@cache
def _hyperplanes(fde: FixedDimensionalEncoding, dim: int) -> Floats:
    """Normals of the hyperplanes (dim, r_reps * k_sim)."""
    return _random(fde, 0).standard_normal((dim, fde.r_reps * fde.k_sim), np.float32)


@cache
def _signs(fde: FixedDimensionalEncoding, dim: int) -> Floats:
    """Random sign projection (dim, r_reps * dim_proj), unbiased for inner products."""
    signs = _random(fde, 1).integers(0, 2, (dim, fde.r_reps * fde.dim_proj))
    return np.asarray((2 * signs - 1) / np.sqrt(fde.dim_proj), np.float32)


@cache
def _buckets(fde: FixedDimensionalEncoding, dim: int) -> tuple[npt.NDArray[np.int64], Floats]:
    """Bucket and sign of each dimension in the final projection (a count sketch)."""
    random = _random(fde, 2)
    size = fde._full_size(dim)
    buckets = random.permutation(size) % fde.dim_final
    return buckets, (2 * random.integers(0, 2, size) - 1).astype(np.float32)


def _random(fde: FixedDimensionalEncoding, stream: int) -> np.random.Generator:
    return np.random.default_rng([fde.seed, stream])
