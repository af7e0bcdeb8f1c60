"""Rows gathered from files while the files change."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingest.index.convert import convert
from ingest.index.quantization import QUANTIZATIONS, parse_quantization
from ingest.index.row_batches import PREFETCHED, RowBuffers, iter_row_batches
from ingest.index.tensor_layout import OpenFile
from ingest.index.vector_file import SMALL, DocumentVectors
from ingest.index.vector_writer import VectorWriter
from ingest.page import PageVectors

DIM = 64


def unit_rows(seed: int, count: int) -> np.ndarray:
    rows = np.random.default_rng(seed).normal(size=(count, DIM)).astype(np.float32)
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def write(target: Path, lengths: list[int], kind: str = "fp16", seed: int = 0) -> list[np.ndarray]:
    pages = [unit_rows(seed + i, length) for i, length in enumerate(lengths)]
    writer = VectorWriter(target, target.with_suffix(".aside"), DIM, parse_quantization(kind))
    for rows in pages:
        writer.append(PageVectors(rows, np.tile([0, 0, 1, 1], (len(rows), 1)).astype(np.float32)))
    writer.close()
    return pages


def gathered(wanted: list, what: str = "vectors", most_rows: int = 300) -> list[np.ndarray]:
    """Each page's rows as fp32, copied before the next group takes their place."""
    found: list[np.ndarray] = []
    buffers = RowBuffers()
    for some in iter_row_batches(wanted, what, most_rows):
        assert some.first == len(found)
        rows = some.read(buffers).dequantize()
        assert len(rows) <= most_rows or some.last == some.first + 1
        found.extend(
            rows[a:b]
            for a, b in zip(some.edges[:-1].tolist(), some.edges[1:].tolist(), strict=True)
        )
        assert some.last == len(found)
    return found


@pytest.fixture(scope="module")
def documents(tmp_path_factory):
    """Small files and larger ones, of every kind, with pages that have no rows."""
    folder = tmp_path_factory.mktemp("documents")
    made = []
    for at, kind in enumerate(QUANTIZATIONS):
        for size, lengths in (("small", [3, 0, 5]), ("large", [200, 0, 301, 7] * 3)):
            path = folder / f"{kind}-{size}"
            pages = write(path, lengths, kind, 100 * at)
            assert (path.stat().st_size <= SMALL) == (size == "small")
            made.append((DocumentVectors(path), pages))
    return made


@settings(deadline=None)
@given(data=st.data(), most_rows=st.sampled_from([1, 250, 10_000]))
def test_rows_of_any_pages_in_any_order(documents, data, most_rows):
    places = [(d, n) for d, (_, pages) in enumerate(documents) for n in range(len(pages))]
    chosen = data.draw(st.lists(st.sampled_from(places), max_size=30))
    found = gathered([(documents[d][0], n + 1) for d, n in chosen], most_rows=most_rows)
    assert len(found) == len(chosen)
    for rows, (d, n) in zip(found, chosen, strict=True):
        np.testing.assert_allclose(rows, documents[d][1][n], atol=5e-3)


def test_pages_that_follow_each_other_are_read_at_once(tmp_path, monkeypatch):
    pages = write(tmp_path / "document", [40, 300, 0, 41, 200])
    held, reads = DocumentVectors(tmp_path / "document"), []
    read = OpenFile.read
    monkeypatch.setattr(OpenFile, "read", lambda *given: reads.append(1) or read(*given))
    (batch,) = iter_row_batches([(held, n) for n in (1, 2, 3, 5)], "vectors", 1_000)
    rows = batch.read(RowBuffers(), 1, 4).dequantize()
    np.testing.assert_allclose(rows, np.concatenate([pages[1], pages[4]]), atol=5e-3)
    assert len(reads) == 2


def test_passages_and_sign_bits_are_those_of_the_mapped_file(documents):
    for held, pages in documents:
        wanted = [(held, number + 1) for number in range(len(pages))]
        passages = np.concatenate(gathered(wanted, "passages"))
        np.testing.assert_array_equal(passages, held.passages.astype(np.float32))
        if held.codes is not None:
            codes = [
                some.read(RowBuffers()).values for some in iter_row_batches(wanted, "codes", 100)
            ]
            np.testing.assert_array_equal(np.concatenate(codes), held.codes.values)
        else:
            with pytest.raises(FileNotFoundError):
                list(iter_row_batches(wanted, "codes", 100))


def open_files(folder: Path) -> int:
    """Files of a folder that this process has open; other tests' may be closed meanwhile."""
    found = 0
    for descriptor in os.listdir("/proc/self/fd"):
        with contextlib.suppress(FileNotFoundError):
            found += Path(os.readlink(f"/proc/self/fd/{descriptor}")).parent == folder
    return found


@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="counts open files by /proc")
def test_no_more_files_are_open_than_pages_are_asked_for_ahead(tmp_path):
    held = []
    for number in range(3 * PREFETCHED):
        write(tmp_path / str(number), [130, 130])
        held.append(DocumentVectors(tmp_path / str(number)))
    most = 0
    for _group in iter_row_batches([(one, 2) for one in held], "vectors", 1000):
        most = max(most, open_files(tmp_path))
    del _group
    assert 1 < most <= PREFETCHED + 10
    assert open_files(tmp_path) == 0


@pytest.mark.parametrize("kind", ["int8", "binary+fp16"])
def test_a_file_of_another_kind_put_in_its_place_is_read_as_it_is(tmp_path, kind):
    path = tmp_path / "document"
    pages = write(path, [200, 100])
    held = DocumentVectors(path)
    convert(held, path, tmp_path / "aside", kind, ())
    assert held.quantization == "fp16"
    found = gathered([(held, 1), (held, 2)])
    np.testing.assert_allclose(np.concatenate(found), np.concatenate(pages), atol=5e-3)
    assert held.quantization == kind
    np.testing.assert_allclose(held.page(2).vectors, pages[1], atol=5e-3)


def test_a_document_that_was_removed_is_missed_unless_it_is_kept_open(tmp_path):
    path = tmp_path / "document"
    pages = write(path, [400])
    held, kept = DocumentVectors(path), DocumentVectors(path, keep=True)
    os.unlink(path)
    with pytest.raises(FileNotFoundError):
        gathered([(held, 1)])
    np.testing.assert_allclose(gathered([(kept, 1)])[0], pages[0], atol=5e-3)
    assert len(kept.vectors) == 400


def test_what_is_mapped_is_held_open_until_it_is_unmapped(tmp_path):
    write(tmp_path / "document", [400])
    held = DocumentVectors(tmp_path / "document")
    assert not held.mapped
    rows = held.vectors.values
    assert held.mapped
    os.unlink(tmp_path / "document")
    assert len(held.passages) > 1
    held.unmap()
    assert not held.mapped
    assert np.isfinite(rows).all()  # views outlive it
    with pytest.raises(FileNotFoundError):
        held.passages  # noqa: B018
