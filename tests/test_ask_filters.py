"""Filters of pages on questions: the same through every door."""

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
from api.http.app import create_app
from api.mcp.tools import make_mcp
from api.settings import Settings
from ingest.library.home import Home

LENS = "Who was in charge of repairing the lens?"
FOURTH = {"first_page": 4, "last_page": 4, "kind": "pdf"}


@pytest.fixture(scope="module")
def client(sample_home: Home) -> Iterator[TestClient]:
    app = create_app(sample_home, Settings(ocr="none"))
    with TestClient(app, base_url="http://127.0.0.1") as client:
        yield client


def cli(home: Home, *arguments: str) -> tuple[int, Any]:
    result = CliRunner().invoke(app, ["--home", str(home.root), "ask", LENS, "--json", *arguments])
    return result.exit_code, json.loads(result.stdout) if result.stdout else result.stderr


def test_command_line(sample_home: Home) -> None:
    code, answer = cli(sample_home, "--pages", "4", "--kind", "pdf", "--since", "2001-01-01")
    assert code == 0
    assert {citation["number"] for citation in answer["citations"]} == {4}
    for nothing in (["--until", "2001-01-01"], ["--tag", "no such tag"]):
        code, answer = cli(sample_home, *nothing)
        assert (code, answer["citations"]) == (4, [])
    for wrong in (["--pages", "9-3"], ["--kind", "film"], ["--image", "a.png", "--kind", "pdf"]):
        assert cli(sample_home, *wrong)[0] == 2


def test_http_whole_and_as_events(client: TestClient) -> None:
    answer = client.post("/v1/ask", json={"query": LENS, **FOURTH}).json()
    assert {citation["number"] for citation in answer["citations"]} == {4}
    with client.stream("POST", "/v1/ask", json={"query": LENS, "stream": True, **FOURTH}) as events:
        lines = list(events.iter_lines())
    hits = json.loads(lines[lines.index("event: hits") + 1].removeprefix("data: "))["hits"]
    assert {hit["number"] for hit in hits} == {4}
    for nothing in ({"until": "2001-01-01"}, {"tags": ["no such tag"]}):
        assert client.post("/v1/ask", json={"query": LENS, **nothing}).json()["declined"]
    assert client.post("/v1/ask", json={"query": LENS, "kind": "film"}).status_code == 422


def test_chat_protocol(client: TestClient) -> None:
    body = {"model": "pageglass", "messages": [{"role": "user", "content": LENS}], "seed": 1}
    reply = client.post("/v1/chat/completions", json={**body, **FOURTH}).json()
    cited = reply["choices"][0]["message"]["citations"]
    assert {citation["number"] for citation in cited} == {4}
    nothing = client.post("/v1/chat/completions", json={**body, "tags": ["no such tag"]}).json()
    assert nothing["choices"][0]["message"]["citations"] == []


def test_mcp(sample_home: Home) -> None:
    async def run() -> None:
        async with Client(make_mcp(Engine(sample_home, Settings(ocr="none")))) as client:
            answer: Any = await client.call_tool("ask", {"question": LENS, "filter": FOURTH})
            cited = answer.structured_content["citations"]
            assert {citation["number"] for citation in cited} == {4}
            found: Any = await client.call_tool("search", {"query": LENS, "filter": FOURTH})
            assert {hit["number"] for hit in found.structured_content["hits"]} == {4}
            wrong = await client.call_tool("ask", {"question": LENS, "filter": {"page": 4}})
            assert wrong.is_error

    anyio.run(run)


def test_python(sample_home: Home) -> None:
    with pageglass.open(sample_home.root) as lib:
        answer = lib.ask(LENS, pages=4, kind="pdf")
        assert {citation.page.number for citation in answer.citations} == {4}
        *_, last = lib.ask(LENS, pages=4, stream=True)
        assert isinstance(last, pageglass.CitedAnswer)
        assert {hit.page.number for hit in last.hits} == {4}
        assert lib.ask(LENS, tag="no such tag").declined
        with pytest.raises(pageglass.InvalidInputError):
            lib.ask(LENS, since="yesterday")
