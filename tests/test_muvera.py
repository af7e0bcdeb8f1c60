"""Fixed-dimensional encodings against the paper's definition, computed slowly."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.index.muvera import (
    MEAN_FDE,
    NEIGHBOR_WEIGHT,
    PATCH_FDE,
    FixedDimensionalEncoding,
    _buckets,
    _hyperplanes,
    _signs,
)

DIM = 12


def unit_rows(seed: int, count: int, dim: int = DIM) -> np.ndarray:
    rows = np.random.default_rng(seed).normal(size=(count, dim)).astype(np.float32)
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def slow(fde: FixedDimensionalEncoding, rows: np.ndarray, *, page: bool) -> np.ndarray:
    """Algorithm 1 of the paper, cell by cell, with the fill of empty cells for a page, whose means are scaled.

    A row of a question is in the cell across its nearest hyperplane as well, by half.
    """
    planes = _hyperplanes(fde, DIM).reshape(DIM, fde.r_reps, fde.k_sim)
    signs = _signs(fde, DIM).reshape(DIM, fde.r_reps, fde.dim_proj)
    blocks = []
    for repeat in range(fde.r_reps):
        codes = [
            sum(int(row @ planes[:, repeat, bit] > 0) << bit for bit in range(fde.k_sim))
            for row in rows
        ]
        short = rows @ signs[:, repeat]
        far = np.abs(rows @ planes[:, repeat]) / np.linalg.norm(planes[:, repeat], axis=0)
        across = [
            code ^ (1 << int(bit)) for code, bit in zip(codes, far.argmin(axis=1), strict=True)
        ]
        for cell in range(2**fde.k_sim):
            inside = [i for i, code in enumerate(codes) if code == cell]
            if page and not inside:
                distance = {code: (code ^ cell).bit_count() for code in sorted(codes)}
                nearest = min(distance, key=lambda code: distance[code])
                inside = [i for i, code in enumerate(codes) if code == nearest]
            total = short[inside].sum(axis=0)
            beyond = [i for i, code in enumerate(across) if code == cell]
            half = NEIGHBOR_WEIGHT * short[beyond].sum(axis=0)
            blocks.append(total / np.linalg.norm(total) if page else total + half)
    whole = np.concatenate(blocks)
    if not fde.dim_final:
        return whole
    places, flips = _buckets(fde, DIM)
    out = np.zeros(fde.dim_final)
    for value, place, flip in zip(whole, places, flips, strict=True):
        out[place] += value * flip
    return out


@given(
    seed=st.integers(0, 2**32 - 1),
    count=st.integers(1, 20),
    k_sim=st.integers(1, 4),
    r_reps=st.integers(1, 3),
    dim_proj=st.integers(1, 6),
    dim_final=st.sampled_from([0, 7]),
)
def test_same_as_the_slow_way(seed, count, k_sim, r_reps, dim_proj, dim_final):
    fde = FixedDimensionalEncoding(k_sim, r_reps, dim_proj, dim_final)
    rows = unit_rows(seed, count)
    np.testing.assert_allclose(fde.encode_page(rows), slow(fde, rows, page=True), atol=1e-4)
    ones = np.ones(count, np.float32)
    np.testing.assert_allclose(fde.encode_query(rows, ones), slow(fde, rows, page=False), atol=1e-4)


def test_one_cell_is_the_direction_of_a_page_and_the_weighted_sum_of_a_question():
    rows, weights = unit_rows(1, 5), np.array([1, 0, 2, 0.5, 1], np.float32)
    mean = rows.mean(axis=0)
    np.testing.assert_allclose(MEAN_FDE.encode_page(rows), mean / np.linalg.norm(mean), atol=1e-6)
    np.testing.assert_allclose(
        MEAN_FDE.encode_query(rows, weights), (rows * weights[:, None]).sum(axis=0), atol=1e-6
    )


def test_a_page_without_rows_is_zeros():
    empty = np.zeros((0, DIM), np.float32)
    assert not PATCH_FDE.encode_page(empty).any()
    assert PATCH_FDE.encode_page(empty).shape == (PATCH_FDE.size(DIM),)
    assert PATCH_FDE.size(128) == 1024


def test_the_seed_decides_and_nothing_else():
    rows = unit_rows(2, 30)
    again = FixedDimensionalEncoding(PATCH_FDE.k_sim, PATCH_FDE.r_reps, PATCH_FDE.dim_proj)
    assert (PATCH_FDE.encode_page(rows) == again.encode_page(rows)).all()
    other = FixedDimensionalEncoding(PATCH_FDE.k_sim, PATCH_FDE.r_reps, PATCH_FDE.dim_proj, seed=1)
    assert not np.allclose(PATCH_FDE.encode_page(rows), other.encode_page(rows))


def test_without_projection_rows_alone_in_their_cells_give_cosines():
    # Four rows far apart, each alone in its cell: its own product is 1, and half of one with what lies across.
    fde = FixedDimensionalEncoding(k_sim=6, r_reps=1, dim_proj=0)
    rows = unit_rows(3, 4)
    cells = fde._cells(rows)[:, 0]
    if len(set(cells.tolist())) < 4:
        pytest.fail("the rows share a cell; take another seed")
    across = cells ^ fde._nearest_bit(rows)[:, 0]
    filled = [
        min(range(4), key=lambda i: (int(cells[i] ^ cell).bit_count(), cells[i])) for cell in across
    ]
    expected = 4 + NEIGHBOR_WEIGHT * sum(
        float(row @ rows[i]) for row, i in zip(rows, filled, strict=True)
    )
    inner = fde.encode_query(rows, np.ones(4, np.float32)) @ fde.encode_page(rows)
    assert inner == pytest.approx(expected, abs=1e-5)
