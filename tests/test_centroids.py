"""Page centroids, and candidates chosen by them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.index.centroids import pool_rows
from ingest.index.convert import convert
from ingest.index.quantization import pack_signs, to_int8
from ingest.index.vector_file import DocumentVectors
from ingest.index.vector_writer import VectorWriter
from ingest.page import PageVectors, unit
from retrieval.scoring.prefilter import PageCodes, prefilter, score_centroids

DIM = 24


def unit_rows(seed: int, count: int, dim: int = DIM) -> np.ndarray:
    return unit(np.random.default_rng(seed).normal(size=(count, dim))).astype(np.float32)


def clustered(seed: int, clusters: int, each: int) -> tuple[np.ndarray, np.ndarray]:
    """Rows close about `clusters` directions far from each other, cluster by cluster, and the directions."""
    about = np.eye(DIM, dtype=np.float32)[:clusters]
    noise = 0.02 * np.random.default_rng(seed).normal(size=(clusters * each, DIM))
    return unit(np.repeat(about, each, axis=0) + noise).astype(np.float32), about


def write(folder: Path, pages: list[np.ndarray], centroids: int, center=()) -> DocumentVectors:
    target = folder / "one.safetensors"
    writer = VectorWriter(target, folder / "aside", DIM, "fp16", lambda: center, centroids)
    for rows in pages:
        writer.append(PageVectors(rows, np.tile([0, 0, 1, 1], (len(rows), 1)).astype(np.float32)))
    writer.close()
    return DocumentVectors(target)


def test_the_mean_of_each_cluster_is_found():
    rows, about = clustered(1, clusters=5, each=9)
    means = pool_rows(rows, 5)
    assert (about @ means.T).max(axis=1).min() > 0.99
    np.testing.assert_allclose(np.linalg.norm(means, axis=1), 1, atol=1e-5)


def test_few_rows_are_their_own_gist_and_the_same_rows_give_the_same():
    rows = unit_rows(2, 7)
    assert (pool_rows(rows, 7) == rows).all()
    many = unit_rows(3, 90)
    assert (pool_rows(many, 8) == pool_rows(many.copy(), 8)).all()


@given(seed=st.integers(0, 2**32 - 1), count=st.integers(0, 60), most=st.integers(1, 20))
def test_a_gist_has_unit_rows_and_never_more_than_asked(seed, count, most):
    rows = unit_rows(seed, count)
    pooled = pool_rows(rows, most)
    assert pooled.shape == (min(count, most), DIM)
    np.testing.assert_allclose(np.linalg.norm(pooled, axis=1), 1, atol=1e-4)


def test_rows_that_are_all_alike_leave_no_row_without_a_direction():
    rows = np.repeat(unit_rows(4, 1), 50, axis=0)
    np.testing.assert_allclose(pool_rows(rows, 6), rows[:6], atol=1e-5)


def test_gists_are_kept_beside_the_rows_and_through_a_conversion(tmp_path):
    center = unit_rows(5, 1)[0] * 0.2
    pages = [unit_rows(6, 40), unit_rows(7, 0), unit_rows(8, 3)]
    held = write(tmp_path, pages, 4, center)
    for number, rows in enumerate(pages, start=1):
        expected = pack_signs(pool_rows(rows.astype(np.float32), 4), center)
        assert (held.centroids(number) == expected).all()
    convert(held, tmp_path / "two.safetensors", tmp_path / "aside", "int8", center)
    again = DocumentVectors(tmp_path / "two.safetensors")
    assert all((again.centroids(n) == held.centroids(n)).all() for n in (1, 2, 3))


def test_without_gists_nothing_is_kept(tmp_path):
    held = write(tmp_path, [unit_rows(9, 5)], 0)
    assert held.centroids(1).shape == (0, 8)


def test_the_score_is_maxsim_with_the_signs(tmp_path):
    pages = [unit_rows(10, 30), unit_rows(11, 0), unit_rows(12, 2)]
    held = write(tmp_path, pages, 6)
    query, weights = unit_rows(13, 4), np.array([1, 0, 2, 0.5], np.float32)
    codes = PageCodes.of([held.centroids(number) for number in (3, 2, 1)])
    scores = score_centroids(query, weights, codes)
    for place, rows in ((0, pages[2]), (2, pages[0])):
        signs = np.where(pool_rows(rows, 6) > 0, 1, -1) / np.sqrt(rows.shape[1])
        expected = weights @ (to_int8(query).dequantize() @ signs.T).max(axis=1) / weights.sum()
        assert scores[place] == pytest.approx(expected, abs=1e-4)
    assert np.isnan(scores[1])


def test_a_page_that_holds_the_question_outlives_many_that_do_not(tmp_path):
    asked = unit_rows(14, 3, DIM)
    pages = [unit_rows(20 + i, 60) for i in range(30)]
    pages[17] = np.concatenate([np.repeat(asked, 5, axis=0), pages[17][:45]])
    held = write(tmp_path, pages, 16)
    centroids = [held.centroids(1)[:0], *(held.centroids(number) for number in range(1, 31))]
    best = prefilter(asked, np.ones(3, np.float32), PageCodes.of(centroids), 30)
    assert next(iter(best)) == 18
    assert len(best) == 30
    assert 0 not in best


def test_pages_of_like_and_of_unlike_lengths_are_scored_alike(tmp_path):
    query, ones = unit_rows(15, 3), np.ones(3, np.float32)
    pages = [unit_rows(30 + i, 20) for i in range(4)]
    held = write(tmp_path, [*pages, unit_rows(40, 2)], 8)
    centroids = [held.centroids(number) for number in range(1, 6)]
    like, unlike = (
        score_centroids(query, ones, PageCodes.of(centroids[:4])),
        score_centroids(query, ones, PageCodes.of(centroids)),
    )
    np.testing.assert_allclose(like, unlike[:4], atol=1e-6)
