"""Records in a real embedded Chroma."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from ingest.index.chroma import MAX_FILTER_VALUES, Records, Where, collection_prefix
from ingest.index.server import RecordsMissing
from ingest.page import Page

DIM = 4
PAGES = [Page(document, number) for document in ("a", "b", "c") for number in (1, 2, 3)]
ROWS = np.eye(DIM, dtype=np.float32)[[0, 1, 2, 0, 1, 2, 0, 1, 3]] * np.arange(1, 10)[:, None]
ROWS = ROWS.astype(np.float32)


@pytest.fixture
def records(tmp_path: Path) -> Records:
    records = Records(tmp_path / "chroma", "minilm")
    records.upsert(PAGES, ROWS)
    yield records
    records.close()


def axis(number: int) -> np.ndarray:
    return np.eye(DIM, dtype=np.float32)[number]


def test_the_largest_inner_product_comes_first(records: Records) -> None:
    assert records.nearest(axis(0), 3) == ["c-1", "b-1", "a-1"]
    assert records.nearest(axis(3), 1) == ["c-3"]
    assert records.keys() == {page.key for page in PAGES}


def test_more_than_there_are(records: Records) -> None:
    assert set(records.nearest(axis(1), 50)) == records.keys()


@pytest.mark.parametrize(
    ("where", "expected"),
    [
        (Where(), ["c-1", "b-1", "a-1"]),
        (Where(("a", "b")), ["b-1", "a-1"]),
        (Where(first=2, last=2), []),
        (Where(("a", "c"), first=1, last=1), ["c-1", "a-1"]),
        (Where(("none",)), []),
        (Where(()), []),
    ],
)
def test_filters(records: Records, where: Where, expected: list[str]) -> None:
    found = records.nearest(axis(0), 9, where)
    assert [key for key in found if key.endswith("-1")] == expected
    if where.document_ids is not None:
        assert {key.partition("-")[0] for key in found} <= set(where.document_ids)
    if where.first is not None and where.first == where.last:
        assert {int(key.partition("-")[2]) for key in found} <= {where.first}


def test_an_empty_filter_matches_nothing_and_asks_nobody(tmp_path: Path) -> None:
    records = Records(tmp_path / "chroma", "minilm")
    assert Where(()).nothing
    assert records.nearest(axis(0), 3, Where(())) == []
    assert not (tmp_path / "chroma").exists()


def test_a_filter_may_name_many_documents(records: Records) -> None:
    many = tuple(f"document{number}" for number in range(MAX_FILTER_VALUES - 1))
    assert records.nearest(axis(0), 9, Where((*many, "a")))[0] == "a-1"


def test_an_upsert_replaces(records: Records) -> None:
    records.upsert([Page("a", 2)], 20 * axis(0)[None])
    assert records.nearest(axis(0), 2) == ["a-2", "c-1"]
    assert len(records.keys()) == len(PAGES)


def test_deletion_by_document(records: Records) -> None:
    records.delete(["c", "none"])
    assert records.nearest(axis(0), 3)[:2] == ["b-1", "a-1"]
    assert records.keys() == {page.key for page in PAGES if page.document_id != "c"}


def test_values_that_are_not_finite_are_refused(records: Records) -> None:
    bad = np.array([[1, 0, np.nan, 0]], np.float32)
    with pytest.raises(ValueError, match="NaN"):
        records.upsert([Page("d", 1)], bad)
    with pytest.raises(ValueError, match="NaN"):
        records.nearest(bad[0], 1)
    assert len(records.keys()) == len(PAGES)


def test_a_closed_collection_opens_again_with_its_records(records: Records) -> None:
    assert records.snapshot
    records.close()
    assert not records.snapshot
    assert records.nearest(axis(0), 1) == ["c-1"]
    assert records.snapshot


def test_another_client_sees_the_records_once_it_opens_again(
    tmp_path: Path, records: Records
) -> None:
    other = Records(tmp_path / "chroma", "minilm")
    assert len(other.keys()) == len(PAGES)
    records.upsert([Page("d", 1)], 50 * axis(0)[None])
    other.close()
    assert other.nearest(axis(0), 1) == ["d-1"]
    # A filter that matches a record of another client does not fail.
    records.upsert([Page("e", 1)], 60 * axis(0)[None])
    assert other.nearest(axis(0), 1, Where(("e",))) == ["e-1"]
    other.close()


def test_encoders_have_collections_of_their_own(tmp_path: Path, records: Records) -> None:
    other = Records(tmp_path / "chroma", "conse")
    assert other.keys() == set()
    other.upsert([Page("z", 1)], np.ones((1, 2), np.float32))
    assert other.nearest(np.ones(2, np.float32), 3) == ["z-1"]
    assert "z-1" not in records.keys()
    other.close()


def test_create_begins_empty_and_drop_deletes(records: Records) -> None:
    records.create()
    assert records.keys() == set()
    records.commit()
    records.upsert(PAGES[:2], ROWS[:2])
    assert records.keys() == {"a-1", "a-2"}
    records.drop()
    assert records.keys() == set()


def test_records_that_are_on_a_server_are_not_looked_for_here(tmp_path: Path) -> None:
    name_file = tmp_path / "collection"
    name_file.write_text("pageglass-home-minilm-1", encoding="utf-8")
    records = Records(tmp_path / "chroma", "minilm", name_file=name_file)
    assert not records.synced()
    with pytest.raises(RecordsMissing, match="embedded Chroma does not have"):
        records.nearest(axis(0), 1)
    # They are made again here, and the name is forgotten once they are complete.
    records.create()
    records.upsert(PAGES, ROWS)
    assert name_file.exists()
    records.commit()
    assert not name_file.exists()
    assert records.synced()
    records.close()


def test_collections_of_a_home_share_a_prefix() -> None:
    assert collection_prefix("abc") == "pageglass-abc-"
