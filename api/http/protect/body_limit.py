"""Body limit: a request whose body is too large is refused as it is read."""

from __future__ import annotations

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.http.errors import problem

MAX_JSON_BYTES = 1_000_000
"""Bytes of a body that is no upload."""


class BodyLimitMiddleware:
    """ASGI middleware that refuses bodies over a limit."""

    def __init__(self, app: ASGIApp, largest_upload: int) -> None:
        self._app = app
        self._largest_upload = largest_upload

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on; its body is counted as it is read."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        upload = headers.get("content-type", "").startswith("multipart/")
        largest = self._largest_upload if upload else MAX_JSON_BYTES
        announced = headers.get("content-length", "0")
        if announced.isdecimal() and int(announced) > largest:
            await _too_large(largest)(scope, receive, send)
            return
        count = 0

        async def counted() -> Message:
            nonlocal count
            message = await receive()
            count += len(message.get("body", b""))
            if count > largest:
                # FastAPI lets this kind of exception through while it reads a body.
                raise HTTPException(413, _TOO_LARGE.format(largest / 1e6))
            return message

        await self._app(scope, counted, send)


_TOO_LARGE = "The request is larger than {:.0f} MB."


def _too_large(largest: int) -> Response:
    return problem(
        413,
        _TOO_LARGE.format(largest / 1e6),
        "Send fewer or smaller files, or set PAGEGLASS_MAX_UPLOAD_MB.",
        code="body-too-large",
    )
