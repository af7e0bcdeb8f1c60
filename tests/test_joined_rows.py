"""Rows of a small library, joined in memory: the same scores, read once."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from ingest.index.index import open_indexes
from ingest.index.quantization import Quantization
from ingest.index.vector_file import DocumentVectors
from ingest.index.vector_writer import VectorWriter
from ingest.page import PageVectors, unit
from retrieval import snapshot as snapshot_module
from retrieval.scoring.joined_rows import JoinedRows
from retrieval.scoring.scores import CandidateBatch, score_batches
from retrieval.search import Searcher

DIM = 64
EVERY = 1 << 20


def written(path: Path, lengths: list[int], quantization: Quantization = "fp16") -> DocumentVectors:
    """A document of pages with so many rows."""
    random = np.random.default_rng(len(path.name) + sum(lengths))
    writer = VectorWriter(path, path.with_suffix(".aside"), DIM, quantization)
    for length in lengths:
        rows = unit(random.normal(size=(length, DIM)).astype(np.float32))
        writer.append(PageVectors(rows, np.zeros((length, 4), np.float32)))
    writer.close()
    return DocumentVectors(path)


@pytest.fixture
def batches(tmp_path: Path) -> list[CandidateBatch]:
    """Two documents, whose pages take turns; one page has no rows."""
    one, two = written(tmp_path / "one", [3, 0, 40]), written(tmp_path / "two", [700, 5])
    return [
        CandidateBatch(one, np.array([1, 2, 3]), np.array([4, 0, 2])),
        CandidateBatch(two, np.array([1, 2]), np.array([1, 3])),
    ]


@pytest.mark.parametrize("kind", ["vectors", "passages"])
def test_joined_rows_score_as_rows_read_for_a_search(batches, kind):
    query = unit(np.random.default_rng(1).normal(size=(6, DIM)).astype(np.float32))
    joined = JoinedRows.read(batches, kind, EVERY)
    assert joined is not None
    for weights in (np.arange(1, 7, dtype=np.float32), np.eye(2, 6, dtype=np.float32)):
        found = joined.score(query, weights, 5)
        assert found == pytest.approx(score_batches(query, weights, batches, 5, kind), nan_ok=True)
        assert np.isnan(found[..., 0]).all()
        assert not np.isnan(found[..., 1:]).any()


def test_rows_beyond_the_bound_are_not_joined(batches):
    size = 748 * DIM * 4
    assert JoinedRows.read(batches, "vectors", size) is not None
    assert JoinedRows.read(batches, "vectors", size - 1) is None


def test_rows_of_unlike_quantization_or_with_sign_codes_are_not_joined(batches, tmp_path):
    first = np.array([1]), np.array([5])
    whole = CandidateBatch(written(tmp_path / "int8", [4], "int8"), *first)
    signs = CandidateBatch(written(tmp_path / "signs", [4], "binary+int8"), *first)
    assert JoinedRows.read([*batches, whole], "vectors", EVERY) is None
    assert JoinedRows.read([signs], "vectors", EVERY) is None
    assert JoinedRows.read([signs], "passages", EVERY) is not None


def test_rows_of_the_library_are_read_once_for_many_searches(sample_home, monkeypatch):
    read: list[str] = []
    join = JoinedRows.read

    def counted(batches, kind, most):
        read.append(kind)
        return join(batches, kind, most)

    monkeypatch.setattr(JoinedRows, "read", counted)
    searcher = Searcher(sample_home)
    queries = ("opening hours in winter", "What does a ticket cost?", "a red bicycle")
    joined = [searcher.search(query) for query in queries]
    count = len(open_indexes(sample_home))
    # An index of passages is scored by its vectors alone.
    assert read.count("vectors") == count
    assert read.count("passages") == 2
    searcher.close()
    monkeypatch.setattr(snapshot_module, "JOINED_BYTES", 0)
    searcher = Searcher(sample_home)
    assert [searcher.search(query) for query in queries] == joined
    searcher.close()
