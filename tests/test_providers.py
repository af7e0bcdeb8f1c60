"""`ask` from end to end, by command line and HTTP, with a local server as model."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from typer.testing import CliRunner
from wire_server import Wire, failing, serving, streaming

from api.cli.main import app
from api.diagnostics.examine import examine
from api.http.app import create_app
from api.settings import Settings
from generation.providers.access import THINKING_ROOM
from generation.providers.price import PRICES
from ingest.library.home import Home

SECRET = "sk-very-secret-0123456789abcdef"
QUESTION = "Who was in charge of repairing the lens?"


@pytest.fixture
def wire(monkeypatch: pytest.MonkeyPatch) -> Iterator[Wire]:
    with serving() as served:
        for provider in ("ANTHROPIC", "OPENAI"):
            monkeypatch.setenv(f"{provider}_API_KEY", SECRET)
            monkeypatch.setenv(f"PAGEGLASS_{provider}_URL", served.url)
        yield served


@pytest.mark.parametrize("provider", ["anthropic", "openai"])
def test_the_command_line(provider: str, sample_home: Home, wire: Wire) -> None:
    wire.then(streaming(provider, ["The word is ", '"lens" [1]', ', or "forged words" [1].']))
    done = CliRunner().invoke(
        app,
        ["--home", str(sample_home.root), "ask", QUESTION, "--model", f"{provider}:m", "--json"],
    )
    assert done.exit_code == 0, done.output
    answer = json.loads(done.stdout)
    assert [(c["quote"], c["verified"]) for c in answer["citations"]] == [
        ("lens", True),
        ("forged words", False),
    ]
    assert answer["usage"]["input_tokens"] == 1020
    assert answer["usage"]["cached_tokens"] == 1000
    sent = json.dumps(wire.seen[0].body)
    assert QUESTION in sent
    assert "image/jpeg" in sent


def test_gemini_with_its_usage_and_cost_on_the_terminal(
    sample_home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GEMINI_API_KEY", SECRET)
    monkeypatch.delenv("PAGEGLASS_OPENAI_URL", raising=False)
    monkeypatch.setitem(PRICES, "gemini-2.5-flash", (1.0, 0.1, 2.0))
    with serving() as served:
        monkeypatch.setattr("generation.providers.gemini.BASE_URL", served.url)
        served.then(streaming("gemini", ['"lens" [1]']))
        done = CliRunner().invoke(
            app,
            [
                "--home",
                str(sample_home.root),
                "ask",
                QUESTION,
                "--model",
                "gemini:gemini-2.5-flash",
            ],
        )
    assert done.exit_code == 0, done.output
    assert '"lens" [1]' in done.stdout
    assert done.stderr.splitlines()[-1] == (
        "gemini:gemini-2.5-flash: 1,020 tokens in (1,000 of them cached), 7 out, about $0.0001."
    )
    (seen,) = served.seen
    assert seen.path == "/v1beta/models/gemini-2.5-flash:streamGenerateContent?alt=sse"
    assert seen.headers["x-goog-api-key"] == SECRET
    assert seen.body["generationConfig"]["maxOutputTokens"] == 2_048 + THINKING_ROOM
    assert SECRET not in done.output


def test_a_model_without_a_price_shows_tokens_only(sample_home: Home, wire: Wire) -> None:
    wire.then(streaming("openai", ['"lens" [1]']))
    done = CliRunner().invoke(
        app, ["--home", str(sample_home.root), "ask", QUESTION, "--model", "openai:m"]
    )
    assert done.exit_code == 0, done.output
    assert done.stderr.splitlines()[-1].endswith("7 out.")


def test_a_model_that_declines(sample_home: Home, wire: Wire) -> None:
    wire.then(streaming("openai", ["NOT IN THE PAGES. They name nobody."]))
    done = CliRunner().invoke(
        app, ["--home", str(sample_home.root), "ask", QUESTION, "--model", "openai:m"]
    )
    assert done.exit_code == 4
    assert "They name nobody." in done.stdout
    assert "NOT IN THE PAGES" not in done.stdout


def test_an_answer_without_citations_is_asked_for_again(sample_home: Home, wire: Wire) -> None:
    bare = streaming("openai", ["Somebody was."])
    wire.then(bare, streaming("openai", ['It says "lens" 【1】.']), bare)
    settings = Settings(model="openai:m", model_retries=0)
    with TestClient(create_app(sample_home, settings, hosts={"testserver"})) as client:
        answer = client.post("/v1/ask", json={"query": QUESTION}).json()
        assert (answer["text"], answer["declined"]) == ('It says "lens" 【1】.', False)
        assert answer["citations"][0]["verified"]
        assert answer["usage"]["input_tokens"] == 2 * 1020
        assert len(wire.seen) == 2
        assert "cites no page" in json.dumps(wire.seen[1].body)
        chat = {"model": "pageglass", "messages": [{"role": "user", "content": QUESTION}]}
        streamed = client.post("/v1/chat/completions", json={**chat, "stream": True}).text
        assert "Somebody was." in streamed
        assert "Not checked: This answer cites none" in streamed
        assert len(wire.seen) == 3


def test_an_answer_that_cites_nothing_twice_is_shown_as_not_grounded(
    sample_home: Home, wire: Wire
) -> None:
    wire.then(streaming("openai", ["Somebody was."]))
    line = ["--home", str(sample_home.root), "ask", QUESTION, "--model", "openai:m"]
    done = CliRunner().invoke(app, line)
    assert done.exit_code == 0, done.output
    assert len(wire.seen) == 2
    assert "cites none of the pages: nothing in it could be checked" in done.stderr
    with TestClient(
        create_app(sample_home, Settings(model="openai:m"), hosts={"testserver"})
    ) as client:
        answer = client.post("/v1/ask", json={"query": QUESTION}).json()
    assert (answer["text"], answer["declined"], answer["grounded"]) == (
        "Somebody was.",
        False,
        False,
    )
    assert "nothing in it could be checked" in answer["note"]


def test_a_question_that_no_page_is_near_reaches_no_provider(sample_home: Home, wire: Wire) -> None:
    line = ["--home", str(sample_home.root), "ask", "Why is the sky blue?", "--model", "openai:m"]
    done = CliRunner().invoke(app, line)
    assert done.exit_code == 4
    assert "No page is about this." in done.stdout
    settings = Settings(model="openai:m")
    with TestClient(create_app(sample_home, settings, hosts={"testserver"})) as client:
        query = {"query": "Why is the sky blue?"}
        assert client.post("/v1/ask", json=query).json()["declined"]
        events = client.post("/v1/ask", json={**query, "stream": True}).text
        assert "No page is about this." in events
        chat = {"model": "pageglass", "messages": [{"role": "user", "content": query["query"]}]}
        said = client.post("/v1/chat/completions", json=chat).json()
        assert "No page is about this." in said["choices"][0]["message"]["content"]
    assert not wire.seen


def test_over_http(sample_home: Home, wire: Wire) -> None:
    settings = Settings(model="anthropic:m", model_retries=0)
    with TestClient(create_app(sample_home, settings, hosts={"testserver"})) as client:
        wire.then(streaming("anthropic", ['"lens" [1]']))
        answer = client.post("/v1/ask", json={"query": QUESTION}).json()
        assert answer["citations"][0]["verified"]
        assert answer["usage"]["model"] == "anthropic:m"
        for status, kind, told in [
            (429, "rate_limit_error", 429),
            (529, "overloaded_error", 503),
            (401, "authentication_error", 502),
            (413, "request_too_large", 422),
        ]:
            body = {"type": "error", "error": {"type": kind, "message": f"no {SECRET}"}}
            wire.replies[:] = [failing(status, body)]
            response = client.post("/v1/ask", json={"query": QUESTION})
            assert response.status_code == told
            assert response.json()["hint"]
            assert SECRET not in response.text


@pytest.mark.parametrize("provider", ["anthropic", "openai"])
def test_extract_takes_the_keys(
    provider: str, sample_home: Home, wire: Wire, tmp_path: Path
) -> None:
    schema = {"type": "object", "properties": {"full_name": {"type": "string"}}}
    source = {"field": "/full_name", "label": 1, "quote": "Priya Lanwarne"}
    record = {"data": {"full_name": "Priya Lanwarne"}, "sources": [source]}
    wire.then(streaming(provider, [json.dumps(record)]))
    wanted = tmp_path / "schema.json"
    wanted.write_text(json.dumps(schema))
    line = ["--home", str(sample_home.root), "extract", "volunteer-form.pdf-1", "--json"]
    done = CliRunner().invoke(app, [*line, "--schema", str(wanted), "--model", f"{provider}:m"])
    assert done.exit_code == 0, done.output
    assert json.loads(done.stdout)["usage"]["cached_tokens"] == 1000
    settings = Settings(model=f"{provider}:m")
    with TestClient(create_app(sample_home, settings, hosts={"testserver"})) as client:
        asked = {"pages": ["volunteer-form.pdf-1"], "schema": schema}
        body = client.post("/v1/extract", json=asked).json()
    for found in (json.loads(done.stdout), body):
        assert found["data"] == record["data"]
        assert found["fields"]["/full_name"]["verified"]
    assert [SECRET in str(seen.headers) for seen in wire.seen] == [True, True]


def test_no_key_on_the_command_line(sample_home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ANTHROPIC_API_KEY", raising=False)
    done = CliRunner().invoke(
        app, ["--home", str(sample_home.root), "ask", QUESTION, "--model", "anthropic:m"]
    )
    assert done.exit_code == 2
    assert "ANTHROPIC_API_KEY" in done.stderr


@pytest.mark.parametrize(
    ("url", "key", "state", "said"),
    [
        ("", SECRET, "ok", "OPENAI_API_KEY is set"),
        ("", "", "broken", "OPENAI_API_KEY is not set"),
        ("http://me:pass-word@localhost:11434/v1", "", "ok", "at http://localhost:11434/v1"),
    ],
)
def test_doctor_knows_the_provider_and_shows_no_secret(
    sample_home: Home,
    monkeypatch: pytest.MonkeyPatch,
    url: str,
    key: str,
    state: str,
    said: str,
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", key)
    settings = Settings(model="openai:m", openai_url=url or None)
    found = [f for f in examine(sample_home, settings) if f.topic == "answers"]
    assert [f.state for f in found] == [state]
    assert said in found[0].detail
    assert SECRET not in str(found)
    assert "pass-word" not in str(found)
