"""Access control: bearer token, host and origin, and the size of a body.

Plain ASGI middleware, so that a request is refused before its body is read.
"""

from __future__ import annotations

import secrets
from collections.abc import Collection
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.http.errors import problem
from api.settings import is_loopback

OPEN_PATHS = frozenset({"/health"})
"""Paths that need no token."""
MAX_JSON_BYTES = 1_000_000
"""Bytes of a body that is no upload."""


class AuthMiddleware:
    """ASGI middleware that checks the bearer token, or without one host and origin.

    Without a token only programs and pages of this machine are served. A page
    of another site could have its reader's browser send requests, by pointing
    its own name here (DNS rebinding) or by posting a form: so Host must be a
    loopback name or one of `hosts`, and Origin, if sent, the same as Host.
    """

    def __init__(self, app: ASGIApp, token: str | None, hosts: Collection[str]) -> None:
        self._app = app
        self._token = token.encode() if token else None
        self._hosts = frozenset(hosts)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or answer it with a problem."""
        refusal = self._refuse(scope) if scope["type"] == "http" else None
        await (refusal or self._app)(scope, receive, send)

    def _refuse(self, scope: Scope) -> Response | None:
        headers = Headers(scope=scope)
        if self._token is not None:
            if scope["path"] in OPEN_PATHS or self._shows_token(headers):
                return None
            return problem(
                401,
                "The request shows no valid token.",
                "Send it as `Authorization: Bearer TOKEN`.",
                code="no-token",
                path=scope["path"],
                headers={"WWW-Authenticate": 'Bearer realm="pageglass"'},
            )
        host = headers.get("host", "")
        name = _name(host)
        if not is_loopback(name) and name not in self._hosts:
            return problem(
                421,
                f"This server is not {name or 'that host'}.",
                "Ask it as 127.0.0.1 or localhost, or set a token.",
                code="wrong-host",
                path=scope["path"],
            )
        origin = headers.get("origin")
        if origin is not None and origin.partition("://")[2] != host:
            return problem(
                403,
                "Pages of other sites may not use this server.",
                "Ask it from its own address, or without a browser.",
                code="wrong-origin",
                path=scope["path"],
            )
        return None

    def _shows_token(self, headers: Headers) -> bool:
        assert self._token is not None
        scheme, _, shown = headers.get("authorization", "").partition(" ")
        return scheme.lower() == "bearer" and secrets.compare_digest(
            shown.strip().encode("latin-1"), self._token
        )


def _name(host: str) -> str:
    """Name in a Host header, without the port."""
    try:
        return urlsplit(f"//{host}").hostname or ""
    except ValueError:
        return ""


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
