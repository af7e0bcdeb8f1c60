"""Sessions: browsers that have signed in with a token, by a cookie.

The cookie holds a random secret, not the token. Sessions are kept in memory: they
end with the server, after `SECONDS`, or when their token is accepted no more.
"""

from __future__ import annotations

import hashlib
import secrets
import threading
import time
from collections import OrderedDict
from http.cookies import CookieError, SimpleCookie

from api.http.protect.tokens import Token, Tokens

COOKIE = "pageglass_session"
SECONDS = 7 * 24 * 3_600
MOST = 10_000


class Sessions:
    """Sessions over the tokens that are accepted; safe to use from several threads."""

    def __init__(self, tokens: Tokens) -> None:
        self.tokens = tokens
        self._lock = threading.Lock()
        self._open: OrderedDict[bytes, tuple[bytes, float]] = OrderedDict()

    def start(self, token: Token) -> str:
        """Start a session of a token; returns the secret for the cookie."""
        secret = secrets.token_urlsafe(32)
        with self._lock:
            self._open[_digest(secret)] = token.digest, time.monotonic() + SECONDS
            while len(self._open) > MOST:
                self._open.popitem(last=False)
        return secret

    def find(self, secret: str) -> Token | None:
        """Token of a session that has not ended, if the token is still accepted."""
        with self._lock:
            digest, until = self._open.get(_digest(secret), (b"", 0.0))
        return self.tokens.with_digest(digest) if time.monotonic() < until else None

    def end(self, secret: str) -> None:
        """End a session."""
        with self._lock:
            self._open.pop(_digest(secret), None)


def read_cookie(header: str) -> str:
    """Secret in a Cookie header; empty where there is none."""
    try:
        found = SimpleCookie(header).get(COOKIE)
    except CookieError:
        return ""
    return found.value if found else ""


def _digest(secret: str) -> bytes:
    return hashlib.sha256(secret.encode("utf-8", "replace")).digest()
