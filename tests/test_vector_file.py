import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from safetensors.numpy import load_file

from ingest.index.vector_file import DocumentVectors
from ingest.index.vector_writer import PASSAGE_ROWS, VectorWriter
from ingest.page import PageVectors


def made_page(rows: int, seed: int = 0, dim: int = 6) -> PageVectors:
    random = np.random.default_rng(seed)
    return PageVectors(
        random.normal(size=(rows, dim)).astype(np.float32),
        random.random((rows, 4)).astype(np.float32),
    )


def write(folder, pages, dim=6):
    writer = VectorWriter(folder / "target.safetensors", folder / "aside.safetensors", dim)
    for page in pages:
        writer.append(page)
    writer.close()
    return folder / "target.safetensors"


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(lengths=st.lists(st.integers(0, 5), min_size=1, max_size=6))
def test_what_is_written_is_read_page_by_page(tmp_path, lengths):
    pages = [made_page(rows, seed) for seed, rows in enumerate(lengths)]
    read = DocumentVectors(write(tmp_path, pages))
    assert read.page_count == len(pages)
    for number, page in enumerate(pages, start=1):
        np.testing.assert_allclose(read.page(number).vectors, page.vectors, atol=4e-3)
        np.testing.assert_allclose(read.page(number).boxes, page.boxes, atol=5e-4)


def test_the_file_is_plain_safetensors(tmp_path):
    tensors = load_file(write(tmp_path, [made_page(3), made_page(2)]))
    assert {name: (str(t.dtype), t.shape) for name, t in tensors.items()} == {
        "vectors": ("float16", (5, 6)),
        "boxes": ("float16", (5, 4)),
        "offsets": ("int64", (3,)),
        "passages": ("float16", (2, 6)),
        "centroids": ("uint8", (0, 8)),
        "passage_offsets": ("int64", (3,)),
        "centroid_offsets": ("int64", (3,)),
    }


def test_nothing_is_in_place_before_it_is_whole(tmp_path):
    writer = VectorWriter(tmp_path / "target.safetensors", tmp_path / "aside.safetensors", 6)
    writer.append(made_page(3))
    assert not (tmp_path / "target.safetensors").exists()
    writer.discard()
    assert list(tmp_path.iterdir()) == []


def test_a_file_cut_short_is_refused(tmp_path):
    path = write(tmp_path, [made_page(300)])
    path.write_bytes(path.read_bytes()[:-40])
    with pytest.raises(ValueError, match="truncated"):
        DocumentVectors(path)


def test_vectors_and_boxes_must_go_together():
    with pytest.raises(ValueError, match="do not go with"):
        PageVectors(np.zeros((2, 3), np.float32), np.zeros((3, 4), np.float32))


@pytest.mark.parametrize("count", [0, 1, PASSAGE_ROWS, PASSAGE_ROWS + 5])
def test_passages_are_unit_means_of_their_rows(tmp_path, count):
    first, second = made_page(count, 1), made_page(3, 2)
    read = DocumentVectors(write(tmp_path, [first, second]))
    ends = read.passage_offsets.tolist()
    assert ends == [0, -(-count // PASSAGE_ROWS), -(-count // PASSAGE_ROWS) + 1]
    if count:
        rest = first.vectors[(ends[1] - 1) * PASSAGE_ROWS :]
        expected = rest.sum(axis=0) / np.linalg.norm(rest.sum(axis=0))
        np.testing.assert_allclose(read.passages[ends[1] - 1], expected, atol=2e-3)
