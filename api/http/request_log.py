"""Request log: one line a request, without its query string, headers or body.

A line has method, path, status, milliseconds and request id. An exception that
nothing handled is logged with its traceback, and answered with a problem.
"""

from __future__ import annotations

import logging
import time
from urllib.parse import quote

from starlette._utils import get_route_path
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.http.errors import crash_body, respond
from api.http.request_id import HEADER, accept_request_id

log = logging.getLogger(__name__)


class RequestLogMiddleware:
    """ASGI middleware for request ids, the request log and unexpected exceptions."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, and log it once it is answered."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request_id = accept_request_id(Headers(scope=scope).get(HEADER))
        started = time.monotonic()
        status: int | None = None

        async def send_with_id(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                MutableHeaders(scope=message)[HEADER] = request_id
            await send(message)

        try:
            await self._app(scope, receive, send_with_id)
        except Exception:
            log.exception(
                "unexpected error in request %s", request_id, extra={"request_id": request_id}
            )
            if status is not None:
                # The response has begun: only closing the connection shows that it is cut short.
                raise
            await respond(get_route_path(scope), crash_body())(scope, receive, send_with_id)
        finally:
            _log_request(scope, status, time.monotonic() - started, request_id)


def _log_request(scope: Scope, status: int | None, seconds: float, request_id: str) -> None:
    """Log a request; `status` is None where the client left before a response."""
    fields = {
        "method": scope["method"],
        # Quoted, so that a path cannot write lines of its own.
        "path": quote(scope["path"]),
        "status": status,
        "ms": round(seconds * 1000, 1),
        "request_id": request_id,
    }
    line = "{method} {path} {status} {ms} ms {request_id}".format(**fields)
    if code := scope.get("problem_code"):
        fields["problem"] = code
        line += f" {code}"
    log.info(line, extra=fields)
