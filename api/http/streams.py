"""A response that streams server-sent events out of a generator, on a thread of its own.

The generator may block for as long as it likes: the event loop goes on, and a
comment is sent now and then so that nothing between here and the client gives
the silence for a dead connection. Where the client goes away, the generator is
closed once it gives its next piece. Knows nothing of what the events mean.
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
    """See the module.

    Args:
        events: gives whole events, encoded; closed by whatever ends the response.
    """

    media_type = "text/event-stream"

    def __init__(self, events: Generator[bytes]) -> None:
        super().__init__(headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"})
        del self.headers["content-length"]
        self._events = events

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the events, until they end or the client has gone."""
        inlet, outlet = anyio.create_memory_object_stream[bytes]()
        # One place a stream: however many run, none waits for the thread of another.
        own_thread = anyio.CapacityLimiter(1)
        await send(
            {"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers}
        )
        async with anyio.create_task_group() as group, outlet:
            group.start_soon(
                partial(anyio.to_thread.run_sync, self._pump, inlet, limiter=own_thread)
            )
            group.start_soon(self._beat, send)

            async def listen() -> None:
                while (await receive())["type"] != "http.disconnect":
                    pass
                group.cancel_scope.cancel()

            group.start_soon(listen)
            await self._relay(outlet, send)
            group.cancel_scope.cancel()

    def _pump(self, inlet: MemoryObjectSendStream[bytes]) -> None:
        """Run the generator. A cancelled response is noticed when a piece is handed over."""
        with closing(self._events), inlet:
            for event in self._events:
                anyio.from_thread.run(inlet.send, event)

    async def _relay(self, outlet: MemoryObjectReceiveStream[bytes], send: Send) -> None:
        async for event in outlet:
            await send({"type": "http.response.body", "body": event, "more_body": True})
        with anyio.CancelScope(shield=True):
            await send({"type": "http.response.body", "body": b"", "more_body": False})

    async def _beat(self, send: Send) -> None:
        while True:
            await anyio.sleep(HEARTBEAT)
            await send({"type": "http.response.body", "body": KEEPALIVE_COMMENT, "more_body": True})
