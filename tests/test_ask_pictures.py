"""Questions about pictures that are not in the library: order, answer, nothing kept."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from PIL import Image
from test_fetch import PHOTO, web_server
from typer.testing import CliRunner
from wire_server import Reply, Wire, serving

import pageglass
from api.cli.main import app
from api.http.app import create_app
from api.settings import Settings
from ingest.library.home import Home

SAMPLES = Path(__file__).parents[1] / "data" / "samples"
RUNNER = CliRunner()


def said(text: str) -> Reply:
    chunk = {"choices": [{"index": 0, "delta": {"content": text}, "finish_reason": None}]}
    end = {"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]}
    usage = {"choices": [], "usage": {"prompt_tokens": 9, "completion_tokens": 3}}
    events = "".join(f"data: {json.dumps(each)}\n\n" for each in (chunk, end, usage))
    return Reply(
        headers={"Content-Type": "text/event-stream"}, pieces=[f"{events}data: [DONE]\n\n".encode()]
    )


@pytest.fixture
def wire(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Wire]:
    with serving() as wire:
        monkeypatch.setenv("PAGEGLASS_OPENAI_URL", f"{wire.url}/v1")
        monkeypatch.setenv("PAGEGLASS_MODEL", "openai:some-vision-model")
        monkeypatch.setenv("OPENAI_API_KEY", "sk-test")
        monkeypatch.setenv("PAGEGLASS_HOME", str(tmp_path / "home"))
        monkeypatch.setenv("PAGEGLASS_OCR", "none")
        yield wire


def shown(wire: Wire) -> list[str]:
    """Texts of the last request in order, "picture" for an image."""
    return [
        part["text"] if part["type"] == "text" else "picture"
        for message in wire.seen[-1].body["messages"]
        if message["role"] == "user"
        for part in message["content"]
    ]


def test_texts_and_pictures_keep_their_order(wire: Wire, tmp_path: Path) -> None:
    wire.then(said("The teapot was moved [2]."))
    arguments = [
        *("ask", "Before:", "--image", str(SAMPLES / "teapot.jpg"), "--json", "After:"),
        *(f"--image={SAMPLES / 'mushroom.png'}", "What changed?"),
    ]
    result = RUNNER.invoke(app, arguments)
    assert result.exit_code == 0, result.output
    parts = shown(wire)
    assert [part for part in parts if not part.startswith("[")] == [
        *("Before:", "picture", "After:", "picture", "Question: What changed?")
    ]
    answer = json.loads(result.stdout)
    assert answer["query"] == "What changed?"
    assert answer["citations"][0]["name"] == "mushroom.png"
    assert not (tmp_path / "home" / "library.sqlite3").exists()


def test_a_free_question_may_be_answered_without_a_citation(wire: Wire) -> None:
    wire.then(said("A lighthouse waits, white against the evening sea."))
    result = RUNNER.invoke(app, ["ask", "-i", str(SAMPLES / "lighthouse.png"), "Write a line."])
    assert result.exit_code == 0, result.output
    assert "white against the evening sea" in result.stdout
    assert len(wire.seen) == 1


def test_pages_of_a_pdf_stand_together(wire: Wire) -> None:
    wire.then(said('"dear" [1]'))
    scan = str(SAMPLES / "scanned-letter.pdf")
    RUNNER.invoke(app, ["ask", "--image", scan, "What is this?"])
    assert "picture" in shown(wire)


def test_a_picture_by_url(wire: Wire, monkeypatch: pytest.MonkeyPatch) -> None:
    wire.then(said("A bicycle [1]."))
    with web_server() as (base, _):
        url = f"{base}/photo.png"
        refused = RUNNER.invoke(app, ["ask", "--image", url, "What is this?"])
        assert refused.exit_code == 2
        assert "private network" in refused.stderr
        monkeypatch.setenv("PAGEGLASS_FETCH_PRIVATE", "true")
        result = RUNNER.invoke(app, ["ask", "--image", url, "What is this?", "--json"])
    assert result.exit_code == 0, result.output
    assert json.loads(result.stdout)["citations"][0]["name"] == url


def test_what_is_missing_is_said(wire: Wire) -> None:
    for arguments in (["ask", "--image", "a.png"], ["ask", "one", "two"]):
        assert RUNNER.invoke(app, arguments).exit_code == 2


def test_pages_are_cited_with_their_images(wire: Wire, tmp_path: Path) -> None:
    wire.then(said("A teapot [1]."))
    picture = str(SAMPLES / "teapot.jpg")
    arguments = ["ask", "--image", picture, "What is this?", "--save-page", str(tmp_path / "out")]
    assert RUNNER.invoke(app, arguments).exit_code == 0
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["1-teapot-page-1.png"]


def test_a_url_is_ingested_under_its_name(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PAGEGLASS_FETCH_PRIVATE", "true")
    home = str(tmp_path / "home")
    with web_server() as (base, _):
        url = f"{base}/photo.png"
        arguments = ["ingest", url, "--ocr", "never", "--workers", "1", "--home", home, "--quiet"]
        assert RUNNER.invoke(app, arguments).exit_code == 0
        assert RUNNER.invoke(app, arguments).exit_code == 0
        missing = RUNNER.invoke(app, ["ingest", f"{base}/none", "--home", home])
        assert missing.exit_code == 3 or "status 404" in missing.output
        listed = json.loads(RUNNER.invoke(app, ["list", "--json", "--home", home]).stdout)
        assert listed["name"] == url
        removed = RUNNER.invoke(app, ["remove", url, "--yes", "--home", home])
        assert removed.exit_code == 0, removed.output
        assert list((tmp_path / "home" / "uploads").iterdir()) == []


def test_pictures_over_http_keep_their_order(wire: Wire, tmp_path: Path) -> None:
    wire.then(said("They differ [2]."))
    files = [("file", ("a.png", PHOTO)), ("text", (None, "and")), ("file", ("b.png", PHOTO))]
    with TestClient(
        create_app(Home(tmp_path / "home"), Settings(), hosts={"testserver"})
    ) as client:
        answer = client.post("/v1/ask/image", files=[*files, ("text", (None, "Same?"))])
        assert answer.json()["citations"][0]["name"] == "b.png"
        assert [part for part in shown(wire) if not part.startswith("[")] == [
            *("picture", "and", "picture", "Question: Same?")
        ]
        private = [("url", (None, "http://127.0.0.1:9/a.png")), ("text", (None, "What?"))]
        refused = client.post("/v1/ask/image", files=private)
        assert refused.status_code == 422
        assert refused.json()["type"].endswith("url-refused")
        for fields in ([("text", (None, "What?"))], files[:1]):
            assert client.post("/v1/ask/image", files=fields).status_code == 422


def test_pictures_in_python(wire: Wire) -> None:
    wire.then(said("A teapot [1]."))
    with pageglass.open() as library, Image.open(SAMPLES / "teapot.jpg") as photo:
        answer = library.ask_pictures([photo, "and", SAMPLES / "mushroom.png", "What are these?"])
        assert answer.citations[0].image().mode == "RGB"
        assert answer.to_dict()["query"] == "What are these?"
