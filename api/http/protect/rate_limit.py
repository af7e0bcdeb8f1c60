"""Rate limit: requests a time, and requests at once, of each token or address."""

from __future__ import annotations

import math
import time
from collections import Counter

from limits import RateLimitItem, parse
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter
from starlette._utils import get_route_path
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from api.http.errors import problem
from api.http.protect.access import CLIENT, OPEN_PATHS


class RateLimitMiddleware:
    """ASGI middleware that answers 429 where a client asks too much.

    A streamed answer counts as running until its end, so that the streams of one
    client leave room for others.

    Args:
        rate: such as "600/minute"; empty for no limit.
        concurrent: requests at once; 0 for no limit.
    """

    def __init__(self, app: ASGIApp, rate: str = "", concurrent: int = 0) -> None:
        self._app = app
        self._rate: RateLimitItem | None = parse(rate) if rate else None
        self._limiter = MovingWindowRateLimiter(MemoryStorage())
        self._concurrent = concurrent
        self._running: Counter[str] = Counter()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or answer it with a problem."""
        if scope["type"] != "http" or get_route_path(scope) in OPEN_PATHS:
            await self._app(scope, receive, send)
            return
        client = str(scope.get(CLIENT, ""))
        if refusal := self._refuse(client, get_route_path(scope)):
            await refusal(scope, receive, send)
            return
        self._running[client] += 1
        try:
            await self._app(scope, receive, send)
        finally:
            self._running[client] -= 1
            if not self._running[client]:
                del self._running[client]

    def _refuse(self, client: str, path: str) -> Response | None:
        if self._concurrent and self._running[client] >= self._concurrent:
            return _too_many(f"More than {self._concurrent} requests run at once.", 1, path)
        if self._rate and not self._limiter.hit(self._rate, client):
            reset = self._limiter.get_window_stats(self._rate, client).reset_time
            wait = max(1, math.ceil(reset - time.time()))
            return _too_many(f"The limit of {self._rate} is reached.", wait, path)
        return None


def _too_many(detail: str, seconds: int, path: str) -> Response:
    return problem(
        429,
        detail,
        f"Try again in {seconds} s.",
        code="too-many-requests",
        path=path,
        headers={"Retry-After": str(seconds)},
    )
