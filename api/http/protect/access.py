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
from api.http.protect.sessions import Sessions, read_cookie
from api.http.protect.tokens import Token
from api.network import is_loopback

OPEN_PATHS = frozenset({"/health", "/ready"})
"""Paths that need no token, and that no rate limits."""
SESSION = "/v1/session"
SCREENS = frozenset({"/", "/ask", "/search", "/docs", "/status", "/signin"})
"""Addresses of the web app's screens, beside those of pages; they hold no data."""
WRITTEN = ("/v1/documents", "/v1/jobs")
"""Paths whose methods other than GET and HEAD need the scope write."""
SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
CLIENT = "pageglass.client"
"""Key in an ASGI scope: the name of the token, or the address of who asks."""
_HOST = re.compile(r"(?:\[[0-9a-fA-F:.]+\]|[A-Za-z0-9._-]+)(?::\d{1,5})?")


class AccessMiddleware:
    """ASGI middleware that checks tokens, or where none are set host, origin and site.

    A token comes in the header Authorization, or by the cookie of a session: then the
    request must be of this server's own pages. Without tokens only programs and pages of this machine are served. A page of
    another site could have its reader's browser send requests, by pointing its
    own name here (DNS rebinding), by a form, or by loading an image: so Host must
    be a loopback name or one of `hosts`, Origin, if sent, the same as Host, and
    Sec-Fetch-Site, if sent, same-origin or none.
    """

    def __init__(self, app: ASGIApp, sessions: Sessions, hosts: Collection[str] = ()) -> None:
        self._app = app
        self._sessions = sessions
        self._tokens = sessions.tokens
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
        path = get_route_path(scope)
        if path in OPEN_PATHS or is_web(scope["method"], path):
            return None
        if path == SESSION:
            return _check_origin(headers, path, changes=scope["method"] not in SAFE)
        token = self._shown(headers)
        if token is None and (token := self._sessions.find(read_cookie(headers.get("cookie", "")))):
            # The browser sends the cookie by itself, whoever has made the request.
            if refusal := _check_origin(headers, path, changes=scope["method"] not in SAFE):
                return refusal
        if token is None:
            return problem(
                401,
                "The request shows no valid token.",
                "Send it as `Authorization: Bearer TOKEN`.",
                code="no-token",
                path=path,
                headers={"WWW-Authenticate": 'Bearer realm="pageglass"'},
            )
        scope[CLIENT] = token.name
        needed = needed_scope(scope["method"], path)
        return None if needed in token.scopes else _lacks(token, needed, path)

    def _shown(self, headers: Headers) -> Token | None:
        scheme, _, shown = headers.get("authorization", "").partition(" ")
        return self._tokens.find(shown.strip()) if scheme.lower() == "bearer" else None

    def _check_site(self, scope: Scope, headers: Headers) -> Response | None:
        name, path = _name(headers.get("host", "")), get_route_path(scope)
        if not is_loopback(name) and name not in self._hosts:
            return problem(
                421,
                f"This server is not {name or 'that host'}.",
                "Ask it as 127.0.0.1 or localhost, or set a token.",
                code="wrong-host",
                path=path,
            )
        if is_web(scope["method"], path) and _is_visit(headers):
            return None
        return _check_origin(headers, path)


def _check_origin(headers: Headers, path: str, *, changes: bool = False) -> Response | None:
    """Refuse what a page of another site has made.

    Args:
        changes: the request must say where it comes from, as browsers do.
    """
    origin = headers.get("origin")
    site = headers.get("sec-fetch-site", "none").strip().lower()
    foreign = origin is not None and origin.partition("://")[2] != headers.get("host", "")
    silent = changes and origin is None and "sec-fetch-site" not in headers
    if not foreign and not silent and site in {"same-origin", "none"}:
        return None
    return problem(
        403,
        "Pages of other sites may not use this server.",
        "Ask it from its own address, or without a browser.",
        code="wrong-origin",
        path=path,
    )


def _lacks(token: Token, needed: str, path: str) -> Response:
    challenge = f'Bearer realm="pageglass", error="insufficient_scope", scope="{needed}"'
    return problem(
        403,
        f"The token {token.name} has not the scope {needed}.",
        "Ask with a token that has it.",
        code="insufficient-scope",
        path=path,
        headers={"WWW-Authenticate": challenge},
    )


def is_web(method: str, path: str) -> bool:
    """Whether a request is for the web app's page or files, which hold no data."""
    return method in {"GET", "HEAD"} and (path in SCREENS or path.startswith(("/p/", "/app/")))


def _is_visit(headers: Headers) -> bool:
    """Whether somebody follows a link to the web app, in a window of its own."""
    return (
        headers.get("sec-fetch-mode") == "navigate" and headers.get("sec-fetch-dest") == "document"
    )


def needed_scope(method: str, path: str) -> str:
    """Scope that a request needs."""
    changes = method not in SAFE
    below = any(path == top or path.startswith(f"{top}/") for top in WRITTEN)
    return "write" if changes and below else "read"


def _name(host: str) -> str:
    """Name in a Host header, without the port."""
    try:
        return urlsplit(f"//{host}").hostname or ""
    except ValueError:
        return ""
