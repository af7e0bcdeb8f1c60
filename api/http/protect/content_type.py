"""Content type: a body is JSON or a form with files, and says so."""

from __future__ import annotations

import re

from starlette._utils import get_route_path
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from api.http.errors import problem

_KNOWN = re.compile(r"application/(?:[\w.-]+\+)?json|multipart/form-data", re.IGNORECASE)


class ContentTypeMiddleware:
    """ASGI middleware that refuses bodies of other types.

    A browser sends text/plain and URL-encoded forms to other sites without asking
    them first; JSON in such a body is not read.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or answer it with a problem."""
        if scope["type"] == "http" and not _is_fit(Headers(scope=scope)):
            refusal = problem(
                415,
                "The body is neither JSON nor a form with files.",
                "Send `Content-Type: application/json`, or `multipart/form-data` for files.",
                code="unsupported-media-type",
                path=get_route_path(scope),
                headers={"Accept": "application/json, multipart/form-data"},
            )
            await refusal(scope, receive, send)
            return
        await self._app(scope, receive, send)


def _is_fit(headers: Headers) -> bool:
    has_body = headers.get("content-length", "0").strip() != "0" or "transfer-encoding" in headers
    given = headers.get("content-type", "").partition(";")[0].strip()
    return not has_body or _KNOWN.fullmatch(given) is not None
