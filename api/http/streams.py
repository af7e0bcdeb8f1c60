"""Event stream: server-sent events from a generator, plain or asynchronous.

A plain generator may block: each event is taken on a thread of its own. A comment
is sent every `HEARTBEAT` seconds, so that proxies keep the connection. Where the
client disconnects, the generator is closed, at the latest when it gives its next
event. Where the server stops, the stream ends within `STOP_SECONDS`.
"""

from __future__ import annotations

import threading
from collections.abc import AsyncGenerator, Generator
from contextlib import aclosing

import anyio
import anyio.to_thread
from fastapi.sse import KEEPALIVE_COMMENT
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from api.jobs.job_service import JobService

HEARTBEAT = 15.0
"""Seconds between comments."""
STOP_SECONDS = 5.0
"""Seconds that a stream has once the server stops."""


class EventStream(Response):
    """Response that streams server-sent events.

    Args:
        events: yields whole events, encoded; it is closed when the response ends.
        farewell: the last event of a stream that the server's stop cuts short.
    """

    media_type = "text/event-stream"

    def __init__(
        self, events: Generator[bytes] | AsyncGenerator[bytes], farewell: bytes = b""
    ) -> None:
        super().__init__(headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"})
        del self.headers["content-length"]
        self._events = events if isinstance(events, AsyncGenerator) else _on_threads(events)
        self._farewell = farewell

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the events until they end, the client disconnects or the server stops."""
        await send(
            {"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers}
        )
        gone, last = False, b""
        try:
            async with aclosing(self._events) as events, anyio.create_task_group() as group:

                async def stop() -> None:
                    nonlocal last
                    await _stopped(scope)
                    last = self._farewell
                    group.cancel_scope.cancel()

                async def listen() -> None:
                    nonlocal gone
                    while (await receive())["type"] != "http.disconnect":
                        pass
                    gone = True
                    group.cancel_scope.cancel()

                group.start_soon(listen)
                group.start_soon(_beat, send)
                group.start_soon(stop)
                async for event in events:
                    await _send(send, event)
                last = b""  # the events ended by themselves, in the moment of the stop
                group.cancel_scope.cancel()
        finally:
            if not gone:
                # All that sends is cancelled by now: the farewell is the last event.
                with anyio.CancelScope(shield=True):
                    await send({"type": "http.response.body", "body": last, "more_body": False})


async def _stopped(scope: Scope) -> None:
    """Return some time after the server begins to stop."""
    jobs: JobService = scope["app"].state.jobs
    await jobs.stopping.wait()
    await anyio.sleep(STOP_SECONDS)


async def _on_threads(events: Generator[bytes]) -> AsyncGenerator[bytes]:
    """Events of a plain generator, which is closed at the end, also while it is busy."""
    source = _ThreadedEvents(events)
    # A limiter a stream, so that no stream waits for the thread of another.
    limiter = anyio.CapacityLimiter(1)
    try:
        while True:
            event = await anyio.to_thread.run_sync(
                source.next, limiter=limiter, abandon_on_cancel=True
            )
            if event is None:
                return
            yield event
    finally:
        source.gone = True
        with anyio.CancelScope(shield=True):
            await anyio.to_thread.run_sync(source.close_if_idle, limiter=anyio.CapacityLimiter(1))


class _ThreadedEvents:
    """Generator that one thread advances at a time; `gone` closes it."""

    def __init__(self, events: Generator[bytes]) -> None:
        self.gone = False
        self._events = events
        self._advancing = threading.Lock()

    def next(self) -> bytes | None:
        """The next event, None at the end."""
        with self._advancing:
            event = None if self.gone else next(self._events, None)
        if self.gone:  # since that was said, no other thread may have come to close it
            self.close_if_idle()
        return event

    def close_if_idle(self) -> None:
        """Close the generator; where a thread is advancing it, that thread does it."""
        if self._advancing.acquire(blocking=False):
            try:
                self._events.close()
            finally:
                self._advancing.release()


async def _beat(send: Send) -> None:
    while True:
        await anyio.sleep(HEARTBEAT)
        await _send(send, KEEPALIVE_COMMENT)


async def _send(send: Send, event: bytes) -> None:
    await send({"type": "http.response.body", "body": event, "more_body": True})
