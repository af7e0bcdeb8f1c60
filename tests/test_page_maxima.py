"""Page maxima: the same as a slow loop over pages, for rows of every type."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingest.index.quantization import Rows, pack_signs, to_int8
from retrieval.scoring.dot_products import dot_products
from retrieval.scoring.page_maxima import QueryRows, page_maxima

LENGTHS = st.one_of(
    st.tuples(st.integers(1, 6), st.integers(1, 5)).map(lambda two: [two[0]] * two[1]),
    st.lists(st.integers(0, 5), min_size=1, max_size=6).filter(any),
)
"""Rows of pages, as many each or not."""


def stored(rows: np.ndarray, kind: str) -> Rows:
    match kind:
        case "int8":
            return to_int8(rows)
        case "signs":
            return Rows(pack_signs(rows))
        case _:
            return Rows(rows.astype(kind))


@pytest.mark.parametrize("kind", ["float32", "float16", "float64", "int8", "signs"])
@settings(deadline=None)  # the first call opens a session
@given(seed=st.integers(0, 2**32 - 1), lengths=LENGTHS, dim=st.sampled_from([3, 64, 70]))
def test_same_as_a_slow_loop(kind, seed, lengths, dim):
    random = np.random.default_rng(seed)
    query = random.normal(size=(4, dim)).astype(np.float32)
    rows = stored(random.normal(size=(sum(lengths), dim)).astype(np.float32), kind)
    ends = np.cumsum([0, *lengths])
    pages = [slice(a, b) for a, b in zip(ends[:-1], ends[1:], strict=True) if b > a]
    slow = np.stack([dot_products(query, rows[page]).max(axis=1) for page in pages], axis=1)
    found = page_maxima(QueryRows(query), rows, np.array(lengths))
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, slow, rtol=1e-4, atol=1e-4)


def test_worked_out_by_hand():
    rows = Rows(np.array([[1, 0], [0, 1], [-1, 0], [0.5, -0.5]], np.float32))
    query = QueryRows(np.array([[2, 1]], np.float32))
    # Products 2, 1, -2 and 0.5: of two pages of two rows, and of one of three and one of one.
    assert page_maxima(query, rows, np.array([2, 2])).tolist() == [[2, 0.5]]
    assert page_maxima(query, rows, np.array([3, 0, 1])).tolist() == [[2, 0.5]]
