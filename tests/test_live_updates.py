"""Added and removed pages while Chroma stays open."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pymupdf
import pytest

from ingest.add import AddSettings, add
from ingest.files.render import RenderSettings
from ingest.filter import ALL_PAGES, PageFilter
from ingest.index.chroma import Records, Where
from ingest.library.home import Home
from ingest.library.library import Library
from ingest.library.writer import LibraryWriter
from ingest.page import Page
from ingest.remove import remove
from retrieval import snapshot
from retrieval.search import Searcher

SETTINGS = AddSettings(render=RenderSettings(ocr="none"), workers=1)
FERRY = "The ferryman's boat was painted turquoise by Odalys Brunt in the spring of 1911."
ASKED = "Who painted the ferryman's boat turquoise?"


@pytest.fixture
def searcher(own_home: Home, monkeypatch: pytest.MonkeyPatch) -> Iterator[Searcher]:
    """A searcher that has Chroma open, and finds no page by its terms."""
    monkeypatch.setattr(Library, "match_terms", lambda *_, **__: {})
    searcher = Searcher(own_home, exhaustive_pages=0)
    searcher.search(ASKED)
    yield searcher
    searcher.close()


def open_collections(searcher: Searcher) -> list[Any]:
    (shard,) = searcher._shards.read()
    return [index.records._collection for index in shard.indexes if index.records.snapshot]


@pytest.fixture
def ferry(own_home: Home, searcher: Searcher, tmp_path: Path) -> str:
    """The id of a document that came since."""
    with pymupdf.open() as pdf:
        for text in ("The first page is about something else.", FERRY):
            pdf.new_page().insert_text((72, 72), text)
        pdf.save(tmp_path / "ferry.pdf")
    list(add(own_home, [tmp_path / "ferry.pdf"], SETTINGS))
    return Library(own_home).document("ferry.pdf").id


@pytest.fixture
def opened(searcher: Searcher) -> list[Any]:
    """The collections that are open; asked for before `ferry`, those open before it came."""
    return open_collections(searcher)


def first(searcher: Searcher, filter: PageFilter = ALL_PAGES) -> str:
    hits = searcher.search(ASKED, top=1, filter=filter)
    return str(hits[0].page) if hits else "nothing"


def test_what_came_is_found_and_what_went_is_not(own_home, searcher, opened, ferry):
    assert opened
    assert first(searcher) == "ferry.pdf, page 2"
    assert first(searcher, PageFilter.to([ferry])) == "ferry.pdf, page 2"
    assert first(searcher, PageFilter(first=2)) == "ferry.pdf, page 2"
    assert first(searcher, PageFilter(last=1, kind="pdf")) != "ferry.pdf, page 2"
    assert first(searcher, PageFilter((ferry,), first=3)) == "nothing"
    assert first(searcher, PageFilter(kind="image")).endswith((".png", ".jpg", ".webp"))
    remove(own_home, [ferry])
    assert "ferry.pdf" not in first(searcher)
    assert first(searcher, PageFilter.to([ferry])) == "nothing"
    assert open_collections(searcher) == opened


def test_a_document_known_to_chroma_that_went_is_not_found(own_home, searcher, ferry):
    again = Searcher(own_home, exhaustive_pages=0)
    assert first(again) == "ferry.pdf, page 2"
    opened = open_collections(again)
    remove(own_home, [ferry])
    assert "ferry.pdf" not in {hit.page.document_name for hit in again.search(ASKED, top=100)}
    assert open_collections(again) == opened
    again.close()


@pytest.mark.parametrize("moved", ["many pages", "an index", "a manifest"])
def test_chroma_is_opened_anew_once_too_much_has_changed(
    own_home, searcher, opened, ferry, monkeypatch, moved
):
    if moved == "many pages":
        monkeypatch.setattr(snapshot, "MAX_PENDING_PAGES", 1)
    elif moved == "an index":
        LibraryWriter(own_home).touch()
    else:
        path = next(own_home.index.glob("minilm/manifest.json"))
        before = path.read_text()
        path.write_text(before.replace('"centroids": 128', '"centroids": 0'))
        assert path.read_text() != before
    assert first(searcher) == "ferry.pdf, page 2"
    assert not searcher._shards.read()[0].snapshot.pending
    assert not any(a is b for a in open_collections(searcher) for b in opened)


def test_a_filter_that_fits_what_another_put_there_since(tmp_path):
    one, other = Records(tmp_path, "minilm"), Records(tmp_path, "minilm")
    vectors = np.eye(8, dtype=np.float32)
    one.upsert([Page("a" * 20, 1)], vectors[:1])
    assert one.nearest(vectors[0], 5) == [Page("a" * 20, 1).key]
    other.upsert([Page("b" * 20, 1)], vectors[1:2])
    assert one.nearest(vectors[1], 5, Where(("b" * 20,))) == [Page("b" * 20, 1).key]
    one.close()
    other.close()
