"""One line a request, with an id, and nothing that a client sent but method and path."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest
from fastapi.testclient import TestClient
from pydantic import SecretStr
from starlette.types import Receive, Scope, Send

from api.http.app import create_app
from api.http.request_log import RequestLogMiddleware
from api.log import JsonFormatter, TextFormatter
from api.settings import Settings
from generation.providers.access import Overloaded
from ingest.library.home import Home

TOKEN, SECRET = "s3cret-token", "classified-words"


class Lines(logging.Handler):
    """Records as both formatters write them."""

    def __init__(self) -> None:
        super().__init__()
        self.text: list[str] = []
        self.fields: list[dict[str, Any]] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.text.append(TextFormatter().format(record))
        self.fields.append(json.loads(JsonFormatter().format(record)))


@pytest.fixture
def lines() -> Iterator[Lines]:
    handler, root = Lines(), logging.getLogger()
    logger = logging.getLogger("api")
    level = logger.level
    logger.setLevel(logging.DEBUG)
    root.addHandler(handler)
    yield handler
    root.removeHandler(handler)
    logger.setLevel(level)


@pytest.fixture
def client(plain_home: Home) -> Iterator[TestClient]:
    settings = Settings(ocr="none", workers=1, token=SecretStr(TOKEN))
    with TestClient(create_app(plain_home, settings), raise_server_exceptions=False) as client:
        client.headers["Authorization"] = f"Bearer {TOKEN}"
        yield client


def requests_of(lines: Lines) -> list[dict[str, Any]]:
    return [one for one in lines.fields if one["logger"] == "api.http.request_log"]


def test_a_line_a_request(client: TestClient, lines: Lines) -> None:
    response = client.get("/health")
    (line,) = requests_of(lines)
    assert (line["method"], line["path"], line["status"]) == ("GET", "/health", 200)
    assert line["ms"] >= 0
    assert line["request_id"] == response.headers["x-request-id"]
    assert len(line["request_id"]) == 32
    assert line["message"] == f"GET /health 200 {line['ms']} ms {line['request_id']}"


def test_a_valid_id_is_kept(client: TestClient) -> None:
    response = client.get("/health", headers={"X-Request-Id": "proxy-7.a_B"})
    assert response.headers["x-request-id"] == "proxy-7.a_B"


@pytest.mark.parametrize("sent", ["", "two words", "x" * 65, "a/b", "<b>"])
def test_an_invalid_id_is_replaced(client: TestClient, sent: str) -> None:
    given = client.get("/health", headers={"X-Request-Id": sent}).headers["x-request-id"]
    assert given != sent
    assert len(given) == 32


def test_each_request_has_an_id_of_its_own(client: TestClient) -> None:
    assert len({client.get("/health").headers["x-request-id"] for _ in range(3)}) == 3


def test_problems_carry_the_id(client: TestClient, lines: Lines) -> None:
    headers = {"X-Request-Id": "mine"}
    assert client.get("/v1/pages/none-1/image", headers=headers).json()["request_id"] == "mine"
    assert client.post("/v1/search", json={}, headers=headers).json()["request_id"] == "mine"
    assert client.get("/nowhere", headers=headers).json()["request_id"] == "mine"
    refused = client.get("/v1/documents", headers={**headers, "Authorization": "Bearer no"})
    assert refused.json()["request_id"] == "mine"
    assert refused.headers["x-request-id"] == "mine"
    chat = client.post("/v1/chat/completions", json={}, headers=headers)
    assert chat.json()["error"]["request_id"] == "mine"
    assert requests_of(lines)[0]["problem"] == "document-not-found"


def test_nothing_that_a_client_sent_is_logged(client: TestClient, lines: Lines) -> None:
    body = {"query": SECRET}
    parameters = {"token": SECRET, "query": SECRET}
    headers = {"X-Api-Key": SECRET, "Cookie": SECRET, "User-Agent": SECRET, "Referer": SECRET}
    for path in ("/v1/search", "/v1/ask", "/v1/nowhere"):
        client.post(path, json=body, params=parameters, headers=headers)
    client.post("/v1/ask", json={**body, "stream": True}, params=parameters, headers=headers)
    client.post("/v1/search", json={"query": 7, "secret": SECRET}, headers=headers)
    client.post("/v1/search", content=SECRET, headers=headers)
    chat = {"model": "pageglass", "messages": [{"role": "user", "content": SECRET}]}
    client.post("/v1/chat/completions", json=chat, headers=headers)
    client.post("/v1/search/image", files={"file": (SECRET, SECRET.encode())})
    client.post("/v1/documents?wait=true", files={"files": (SECRET, SECRET.encode())})
    client.get("/v1/documents", headers={"Authorization": f"Bearer {SECRET}"})
    assert len(requests_of(lines)) == 10
    written = "\n".join(lines.text) + json.dumps(lines.fields)
    assert SECRET not in written
    assert TOKEN not in written


def test_a_path_cannot_write_a_line_of_its_own(client: TestClient, lines: Lines) -> None:
    client.get("/v1/x%0A2026-01-01 INFO forged")
    assert all("\n" not in line for line in lines.text)


def test_an_unexpected_error_is_logged_with_its_traceback(
    client: TestClient, lines: Lines, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("broken")

    monkeypatch.setattr("api.engine.Engine.searcher", broken)
    response = client.post(
        "/v1/search",
        json={"query": SECRET},
        headers={"X-Api-Key": SECRET},
    )
    assert response.status_code == 500
    problem = response.json()
    assert problem["request_id"] == response.headers["x-request-id"]
    assert "broken" not in response.text
    failed, request = (line for line in lines.fields if line["logger"] == "api.http.request_log")
    assert failed["level"] == "error"
    assert failed["request_id"] == problem["request_id"]
    assert "RuntimeError: broken" in failed["traceback"]
    assert request["status"] == 500
    written = "\n".join(lines.text)
    assert SECRET not in written
    assert TOKEN not in written


def test_an_error_in_a_stream_carries_the_id(
    client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    def overloaded(*_: object, **__: object) -> None:
        raise Overloaded("Busy.", hint="Wait.")

    monkeypatch.setattr("api.http.routes.ask_events.stream_pieces", overloaded)
    wanted = {"query": "lens", "stream": True}
    text = client.post("/v1/ask", json=wanted, headers={"X-Request-Id": "mine"}).text
    (data,) = [part for part in text.split("event: ") if part.startswith("error")]
    assert json.loads(data.partition("data: ")[2])["request_id"] == "mine"


@pytest.mark.anyio
@pytest.mark.parametrize("anyio_backend", ["asyncio"])
async def test_an_error_after_the_response_began_is_raised(
    lines: Lines, anyio_backend: str
) -> None:
    async def app(_scope: Scope, _receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        raise RuntimeError("broken")

    async def ignore(_message: Any = None) -> Any:
        return None

    scope = {"type": "http", "method": "GET", "path": "/", "headers": []}
    with pytest.raises(RuntimeError):
        await RequestLogMiddleware(app)(scope, ignore, ignore)
    assert [line["level"] for line in lines.fields] == ["error", "info"]
