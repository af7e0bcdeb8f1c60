"""An index in a real home, with the embedded Chroma and an encoder of known vectors."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from ingest.encoders.encoder import Modality, Preparer
from ingest.index.chroma import Where
from ingest.index.index import Index, drop_index, drop_indexes, open_indexes
from ingest.index.manifest import IndexFormatError
from ingest.index.quantization import LossyConversion
from ingest.library.home import Home
from ingest.page import Document, Page, PageVectors, QueryVectors, Rendered, unit

DIM = 8


class FixedEncoder:
    """An encoder whose vectors depend on the number of words alone."""

    modality: Modality = "page"
    calibrated = False
    cosine_range = (0.0, 1.0)
    batch_pages = 2
    dim = DIM

    def __init__(self, name: str = "fixed", model: str = "fixed 1") -> None:
        self.name, self.model = name, model
        self.provenance = {"version": "1"}

    def preparer(self) -> Preparer | None:
        return None

    def encode_pages(self, pages: Sequence[Rendered]) -> list[PageVectors]:
        return [page_vectors(len(page.words), len(page.words)) for page in pages]

    def encode_queries(self, queries: Sequence[str]) -> list[QueryVectors]:
        return [QueryVectors(page_vectors(2, 1).vectors, ("a", "b")) for _ in queries]


def page_vectors(rows: int, seed: int) -> PageVectors:
    random = np.random.default_rng(seed)
    boxes = np.tile(np.array([[0, 0, 1, 1]], np.float32), (rows, 1))
    return PageVectors(unit(random.normal(size=(rows, DIM)).astype(np.float32)), boxes)


def document(id_: str, pages: int = 2, revision: str = "r1") -> Document:
    return Document(id_, id_ * 2, f"{id_}.pdf", (), "pdf", "", pages, 1, revision, "2026-01-01")


def fill(index: Index, one: Document, seed: int, rows: int = 3) -> list[PageVectors]:
    """Encode a document of `rows` rows a page."""
    encoded = [page_vectors(rows, seed + number) for number in range(one.page_count)]
    index.fit_center(encoded)
    writer = index.writer(one)
    for page in encoded:
        writer.append(page)
    writer.close()
    index.put([Page(one.id, number + 1) for number in range(one.page_count)], encoded)
    return encoded


@pytest.fixture
def home(tmp_path: Path) -> Home:
    home = Home(tmp_path / "home")
    home.staging.mkdir(parents=True, exist_ok=True)
    return home


@pytest.fixture
def index(home: Home) -> Index:
    index = Index.create(home, FixedEncoder(), dpi="144")
    yield index
    index.records.close()


def nearest(
    index: Index, page: PageVectors, count: int = 1, where: Where | None = None
) -> list[str]:
    return index.nearest(page.vectors, np.ones(len(page.vectors), np.float32), count, where)


def test_an_index_is_created_once_and_then_opened(home: Home, index: Index) -> None:
    assert index.manifest.provenance == {"version": "1", "dpi": "144"}
    assert {path.name for path in index.folder.iterdir()} >= {"manifest.json", "probe.png"}
    again = Index.create(home, FixedEncoder(), "int8", dpi="72")
    assert again.manifest == index.manifest
    assert [one.manifest for one in open_indexes(home)] == [index.manifest]


def test_another_model_is_refused(home: Home, index: Index) -> None:
    with pytest.raises(IndexFormatError, match=r"fixed 1, not fixed 2\. Rebuild the index"):
        Index.create(home, FixedEncoder(model="fixed 2"))


def test_vectors_are_written_and_found(index: Index) -> None:
    a, b = document("a"), document("b")
    pages = {**dict(zip(("a-1", "a-2"), fill(index, a, 10), strict=True))}
    pages |= dict(zip(("b-1", "b-2"), fill(index, b, 20), strict=True))
    assert index.has(a)
    np.testing.assert_allclose(index.vectors(a).page(2).vectors, pages["a-2"].vectors, atol=1e-3)
    for key, page in pages.items():
        assert nearest(index, page) == [key]
    assert set(nearest(index, pages["a-1"], 4, Where(("b",)))) == {"b-1", "b-2"}
    assert nearest(index, pages["a-1"], 4, Where(("b",), first=2)) == ["b-2"]


def test_a_page_without_rows_has_no_record(index: Index) -> None:
    one = document("a", 1)
    fill(index, one, 1, rows=0)
    assert index.records.keys() == set()
    assert index.vectors(one).page_count == 1
    assert index.manifest.center == ()


def test_the_center_is_fitted_once_and_kept(home: Home, index: Index) -> None:
    fill(index, document("a"), 10)
    center = index.manifest.center
    assert len(center) == DIM
    fill(index, document("b"), 20)
    assert index.manifest.center == center
    assert open_indexes(home)[0].manifest.center == center
    query = np.ones((2, DIM), np.float32)
    np.testing.assert_allclose(index.center_query(query), query - 0.5 * np.array(center), atol=1e-6)


def test_a_reopened_index_has_everything(home: Home, index: Index) -> None:
    encoded = fill(index, document("a"), 10)
    index.records.close()
    (again,) = open_indexes(home)
    assert again.has(document("a"))
    assert nearest(again, encoded[1]) == ["a-2"]
    again.records.close()


def test_a_new_revision_is_another_file(index: Index) -> None:
    old, new = document("a"), document("a", revision="r2")
    fill(index, old, 10)
    assert not index.has(new)
    fill(index, new, 10)
    index.sweep_revisions([new])
    assert index.has(new)
    assert not index.has(old)


def test_removal_and_sweep(index: Index) -> None:
    a, b, c = document("a"), document("b"), document("c")
    for seed, one in enumerate((a, b, c)):
        fill(index, one, 10 * seed)
    index.remove(["a"])
    assert not index.has(a)
    assert index.records.keys() == {"b-1", "b-2", "c-1", "c-2"}
    with pytest.raises(FileNotFoundError):
        index.vectors(a)
    index.sweep([b])
    assert index.has(b)
    assert not index.has(c)


def test_conversion_follows_the_quantization(index: Index) -> None:
    one = document("a")
    encoded = fill(index, one, 10)
    assert not index.quantize("fp16", [one])
    assert index.quantize("binary+int8", [one])
    assert index.vectors(one).quantization == index.manifest.quantization == "binary+int8"
    np.testing.assert_allclose(index.vectors(one).page(1).vectors, encoded[0].vectors, atol=1e-2)
    with pytest.raises(LossyConversion, match="int8 cannot be converted to fp16"):
        index.quantize("fp16", [one])


def test_indexes_are_dropped_one_by_one_or_all(home: Home, index: Index) -> None:
    other = Index.create(home, FixedEncoder("other"))
    fill(index, document("a"), 10)
    fill(other, document("a"), 10)
    drop_index(home, other)
    assert [one.manifest.encoder for one in open_indexes(home)] == ["fixed"]
    assert index.records.keys() == {"a-1", "a-2"}
    index.records.close()
    drop_indexes(home)
    assert open_indexes(home) == []
    assert not home.index.exists()
