"""`file:` and `tag:` inside a question: where they name what is there, through every door."""

from __future__ import annotations

import json
from typing import Any

import anyio
import pytest
from fastapi.testclient import TestClient
from make_library import write_document
from mcp import Client
from typer.testing import CliRunner

import pageglass
from api.cli.main import app
from api.engine import Engine
from api.http.app import create_app
from api.mcp.tools import make_mcp
from api.rag.query_filters import apply_filters, apply_known_filters
from api.settings import Settings
from ingest.annotate.edit import edit
from ingest.filter import ALL_PAGES, PageFilter
from ingest.library.home import Home
from ingest.library.library import Library
from ingest.library.writer import LibraryWriter

FILE = "project-deck.pdf"
QUESTION = f"Who was in charge of repairing the lens? file:{FILE}"


@pytest.fixture
def library(tmp_path: Any) -> Library:
    home = Home(tmp_path / "home")
    writer = LibraryWriter(home)
    for name in ("lease.pdf", "boat.pdf", "north/plan.pdf", "south/plan.pdf"):
        write_document(writer, name, "lamp", paths=[f"/files/{name}"])
    edit(home, "boat.pdf", tags=["sea"])
    return Library(home)


def test_a_file_and_a_tag_that_are_there_restrict_the_pages(library: Library) -> None:
    lease, boat = library.document("lease.pdf"), library.document("boat.pdf")
    assert apply_known_filters(library, "When does file:lease.pdf end?", ALL_PAGES) == (
        "When does end?",
        PageFilter((lease.id,)),
    )
    assert apply_known_filters(library, "How long? tag:sea file:boat.pdf", ALL_PAGES) == (
        "How long?",
        PageFilter((boat.id,), tags=("sea",)),
    )


@pytest.mark.parametrize(
    "question",
    [
        "What does file:nosuch.pdf say?",
        "What is tag:nosuch for?",
        # Several files are called so.
        "What does file:plan.pdf say?",
        "file:lease.pdf",
        "Where is file:///etc kept?",
        "How  is it  spaced?",
    ],
)
def test_what_names_nothing_stays_words(library: Library, question: str) -> None:
    assert apply_known_filters(library, question, ALL_PAGES) == (question, ALL_PAGES)


def test_one_of_two_may_be_words(library: Library) -> None:
    text, filter = apply_known_filters(library, "What is tag:nosuch? tag:sea", ALL_PAGES)
    assert (text, filter) == ("What is tag:nosuch?", PageFilter(tags=("sea",)))


def test_words_never_widen_a_filter(library: Library) -> None:
    lease = PageFilter((library.document("lease.pdf").id,))
    for apply in (apply_filters, apply_known_filters):
        assert apply(library, "a lamp file:boat.pdf", lease)[1] == PageFilter(())
        assert apply(library, "a lamp file:lease.pdf", lease)[1] == lease


def test_python(sample_home: Home) -> None:
    with pageglass.open(sample_home.root) as lib:
        hits = lib.ask(QUESTION).hits
        assert {hit.page.document_name for hit in hits} == {FILE}
        assert len({hit.page.document_name for hit in lib.ask(QUESTION[:-3]).hits}) > 1


def test_http_and_the_chat_protocol(sample_home: Home) -> None:
    app = create_app(sample_home, Settings(ocr="none"))
    with TestClient(app, base_url="http://127.0.0.1") as client:
        with client.stream("POST", "/v1/ask", json={"query": QUESTION, "stream": True}) as events:
            lines = list(events.iter_lines())
        body = json.loads(lines[lines.index("event: hits") + 1].removeprefix("data: "))
        assert {hit["name"] for hit in body["hits"]} == {FILE}
        assert "file:" not in body["query"]
        asked = {"role": "user", "content": "What is on slide 2? file:" + FILE}
        reply = client.post(
            "/v1/chat/completions", json={"model": "pageglass", "messages": [asked]}
        ).json()
        cited = reply["choices"][0]["message"]["citations"]
        assert {(each["name"], each["number"]) for each in cited} == {(FILE, 2)}


def test_command_line(sample_home: Home) -> None:
    question = f"What is on page 2? file:{FILE}"
    done = CliRunner().invoke(app, ["--home", str(sample_home.root), "ask", question, "--json"])
    answer = json.loads(done.stdout)
    assert (answer["query"], answer["searched"]) == (question, "What is on page 2?")
    assert {(each["name"], each["number"]) for each in answer["citations"]} == {(FILE, 2)}


def test_mcp(sample_home: Home) -> None:
    async def run() -> None:
        async with Client(make_mcp(Engine(sample_home, Settings(ocr="none")))) as client:
            question = f"What is on page 2? file:{FILE}"
            answer: Any = await client.call_tool("ask", {"question": question})
            cited = answer.structured_content["citations"]
            assert {(each["name"], each["number"]) for each in cited} == {(FILE, 2)}
            found: Any = await client.call_tool("search", {"query": f"lamp file:{FILE}"})
            assert {hit["name"] for hit in found.structured_content["hits"]} == {FILE}

    anyio.run(run)
