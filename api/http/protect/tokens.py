"""Tokens: bearer tokens with names and scopes, from a setting or a file.

A line of the file is `NAME SCOPES TOKEN`: scopes are read, write or read,write; the
token is in clear or `sha256:` and its digest. "#" begins a comment. A changed file is
read again within a second, so tokens are rotated without a restart.
"""

from __future__ import annotations

import hashlib
import hmac
import logging
import re
import stat
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from api.network import token_fault
from ingest.error import ConfigurationError

log = logging.getLogger(__name__)

SCOPES = ("read", "write")
Scope = Literal["read", "write"]
LOOK_EVERY = 1.0
"""Seconds between looks at the file."""
_DIGEST = re.compile(r"sha256:([0-9a-fA-F]{64})")
_NAME = re.compile(r"[A-Za-z0-9._-]{1,64}")


class InvalidTokens(ConfigurationError):
    """The tokens of the server cannot be used."""

    code = "invalid-tokens"


@dataclass(frozen=True, slots=True)
class Token:
    """Token by the SHA-256 of its bytes, with the name of who has it."""

    name: str
    scopes: frozenset[str]
    digest: bytes


class Tokens:
    """Tokens that are accepted.

    Args:
        single: one token with all scopes.
        path: a file of tokens.

    Raises:
        InvalidTokens: a token or the file cannot be used.
    """

    def __init__(self, single: str | None = None, path: Path | None = None) -> None:
        self._single = [Token("token", frozenset(SCOPES), _digest(single))] if single else []
        self._path = path
        self._stamp: tuple[int, int] | None = None
        self._looked = 0.0
        self._listed: Sequence[Token] = ()
        if path:
            self._listed = read_tokens(path)
            self._stamp = _stamp(path)
            self._looked = time.monotonic()

    @property
    def wanted(self) -> bool:
        """Whether requests must show a token."""
        return bool(self._single) or self._path is not None

    def find(self, shown: str) -> Token | None:
        """Token that was shown; compared in constant time."""
        self._look()
        digest = hashlib.sha256(shown.encode("latin-1", "replace")).digest()
        found = None
        for token in (*self._single, *self._listed):
            if hmac.compare_digest(token.digest, digest):
                found = token
        return found

    def with_digest(self, digest: bytes) -> Token | None:
        """Token with a digest, if it is accepted still."""
        self._look()
        return next((t for t in (*self._single, *self._listed) if t.digest == digest), None)

    def _look(self) -> None:
        """Read the file again if it has changed; one that cannot be used changes nothing."""
        now = time.monotonic()
        if self._path is None or now - self._looked < LOOK_EVERY:
            return
        self._looked = now
        stamp = _stamp(self._path)
        if stamp == self._stamp:
            return
        self._stamp = stamp
        try:
            self._listed = read_tokens(self._path)
        except InvalidTokens as error:
            log.error("the tokens stay as they were: %s", error.message)
        else:
            log.info("tokens read again: %d", len(self._listed))


def read_tokens(path: Path) -> list[Token]:
    """Read a file of tokens.

    Raises:
        InvalidTokens: it cannot be read, or a line is not a token; no line is repeated.
    """
    try:
        if path.stat().st_mode & stat.S_IROTH:
            log.warning("the file of tokens can be read by every user of this machine")
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeError) as error:
        raise InvalidTokens(
            f"The file of tokens cannot be read: {getattr(error, 'strerror', None) or 'not text'}.",
            hint="Check its path and permissions.",
        ) from error
    tokens = [
        _parse(line, number)
        for number, line in enumerate(lines, 1)
        if line.strip() and not line.lstrip().startswith("#")
    ]
    if not tokens:
        raise InvalidTokens("The file of tokens has none.", hint=_FORM)
    if len({token.name for token in tokens}) < len(tokens):
        raise InvalidTokens("Two tokens have the same name.", hint="Give each a name of its own.")
    return tokens


_FORM = "Write each on a line: NAME read,write TOKEN (or sha256:DIGEST)."


def _parse(line: str, number: int) -> Token:
    parts = line.split()
    if len(parts) != 3:
        raise InvalidTokens(f"Line {number} of the tokens has {len(parts)} parts.", hint=_FORM)
    name, named, secret = parts
    scopes = frozenset(named.split(","))
    if not _NAME.fullmatch(name) or not scopes <= set(SCOPES):
        raise InvalidTokens(f"Line {number} of the tokens has an unknown scope.", hint=_FORM)
    if secret.startswith("sha256:"):
        found = _DIGEST.fullmatch(secret)
        if not found:
            raise InvalidTokens(f"Line {number} of the tokens has no digest.", hint=_FORM)
        return Token(name, scopes, bytes.fromhex(found[1]))
    if reason := token_fault(secret):
        raise InvalidTokens(f"The token in line {number} cannot be used: {reason}.", hint=_FORM)
    return Token(name, scopes, _digest(secret))


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()


def _stamp(path: Path) -> tuple[int, int] | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size
