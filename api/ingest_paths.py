"""Paths of an ingest: whether what was named is there."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from ingest.error import InvalidInputError


class PathNotFound(InvalidInputError):
    """A path to ingest does not exist."""

    code = "path-not-found"


def check_paths(paths: Sequence[str | Path], *, prune: bool = False) -> None:
    """Check before an ingest that what was named is there.

    Args:
        prune: files that are gone are forgotten, and may be named.

    Raises:
        PathNotFound
    """
    from ingest.fetch.remote_url import is_remote
    from ingest.files.find import find_missing
    from ingest.library.names import readable

    named = [path for path in paths if not is_remote(path)]
    missing = [] if prune else [repr(readable(path)) for path in find_missing(named)]
    if missing:
        raise PathNotFound(
            f"There is no {', nor '.join(missing)}.",
            hint="Nothing was read. Name files, folders or patterns that exist.",
        )
