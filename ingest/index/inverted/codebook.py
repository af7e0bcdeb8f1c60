"""Codebook of inverted lists: cluster means of pages' sign codes.

The clusters are those of an inverted file (IVF), as in PLAID (Santhanam et al.
2022, arXiv:2205.09707) and WARP (Scheerer et al. 2025, arXiv:2501.17788), but of
page centroids' sign codes and not of every row: a page has 64 of these in place
of 1,030 rows. Found by spherical k-means (Dhillon and Modha 2001).
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from ingest.index.centroids import one_blas_thread
from ingest.index.quantization import SignCodes
from ingest.page import Vectors, unit

ROUNDS = 4
"""Iterations of k-means."""
CODES_A_LIST = 16
"""Sign codes that a list has on average in a small library; with 64 it finds fewer pages of words."""
MAX_LISTS = 4_096
SAMPLE_A_LIST = 16
"""Sign codes a list that the codebook is computed of."""
BLOCK = 256
"""Codes that are multiplied at once: their products stay in the cache."""
SEED = 20_220_519


def codebook_size(codes: int) -> int:
    """The number of lists for so many sign codes: a power of two.

    >>> codebook_size(64_000), codebook_size(6_400_000)
    (2048, 4096)
    """
    return int(min(2 ** int(np.log2(max(codes // CODES_A_LIST, 1))), MAX_LISTS))


def train_codebook(codes: SignCodes, dim: int, size: int) -> Vectors:
    """Unit means (at most size, dim) of clusters of sign codes (n, bytes).

    The same codes give the same means.
    """
    signs = to_signs(codes, dim)
    random = np.random.default_rng(SEED)
    means = unit(signs[np.sort(random.permutation(len(signs))[:size])])
    for _ in range(ROUNDS):
        nearest = assign_lists(codes, means, dim)
        order = np.argsort(nearest, kind="stable")
        filled, first = np.unique(nearest[order], return_index=True)
        # A mean of as many opposite signs has no direction: the old one stays.
        sums = np.add.reduceat(signs[order], first, axis=0)
        some = np.linalg.norm(sums, axis=1) > 1e-6
        means[filled[some]] = unit(sums[some])
    return means


def assign_lists(codes: SignCodes, codebook: Vectors, dim: int) -> npt.NDArray[np.int64]:
    """The nearest list (n,) of each sign code (n, bytes)."""
    nearest = np.empty(len(codes), np.int64)
    columns = np.ascontiguousarray(codebook.T)
    with one_blas_thread():
        for at in range(0, len(codes), BLOCK):
            products = to_signs(codes[at : at + BLOCK], dim) @ columns
            nearest[at : at + BLOCK] = products.argmax(axis=1)
    return nearest


def to_signs(codes: SignCodes, dim: int) -> Vectors:
    """Sign codes (n, bytes) as rows of 1 and -1 (n, dim)."""
    bits = np.unpackbits(codes, axis=1, count=dim)
    return np.asarray(bits, np.float32) * np.float32(2) - np.float32(1)
