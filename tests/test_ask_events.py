"""Server-sent events of answers: a real server and a strict reader of events."""

from __future__ import annotations

import json
import re
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx2
import pytest
import uvicorn
from pydantic import SecretStr

import api.http.streams
from api.http.app import create_app
from api.settings import Settings
from generation.answer import Usage
from generation.models.extractive import Extractive
from generation.prompt import Prompt
from generation.providers.access import Overloaded
from ingest.library.home import Home

LENS = "Who was in charge of repairing the lens?"
FOLLOW_UP = "How long did it take her?"
HISTORY = [{"role": "user", "text": LENS}, {"role": "assistant", "text": "Hanneke Vos did [1]"}]


@dataclass
class Scripted:
    """A model that says its pieces slowly, and remembers whether it was stopped."""

    pieces: list[str | Exception]
    wait: float = 0.02
    together: threading.Barrier | None = None
    """Where given, what every stream waits for before its first piece."""
    name: str = "scripted"
    uses_images: bool = False
    chat: None = None
    stop: Callable[[], None] | None = None
    """Begins to stop the server; set by `serving`."""
    closed: threading.Event = field(default_factory=threading.Event)
    finished: threading.Event = field(default_factory=threading.Event)

    def stream(self, prompt: Prompt) -> Iterator[str | Usage]:
        try:
            if self.together is not None:
                self.together.wait(60)
            for piece in self.pieces:
                time.sleep(self.wait)
                if isinstance(piece, Exception):
                    raise piece
                yield piece
            yield Usage(self.name, 3, 5)
            self.finished.set()
        finally:
            self.closed.set()


@contextmanager
def serving(home: Home, model: Any = None, **settings: Any) -> Iterator[str]:
    app = create_app(home, Settings(ocr="none", workers=1, **settings))
    app.state.engine._model = model or Extractive()
    if isinstance(model, Scripted):
        model.stop = app.state.stop
    server = uvicorn.Server(
        uvicorn.Config(app, port=0, log_level="critical", timeout_graceful_shutdown=5)
    )
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started:
        assert thread.is_alive()
        time.sleep(0.01)
    try:
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join(20)
        assert not thread.is_alive()


@pytest.fixture(scope="module")
def url(sample_home: Home) -> Iterator[str]:
    with serving(sample_home) as url:
        yield url


def parse(text: str) -> tuple[list[tuple[str, Any]], int]:
    """Events by name, and how many comments; anything else is an error."""
    assert text.endswith("\n\n")
    events, comments = [], 0
    for block in text[:-2].split("\n\n"):
        if block.startswith(":"):
            assert "\n" not in block
            comments += 1
            continue
        found = re.fullmatch(r"event: (\w+)\ndata: (.*)", block)
        assert found, block
        events.append((found[1], json.loads(found[2])))
    return events, comments


def ask(url: str, **wanted: Any) -> Any:
    return httpx2.post(f"{url}/v1/ask", json=wanted, timeout=60)


class TestEvents:
    @pytest.mark.parametrize("by_header", [False, True])
    def test_a_follow_up_is_streamed(self, url: str, by_header: bool) -> None:
        wanted = {"messages": [*HISTORY, {"role": "user", "text": FOLLOW_UP}]}
        headers = {"Accept": "text/event-stream"} if by_header else {}
        body = wanted if by_header else {**wanted, "stream": True}
        response = httpx2.post(f"{url}/v1/ask", json=body, headers=headers, timeout=60)
        assert response.headers["content-type"].startswith("text/event-stream")
        events, _ = parse(response.text)
        names = [name for name, _ in events]
        assert names[0] == "hits"
        assert names[-1] == "done"
        assert set(names[1:-1]) == {"delta", "citation"}
        assert "lens" in events[0][1]["query"]
        done = events[-1][1]
        assert done["query"] == FOLLOW_UP
        assert done["text"] == "".join(data["text"] for name, data in events if name == "delta")
        assert done["citations"] == [data for name, data in events if name == "citation"]
        assert done["citations"][0]["verified"]
        assert done["citations"][0]["page"] in {hit["page"] for hit in events[0][1]["hits"]}

    def test_whole_and_streamed_agree(self, url: str) -> None:
        whole = ask(url, query=LENS).json()
        events, _ = parse(ask(url, query=LENS, stream=True).text)
        assert events[-1] == ("done", whole)

    @pytest.mark.parametrize(
        "wanted",
        [
            {"query": "x", "messages": HISTORY},
            {"messages": []},
            {"messages": HISTORY},
            {"messages": [{"role": "system", "text": "x"}]},
            {"messages": [{"role": "user", "text": " "}]},
            {"query": " ", "stream": True},
        ],
    )
    def test_invalid(self, url: str, wanted: dict[str, Any]) -> None:
        response = ask(url, **wanted)
        assert response.status_code == 422
        assert response.headers["content-type"] == "application/problem+json"

    def test_described(self, url: str) -> None:
        paths = httpx2.get(f"{url}/openapi.json").json()["paths"]
        assert set(paths["/v1/ask"]["post"]["responses"]["200"]["content"]) == {
            "application/json",
            "text/event-stream",
        }


class TestStreams:
    def test_a_fault_on_the_way_is_the_last_event(self, sample_home: Home) -> None:
        fault = Overloaded("It has too much to do.", hint="Come back later.")
        with serving(sample_home, Scripted(["Well, ", fault])) as url:
            events, _ = parse(ask(url, query=LENS, stream=True).text)
        assert [name for name, _ in events] == ["hits", "delta", "error"]
        assert events[-1][1]["detail"] == "It has too much to do."
        assert events[-1][1]["hint"] == "Come back later."

    def test_a_crash_tells_nothing_of_itself(self, sample_home: Home) -> None:
        with serving(sample_home, Scripted(["Well, ", ValueError("secret")])) as url:
            text = ask(url, query=LENS, stream=True).text
        events, _ = parse(text)
        assert events[-1][0] == "error"
        assert "secret" not in text

    @pytest.mark.parametrize("path", ["/v1/ask", "/v1/chat/completions"])
    def test_a_stop_of_the_server_ends_a_stream(
        self, sample_home: Home, monkeypatch: pytest.MonkeyPatch, path: str
    ) -> None:
        monkeypatch.setattr(api.http.streams, "STOP_SECONDS", 0.2)
        model = Scripted(["word "] * 2_000, wait=0.05)
        with serving(sample_home, model) as url:
            wanted: dict[str, Any] = {"query": LENS, "stream": True}
            if path != "/v1/ask":
                messages = [{"role": "user", "content": LENS}]
                wanted = {"model": "pageglass", "messages": messages, "stream": True}
            text = ""
            with httpx2.stream("POST", f"{url}{path}", json=wanted, timeout=60) as response:
                for piece in response.iter_text():
                    if model.stop and '"word "' in piece:
                        model.stop()
                    text += piece
            last = json.loads(text.strip().rpartition("data: ")[2])
            assert "server stops" in (last.get("detail") or last["error"]["message"])
            assert model.closed.wait(10)
            assert not model.finished.is_set()

    def test_many_at_once_with_heartbeats(
        self, sample_home: Home, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(api.http.streams, "HEARTBEAT", 0.1)
        many = 20
        # The model answers nobody until all are in it at once and the test joins them.
        together = threading.Barrier(many + 1)
        alive = threading.Semaphore(0)
        texts: list[str] = []

        def listen(url: str) -> None:
            wanted = {"query": LENS, "stream": True}
            with httpx2.stream("POST", f"{url}/v1/ask", json=wanted, timeout=120) as response:
                text, heard = "", False
                for piece in response.iter_text():
                    text += piece
                    if not heard and "\n:" in f"\n{text}":
                        heard = True
                        alive.release()
                texts.append(text)

        with serving(sample_home, Scripted(["one ", "two"], together=together)) as url:
            threads = [threading.Thread(target=listen, args=(url,)) for _ in range(many)]
            for thread in threads:
                thread.start()
            assert all(alive.acquire(timeout=60) for _ in range(many))
            assert httpx2.get(f"{url}/health", timeout=60).status_code == 200
            together.wait(60)
            for thread in threads:
                thread.join(60)
        assert len(texts) == many
        for text in texts:
            events, comments = parse(text)
            assert events[-1][1]["text"] == "one two"
            assert comments

    @pytest.mark.parametrize("path", ["/v1/ask", "/v1/chat/completions"])
    def test_a_client_that_goes_stops_the_model(
        self, sample_home: Home, caplog: pytest.LogCaptureFixture, path: str
    ) -> None:
        model = Scripted(["word "] * 2_000)
        with serving(sample_home, model) as url:
            wanted: dict[str, Any] = {"query": LENS, "stream": True}
            if path != "/v1/ask":
                messages = [{"role": "user", "content": LENS}]
                wanted = {"model": "pageglass", "messages": messages, "stream": True}
            with httpx2.stream("POST", f"{url}{path}", json=wanted, timeout=60) as response:
                for piece in response.iter_text():
                    if '"word "' in piece:
                        break
            assert model.closed.wait(10)
            assert not model.finished.is_set()
        assert [record for record in caplog.records if record.levelname == "ERROR"] == []


def test_a_token_guards_conversations(sample_home: Home) -> None:
    with serving(sample_home, token=SecretStr("s3cret-token")) as url:
        assert ask(url, query=LENS).status_code == 401
