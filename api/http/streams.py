"""Event stream: server-sent events from a generator on a thread of its own.

The generator may block: the event loop goes on, and a comment is sent every
`HEARTBEAT` seconds, so that proxies keep the connection. Where the client
disconnects, the generator is closed once it gives its next event.
"""

from __future__ import annotations

from collections.abc import Generator
from contextlib import closing
from functools import partial

import anyio
import anyio.from_thread
import anyio.to_thread
from anyio.streams.memory import MemoryObjectReceiveStream, MemoryObjectSendStream
from fastapi.sse import KEEPALIVE_COMMENT
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

HEARTBEAT = 15.0
"""Seconds between comments."""


class EventStream(Response):
    """Response that streams server-sent events.

    Args:
        events: yields whole events, encoded; it is closed when the response ends.
    """

    media_type = "text/event-stream"

    def __init__(self, events: Generator[bytes]) -> None:
        super().__init__(headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"})
        del self.headers["content-length"]
        self._events = events

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the events until they end or the client disconnects."""
        sender, receiver = anyio.create_memory_object_stream[bytes]()
        # A limiter a stream, so that no stream waits for the thread of another.
        own_thread = anyio.CapacityLimiter(1)
        await send(
            {"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers}
        )
        async with anyio.create_task_group() as group, receiver:
            group.start_soon(
                partial(anyio.to_thread.run_sync, self._pump, sender, limiter=own_thread)
            )
            group.start_soon(self._beat, send)

            async def listen() -> None:
                while (await receive())["type"] != "http.disconnect":
                    pass
                group.cancel_scope.cancel()

            group.start_soon(listen)
            await self._relay(receiver, send)
            group.cancel_scope.cancel()

    def _pump(self, sender: MemoryObjectSendStream[bytes]) -> None:
        """Run the generator. A cancelled response is noticed when a piece is handed over."""
        with closing(self._events), sender:
            for event in self._events:
                anyio.from_thread.run(sender.send, event)

    async def _relay(self, receiver: MemoryObjectReceiveStream[bytes], send: Send) -> None:
        async for event in receiver:
            await send({"type": "http.response.body", "body": event, "more_body": True})
        with anyio.CancelScope(shield=True):
            await send({"type": "http.response.body", "body": b"", "more_body": False})

    async def _beat(self, send: Send) -> None:
        while True:
            await anyio.sleep(HEARTBEAT)
            await send({"type": "http.response.body", "body": KEEPALIVE_COMMENT, "more_body": True})
