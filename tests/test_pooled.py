"""Token pooling against colpali-engine's own."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
import torch
from colpali_engine.compression.token_pooling import HierarchicalTokenPooler
from hypothesis import given, settings
from hypothesis import strategies as st

from ingest.encoders.embedded.minilm import load_minilm
from ingest.encoders.encoder import Encoding
from ingest.encoders.load import load_encoder
from ingest.encoders.pooled import PooledEncoder, pool_tokens
from ingest.page import Page, PageVectors, Rendered, Word


def unit_rows(count: int, seed: int = 0, dim: int = 8) -> Any:
    rows = np.random.default_rng(seed).normal(size=(count, dim)).astype(np.float32)
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def in_line(rows: Any, nowhere: Sequence[int] = ()) -> PageVectors:
    """Rows side by side on a page; some of them nowhere."""
    left = np.arange(len(rows), dtype=np.float32) / 128
    boxes = np.stack([left, left * 0 + 0.25, left + 1 / 128, left * 0 + 0.5], axis=1)
    boxes[list(nowhere)] = 0
    return PageVectors(rows, boxes)


def pooled(rows: Any, factor: int) -> tuple[Any, list[list[int]]]:
    """The engine's rows, and which of ours each was made of."""
    found = HierarchicalTokenPooler().pool_embeddings(
        [torch.from_numpy(rows)], pool_factor=factor, return_dict=True
    )
    members = [own[0].tolist() for own in found.cluster_id_to_indices[0].values()]
    return found.pooled_embeddings[0].numpy(), [own for own in members if own]


@pytest.mark.parametrize("factor", [2, 3, 7, 50])
@pytest.mark.parametrize("count", [2, 9, 60])
def test_rows_are_the_engines_and_boxes_hold_what_they_came_from(count: int, factor: int) -> None:
    page = in_line(unit_rows(count))
    expected, members = pooled(page.vectors, factor)
    order = np.argsort([min(own) for own in members])
    merged = pool_tokens(page, factor)
    np.testing.assert_allclose(merged.vectors, expected[order], atol=1e-6)
    for box, i in zip(merged.boxes, order, strict=True):
        own = page.boxes[members[i]]
        np.testing.assert_array_equal(box, [*own[:, :2].min(axis=0), *own[:, 2:].max(axis=0)])
    assert merged.boxes.dtype == np.float32
    assert merged.vectors.dtype == np.float32


def test_rows_without_a_place_are_left_alone() -> None:
    page = in_line(unit_rows(20), nowhere=[0, 7, 19])
    merged = pool_tokens(page, 4)
    assert len(merged.vectors) == 17 // 4 + 3
    np.testing.assert_array_equal(merged.vectors[-3:], page.vectors[[0, 7, 19]])
    assert not merged.boxes[-3:].any()
    assert (merged.boxes[:-3, 2] > merged.boxes[:-3, 0]).all()


@pytest.mark.parametrize("count", [0, 1, 30])
def test_factor_one_changes_nothing(count: int) -> None:
    page = in_line(unit_rows(count))
    assert pool_tokens(page, 1) is page


@pytest.mark.parametrize("nowhere", [[], [0], [0, 1, 2]])
def test_one_row_survives(nowhere: list[int]) -> None:
    page = in_line(unit_rows(1 + len(nowhere)), nowhere)
    assert pool_tokens(page, 5) is page
    assert len(pool_tokens(in_line(unit_rows(4)), 9).vectors) == 1


def test_rows_at_right_angles_are_no_mistake() -> None:
    """Their distances are a matrix that SciPy would warn of."""
    assert 1 <= len(pool_tokens(in_line(np.eye(8, dtype=np.float32)), 2).vectors) <= 4


def test_rows_that_cancel_out_leave_one_of_them() -> None:
    rows = np.array([[1, 0], [-1, 0]], np.float32)
    np.testing.assert_array_equal(pool_tokens(in_line(rows), 2).vectors, rows[:1])


@settings(max_examples=40, deadline=None)
@given(
    count=st.integers(0, 50),
    factor=st.integers(1, 60),
    seed=st.integers(0, 1000),
    alike=st.booleans(),
)
def test_so_many_rows_are_left_all_of_length_one(
    count: int, factor: int, seed: int, alike: bool
) -> None:
    rows = unit_rows(count, seed)
    if alike:
        rows = np.repeat(rows, 3, axis=0)[:count]
    merged = pool_tokens(in_line(rows), factor)
    assert len(merged.vectors) <= max(count // factor, min(count, 1))
    assert bool(len(merged.vectors)) == bool(count)
    np.testing.assert_allclose(np.linalg.norm(merged.vectors, axis=1), 1, atol=1e-5)
    # In the order of the page, and nothing of it lost.
    assert (np.diff(merged.boxes[:, 0]) >= 0).all()
    if count:
        assert merged.boxes[:, 0].min() == 0
        assert merged.boxes[:, 2].max() == pytest.approx(count / 128)


def test_an_encoder_that_merges() -> None:
    encoder, plain = load_encoder("minilm", Encoding(pool_factor=3)), load_minilm(0)
    assert isinstance(encoder, PooledEncoder)
    assert (encoder.name, encoder.model, encoder.dim) == ("minilm", plain.model, plain.dim)
    assert (encoder.modality, encoder.cosine_range) == (plain.modality, plain.cosine_range)
    assert encoder.provenance == {**plain.provenance, "pool": "3"}
    words = tuple(Word(f"word{i}", (i / 99, 0, (i + 1) / 99, 1)) for i in range(30))
    pages = [
        Rendered(Page("d", i), b"", 1, 1, words[:i], (), "text", "A title") for i in (30, 0, 4)
    ]
    for merged, whole in zip(encoder.encode_pages(pages), plain.encode_pages(pages), strict=True):
        np.testing.assert_array_equal(merged.vectors, pool_tokens(whole, 3).vectors)
    (asked,), (same,) = (each.encode_queries(["a word"]) for each in (encoder, plain))
    np.testing.assert_array_equal(asked.vectors, same.vectors)
    assert not isinstance(load_encoder("conse", Encoding(pool_factor=3)), PooledEncoder)
