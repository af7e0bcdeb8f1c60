"""Access control: token and scope, or without tokens host, origin and site.

Plain ASGI middleware, so that a request is refused before its body is read.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from urllib.parse import urlsplit

from starlette._utils import get_route_path
from starlette.datastructures import Headers
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from api.http.errors import problem
from api.http.protect.tokens import Token, Tokens
from api.network import is_loopback

OPEN_PATHS = frozenset({"/health", "/ready"})
"""Paths that need no token."""
WRITTEN = ("/v1/documents", "/v1/jobs")
"""Paths whose methods other than GET and HEAD need the scope write."""
CLIENT = "pageglass.client"
"""Key in an ASGI scope: the name of the token, or the address of who asks."""
_HOST = re.compile(r"(?:\[[0-9a-fA-F:.]+\]|[A-Za-z0-9._-]+)(?::\d{1,5})?")


class AccessMiddleware:
    """ASGI middleware that checks tokens, or where none are set host, origin and site.

    Without tokens only programs and pages of this machine are served. A page of
    another site could have its reader's browser send requests, by pointing its
    own name here (DNS rebinding), by a form, or by loading an image: so Host must
    be a loopback name or one of `hosts`, Origin, if sent, the same as Host, and
    Sec-Fetch-Site, if sent, same-origin or none.
    """

    def __init__(self, app: ASGIApp, tokens: Tokens, hosts: Collection[str] = ()) -> None:
        self._app = app
        self._tokens = tokens
        self._hosts = frozenset(hosts)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or answer it with a problem."""
        refusal = self._refuse(scope) if scope["type"] == "http" else None
        await (refusal or self._app)(scope, receive, send)

    def _refuse(self, scope: Scope) -> Response | None:
        headers = Headers(scope=scope)
        scope[CLIENT] = scope["client"][0] if scope.get("client") else ""
        hosts = headers.getlist("host")
        if len(hosts) > 1 or (hosts and not _HOST.fullmatch(hosts[0])):
            return problem(
                400,
                "The Host header is not one name with a port.",
                "Send the host of the address, without a user.",
                code="invalid-host",
                path=get_route_path(scope),
            )
        if self._tokens.wanted:
            return self._check_token(scope, headers)
        return self._check_site(scope, headers)

    def _check_token(self, scope: Scope, headers: Headers) -> Response | None:
        if get_route_path(scope) in OPEN_PATHS:
            return None
        token = self._shown(headers)
        if token is None:
            return problem(
                401,
                "The request shows no valid token.",
                "Send it as `Authorization: Bearer TOKEN`.",
                code="no-token",
                path=get_route_path(scope),
                headers={"WWW-Authenticate": 'Bearer realm="pageglass"'},
            )
        scope[CLIENT] = token.name
        needed = needed_scope(scope["method"], get_route_path(scope))
        if needed in token.scopes:
            return None
        return problem(
            403,
            f"The token {token.name} has not the scope {needed}.",
            "Ask with a token that has it.",
            code="insufficient-scope",
            path=get_route_path(scope),
            headers={
                "WWW-Authenticate": f'Bearer realm="pageglass", error="insufficient_scope", scope="{needed}"'
            },
        )

    def _shown(self, headers: Headers) -> Token | None:
        scheme, _, shown = headers.get("authorization", "").partition(" ")
        return self._tokens.find(shown.strip()) if scheme.lower() == "bearer" else None

    def _check_site(self, scope: Scope, headers: Headers) -> Response | None:
        host = headers.get("host", "")
        name = _name(host)
        if not is_loopback(name) and name not in self._hosts:
            return problem(
                421,
                f"This server is not {name or 'that host'}.",
                "Ask it as 127.0.0.1 or localhost, or set a token.",
                code="wrong-host",
                path=get_route_path(scope),
            )
        origin = headers.get("origin")
        site = headers.get("sec-fetch-site", "none").strip().lower()
        if (origin is not None and origin.partition("://")[2] != host) or (
            site not in {"same-origin", "none"}
        ):
            return problem(
                403,
                "Pages of other sites may not use this server.",
                "Ask it from its own address, or without a browser.",
                code="wrong-origin",
                path=get_route_path(scope),
            )
        return None


def needed_scope(method: str, path: str) -> str:
    """Scope that a request needs."""
    changes = method not in {"GET", "HEAD", "OPTIONS"}
    below = any(path == top or path.startswith(f"{top}/") for top in WRITTEN)
    return "write" if changes and below else "read"


def _name(host: str) -> str:
    """Name in a Host header, without the port."""
    try:
        return urlsplit(f"//{host}").hostname or ""
    except ValueError:
        return ""
