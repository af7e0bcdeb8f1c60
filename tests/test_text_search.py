"""Search for a page by its number: that page first, the others after, through every door."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import anyio
import pytest
from fastapi.testclient import TestClient
from mcp import Client
from typer.testing import CliRunner

import pageglass
from api.cli.main import app
from api.engine import Engine
from api.factory import make_searcher
from api.http.app import create_app
from api.mcp.tools import make_mcp
from api.rag.text_search import search_text
from api.settings import Settings
from ingest.filter import PageFilter
from ingest.library.home import Home
from retrieval.near import NAMED, is_near
from retrieval.search import Searcher

DECK = "project-deck.pdf"
QUERY = f"slide 4 of {DECK}"
FIRST = (DECK, 4)


@pytest.fixture(scope="module")
def searcher(sample_home: Home) -> Iterator[Searcher]:
    searcher = make_searcher(sample_home, Settings.model_construct())
    yield searcher
    searcher.close()


@pytest.mark.parametrize(
    ("query", "number"),
    [
        (QUERY, 4),
        (f"on page 2 of {DECK}", 2),
        (f"{DECK} 3쪽", 3),
        ("last page of the project deck", 6),
        (f"page 5 file:{DECK}", 5),
    ],
)
def test_the_page_that_is_named_comes_first(searcher: Searcher, query: str, number: int) -> None:
    hits = search_text(searcher, query, top=8)
    assert (hits[0].page.document_name, hits[0].page.number) == (DECK, number)
    assert [NAMED in hit.signals for hit in hits] == [True] + [False] * (len(hits) - 1)
    assert len(hits) > 1
    assert len({hit.page for hit in hits}) == len(hits)
    scores = [hit.score for hit in hits]
    assert scores == sorted(scores, reverse=True)
    assert is_near(hits[:1])


def test_several_pages_are_named_in_order(searcher: Searcher) -> None:
    hits = search_text(searcher, f"pages 5 and 2 of {DECK}", top=8)
    assert [hit.page.number for hit in hits[:2]] == [5, 2]
    [only] = search_text(searcher, f"pages 5 and 2 of {DECK}", top=1)
    assert only.page.number == 5


@pytest.mark.parametrize(
    "query",
    [
        "Who was in charge of repairing the lens?",
        f"page 300 of {DECK}",
        # A phrase is words that a page prints.
        f'"page 4" {DECK}',
        "Summarise the project deck",
    ],
)
def test_any_other_search_is_as_it_was(searcher: Searcher, query: str) -> None:
    assert search_text(searcher, query, top=8) == searcher.search(query, top=8)


def test_a_page_is_named_within_the_filter(searcher: Searcher) -> None:
    assert search_text(searcher, QUERY, top=8, filter=PageFilter(tags=("no such tag",))) == []
    hits = search_text(searcher, QUERY, top=8, filter=PageFilter(first=2, last=2))
    assert {hit.page.number for hit in hits} == {2}
    photos = search_text(searcher, QUERY, top=8, images=True)
    assert not any(NAMED in hit.signals for hit in photos)


def test_http(sample_home: Home) -> None:
    app = create_app(sample_home, Settings(ocr="none"))
    with TestClient(app, base_url="http://127.0.0.1") as client:
        hit = client.post("/v1/search", json={"query": QUERY}).json()["hits"][0]
    assert (hit["name"], hit["number"], hit["signals"][NAMED]) == (*FIRST, 1.0)


def test_python_and_the_command_line(sample_home: Home) -> None:
    with pageglass.open(sample_home.root) as lib:
        page = lib.search(QUERY)[0].page
        assert (page.document_name, page.number) == FIRST
    done = CliRunner().invoke(app, ["--home", str(sample_home.root), "search", QUERY, "--json"])
    hit = json.loads(done.stdout.splitlines()[0])
    assert (hit["name"], hit["number"]) == FIRST


def test_mcp(sample_home: Home) -> None:
    async def run() -> None:
        async with Client(make_mcp(Engine(sample_home, Settings(ocr="none")))) as client:
            found: Any = await client.call_tool("search", {"query": QUERY})
            hit = found.structured_content["hits"][0]
            assert (hit["name"], hit["number"]) == FIRST

    anyio.run(run)
