import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

from retrieval.scoring.dot_products import dot_products_dense
from retrieval.scoring.maxsim import BLOCK_ROWS, maxsim


def unit_rows(seed: int, count: int, dim: int = 8) -> np.ndarray:
    rows = np.random.default_rng(seed).normal(size=(count, dim)).astype(np.float32)
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def slow_maxsim(query, weights, rows, offsets):
    scores = []
    for first, last in zip(offsets[:-1], offsets[1:], strict=True):
        if first == last:
            scores.append(np.nan)
            continue
        total = 0.0
        for vector, weight in zip(query, weights, strict=True):
            total += weight * max(float(vector @ row) for row in rows[first:last])
        scores.append(total / sum(weights))
    return scores


def test_scores_worked_out_by_hand():
    query = np.array([[1, 0], [0, 1]], np.float32)
    rows = np.array([[1, 0], [0.6, 0.8], [0, -1]], np.float32)
    # Page 1: best cosines 1 and 0.8. Page 2: 0 and -1, kept negative.
    scores = maxsim(query, np.array([1, 1], np.float32), rows, [0, 2, 3])
    assert scores == pytest.approx([0.9, -0.5])
    weighted = maxsim(query, np.array([3, 1], np.float32), rows, [0, 2, 3])
    assert weighted == pytest.approx([0.95, -0.25])


def test_one_row_each_is_the_cosine():
    query, rows = unit_rows(1, 1), unit_rows(2, 5)
    scores = maxsim(query, np.ones(1, np.float32), rows, np.arange(6))
    assert scores == pytest.approx(rows @ query[0], abs=1e-6)


@given(
    seed=st.integers(0, 2**32 - 1),
    lengths=st.lists(st.integers(0, 7), min_size=1, max_size=9),
    weights=npst.arrays(np.float32, st.integers(1, 5), elements=st.floats(0.125, 4, width=32)),
)
def test_same_as_the_slow_loop(seed, lengths, weights):
    offsets = np.concatenate([[0], np.cumsum(lengths)])
    query, rows = unit_rows(seed, len(weights)), unit_rows(seed + 1, max(int(offsets[-1]), 1))
    fast = maxsim(query, weights, rows, offsets)
    np.testing.assert_allclose(
        fast, slow_maxsim(query, weights, rows, offsets), atol=1e-5, equal_nan=True
    )


def test_pages_longer_than_one_chunk_and_empty_pages_between():
    lengths = [3, 0, BLOCK_ROWS + 5, 0, 0, 2, BLOCK_ROWS, 1, 0]
    offsets = np.concatenate([[0], np.cumsum(lengths)])
    rows, query = unit_rows(3, int(offsets[-1])), unit_rows(4, 3)
    whole = maxsim(query, np.ones(3, np.float32), rows, offsets)
    for page, (first, last) in enumerate(zip(offsets[:-1], offsets[1:], strict=True)):
        alone = maxsim(query, np.ones(3, np.float32), rows[first:last], [0, last - first])
        np.testing.assert_allclose(whole[page], alone[0], atol=1e-5, equal_nan=True)


def test_fp16_rows_score_as_fp32_ones_do():
    query, rows = unit_rows(5, 4, 384), unit_rows(6, 50, 384)
    exact = maxsim(query, np.ones(4, np.float32), rows, [0, 20, 50])
    halved = maxsim(query, np.ones(4, np.float32), rows.astype(np.float16), [0, 20, 50])
    assert halved == pytest.approx(exact, abs=1e-3)


def test_agrees_with_colpali_engine_where_its_padding_does_not_bite():
    torch = pytest.importorskip("torch")
    import warnings

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from colpali_engine.utils.processing_utils import BaseVisualRetrieverProcessor

    query, pages = unit_rows(7, 6), [unit_rows(8, 9), unit_rows(9, 9)]
    theirs = BaseVisualRetrieverProcessor.score_multi_vector(
        [torch.from_numpy(query)], [torch.from_numpy(page) for page in pages], device="cpu"
    )
    ours = maxsim(query, np.ones(6, np.float32), np.concatenate(pages), [0, 9, 18])
    assert ours * 6 == pytest.approx(theirs[0].numpy(), abs=1e-4)
    # A page padded to the length of another: zeros win over negative cosines there, not here.
    far = -query[:1]
    padded = BaseVisualRetrieverProcessor.score_multi_vector(
        [torch.from_numpy(query[:1])],
        [torch.from_numpy(far), torch.from_numpy(pages[0])],
        device="cpu",
    )
    assert padded[0, 0].item() == pytest.approx(0, abs=1e-6)
    assert maxsim(query[:1], np.ones(1, np.float32), far, [0, 1]) == pytest.approx([-1])


@pytest.mark.parametrize("dtype", [np.float32, np.float16, np.int8, np.float64])
def test_products_are_those_of_numpy(dtype):
    query, rows = unit_rows(7, 5, 32), (unit_rows(8, 40, 32) * 50).astype(dtype)
    expected = query @ rows.astype(np.float32).T
    np.testing.assert_allclose(dot_products_dense(query, rows), expected, rtol=1e-4, atol=1e-4)
