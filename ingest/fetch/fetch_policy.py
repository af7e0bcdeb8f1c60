"""Fetch policy, and the errors of what is not fetched; loads nothing that fetches."""

from __future__ import annotations

from dataclasses import dataclass

from ingest.error import InvalidInputError, UnavailableError


class UrlRefused(InvalidInputError):
    """A URL is not fetched: its address, its size or its content."""

    code = "url-refused"


class UrlUnreachable(UnavailableError):
    """A URL could not be fetched."""

    code = "url-unreachable"


@dataclass(frozen=True, slots=True)
class FetchPolicy:
    """Fetch policy: bytes of a file at most, and whether private addresses count."""

    max_bytes: int = 50_000_000
    allow_private: bool = False


def is_url(source: object) -> bool:
    """Whether a source is the URL of a file, and no path.

    >>> is_url("HTTPS://example.org/a.png"), is_url("a.png"), is_url("https://a.org and more")
    (True, False, False)
    """
    if not isinstance(source, str) or len(source.split()) != 1:
        return False
    return source.strip().lower().startswith(("http://", "https://"))
