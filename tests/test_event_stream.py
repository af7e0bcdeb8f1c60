"""Event streams: what is sent last when the server stops."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from types import SimpleNamespace
from typing import Any

import anyio
import pytest

import api.http.streams
from api.http.streams import EventStream


async def _endless() -> AsyncGenerator[bytes]:
    while True:
        await anyio.sleep(0.001)
        yield b"event"


async def _short() -> AsyncGenerator[bytes]:
    yield b"event"


def sent(events: AsyncGenerator[bytes], stopping: bool = True) -> list[bytes]:
    """The bodies sent to a client that is slow to take each."""
    bodies: list[bytes] = []

    async def send(message: Any) -> None:
        if message["type"] == "http.response.body":
            bodies.append(message["body"])
            await anyio.sleep(0.01)

    async def receive() -> Any:
        await anyio.sleep_forever()

    async def respond() -> None:
        stop = anyio.Event()
        if stopping:
            stop.set()
        app = SimpleNamespace(state=SimpleNamespace(jobs=SimpleNamespace(stopping=stop)))
        with anyio.fail_after(10):
            await EventStream(events, b"farewell")({"app": app}, receive, send)

    anyio.run(respond)
    return bodies


def test_nothing_follows_the_farewell(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(api.http.streams, "STOP_SECONDS", 0.05)
    bodies = sent(_endless())
    assert bodies[0] == b"event"
    assert bodies.index(b"farewell") == len([body for body in bodies if body]) - 1


def test_a_stream_that_ends_by_itself_has_no_farewell() -> None:
    assert sent(_short(), stopping=False) == [b"event", b""]
    assert sent(_short()) == [b"event", b""]
