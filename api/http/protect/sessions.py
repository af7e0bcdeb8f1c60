"""Sessions: browsers that have signed in with a token, by a cookie.

The cookie holds a random secret, not the token. HOME/sessions.sqlite3 has a hash of each
secret and the hash of its token, so that every server over the home knows them. They end
after `SECONDS`, or when their token is accepted no more.
"""

from __future__ import annotations

import hashlib
import os
import secrets
import sqlite3
import threading
import time
from http.cookies import CookieError, SimpleCookie
from pathlib import Path

from api.http.protect.tokens import Token, Tokens

COOKIE = "pageglass_session"
SECONDS = 7 * 24 * 3_600
MOST = 10_000
_TABLE = (
    "CREATE TABLE IF NOT EXISTS sessions"
    " (secret BLOB PRIMARY KEY, token BLOB NOT NULL, until REAL NOT NULL) WITHOUT ROWID"
)


class Sessions:
    """Sessions over the tokens that are accepted; safe to use from several threads.

    Args:
        path: the file that they are kept in; None keeps them in memory. It is made with the
            first session.
    """

    def __init__(self, tokens: Tokens, path: Path | None = None) -> None:
        self.tokens = tokens
        self._path = path
        self._lock = threading.Lock()
        self._db: sqlite3.Connection | None = None

    def start(self, token: Token) -> str:
        """Start a session of a token; returns the secret for the cookie."""
        secret, now = secrets.token_urlsafe(32), time.time()
        with self._lock:
            db = self._open()
            db.execute("DELETE FROM sessions WHERE until < ?", (now,))
            row = (_digest(secret), token.digest, now + SECONDS)
            db.execute("INSERT INTO sessions VALUES (?, ?, ?)", row)
            db.execute(
                "DELETE FROM sessions WHERE secret NOT IN"
                " (SELECT secret FROM sessions ORDER BY until DESC LIMIT ?)",
                (MOST,),
            )
        return secret

    def find(self, secret: str) -> Token | None:
        """Token of a session that has not ended, if the token is still accepted."""
        if not secret or (self._db is None and not (self._path and self._path.exists())):
            return None
        query = "SELECT token FROM sessions WHERE secret = ? AND until > ?"
        with self._lock:
            row = self._open().execute(query, (_digest(secret), time.time())).fetchone()
        return self.tokens.with_digest(row[0]) if row else None

    def end(self, secret: str) -> None:
        """End a session."""
        if self.find(secret):
            with self._lock:
                self._open().execute("DELETE FROM sessions WHERE secret = ?", (_digest(secret),))

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            if self._db is not None:
                self._db.close()
                self._db = None

    def _open(self) -> sqlite3.Connection:
        if self._db is None:
            if self._path:  # for its owner alone, whatever the umask says
                os.close(os.open(self._path, os.O_CREAT | os.O_RDWR, 0o600))
            self._db = sqlite3.connect(
                self._path or ":memory:", timeout=10, isolation_level=None, check_same_thread=False
            )
            self._db.execute("PRAGMA secure_delete = ON")
            self._db.execute(_TABLE)
        return self._db


def read_cookie(header: str) -> str:
    """Secret in a Cookie header; empty where there is none."""
    try:
        found = SimpleCookie(header).get(COOKIE)
    except CookieError:
        return ""
    return found.value if found else ""


def _digest(secret: str) -> bytes:
    return hashlib.sha256(secret.encode("utf-8", "replace")).digest()
