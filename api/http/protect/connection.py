"""Connection limits: slow, idle and too many connections are closed.

uvicorn times only the pause between two requests. Here the head of a request must
come within a time, its body at a least rate, and what is sent must be read.
"""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass
from typing import Any

from uvicorn.protocols.http.auto import AutoHTTPProtocol

from api.http.protect.security_headers import HEADERS


@dataclass(frozen=True, slots=True)
class ConnectionLimits:
    """Limits of connections.

    Attributes:
        head_seconds: for the head of a request, from the start of the connection.
        body_seconds, body_rate: a body may take so long, and a second more for so many bytes.
        write_seconds: for which a client may read nothing of what is sent.
        connections: open at once.
    """

    head_seconds: float = 20.0
    body_seconds: float = 30.0
    body_rate: float = 1_000.0
    write_seconds: float = 60.0
    connections: int = 500


_SAFE = "".join(f"{name}: {value}\r\n" for name, value in HEADERS.items()).encode()
_PROBLEM = (
    b'{"type":"urn:pageglass:problem:invalid-http","title":"Invalid http","status":400,'
    b'"detail":"The request is not HTTP.","hint":"Send it by an HTTP client.","request_id":null}'
)
_INVALID = (
    b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\n" + _SAFE + b""
    b"Content-Type: application/problem+json\r\nContent-Length: %d\r\n\r\n" % len(_PROBLEM)
) + _PROBLEM
_SLOW = (
    b"HTTP/1.1 408 Request Timeout\r\nConnection: close\r\n" + _SAFE + b"Content-Length: 0\r\n\r\n"
)
_FULL = (
    b"HTTP/1.1 503 Service Unavailable\r\nConnection: close\r\n"
    + _SAFE
    + b"Content-Length: 0\r\nRetry-After: 5\r\n\r\n"
)


def limited_protocol(limits: ConnectionLimits) -> type[asyncio.Protocol]:
    """HTTP protocol of uvicorn with limits."""

    class LimitedProtocol(AutoHTTPProtocol):  # type: ignore[misc,valid-type]
        def connection_made(self, transport: Any) -> None:
            super().connection_made(transport)
            self._head_since: float | None = time.monotonic()
            self._body_cycle: Any = None
            self._body_since = 0.0
            self._body_bytes = 0
            self._unread_since: float | None = None
            self._watch: asyncio.TimerHandle | None = None
            if len(self.connections) > limits.connections:
                _close(transport, _FULL)
                return
            self._later()

        def send_400_response(self, msg: str) -> None:
            _close(self.transport, _INVALID)

        def connection_lost(self, exc: Exception | None) -> None:
            if self._watch:
                self._watch.cancel()
            super().connection_lost(exc)

        def data_received(self, data: bytes) -> None:
            before = self.cycle
            if self._head_since is None and (before is None or before.response_complete):
                self._head_since = time.monotonic()
            super().data_received(data)
            if self.cycle is not before:
                self._head_since = None
                self._body_cycle, self._body_since = self.cycle, time.monotonic()
                self._body_bytes = 0
            self._body_bytes += len(data)

        def _later(self) -> None:
            shortest = min(limits.head_seconds, limits.body_seconds, limits.write_seconds)
            self._watch = self.loop.call_later(min(1.0, shortest / 4), self._look)

        def _look(self) -> None:
            if self.transport.is_closing():
                return
            now = time.monotonic()
            if self._is_slow(now):
                answered = self.cycle is not None and self.cycle.response_started
                _close(self.transport, b"" if answered else _SLOW)
            elif self._is_unread(now):
                self.transport.abort()
            else:
                self._later()

        def _is_slow(self, now: float) -> bool:
            """Whether a head or a body takes too long."""
            if self._head_since is not None:
                return now - self._head_since > limits.head_seconds
            cycle = self._body_cycle
            if cycle is None or not cycle.more_body or cycle.response_complete:
                return False
            allowed = limits.body_seconds + self._body_bytes / limits.body_rate
            return now - self._body_since > allowed

        def _is_unread(self, now: float) -> bool:
            """Whether the client has not read for long what waits to be sent."""
            if not self.flow.write_paused:
                self._unread_since = None
                return False
            self._unread_since = self._unread_since or now
            return now - self._unread_since > limits.write_seconds

    return LimitedProtocol


def _close(transport: Any, answer: bytes) -> None:
    if answer:
        transport.write(answer)
    transport.close()
