"""Sources: files by path or URL, as files on this machine."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from ingest.fetch.fetch_policy import is_url

if TYPE_CHECKING:
    from ingest.fetch.fetch_policy import FetchPolicy

FileSource: TypeAlias = "str | os.PathLike[str]"
"""A file's path, or its URL."""


@contextmanager
def local_file(source: FileSource, policy: FetchPolicy) -> Iterator[Path]:
    """Path of a file; what was fetched by URL is deleted at the end.

    Raises:
        UrlRefused, UrlUnreachable
    """
    if not is_url(source):
        yield Path(source).expanduser()
        return
    from ingest.fetch.fetch import fetch

    with tempfile.TemporaryDirectory(prefix="pageglass-") as folder:
        yield fetch(str(source), Path(folder), policy)


def path_on_disk(source: FileSource) -> Path | None:
    """Path of a file on this machine; None for what comes from a URL."""
    return None if is_url(source) else Path(source).expanduser()


def is_file_source(source: object) -> bool:
    """Whether a text is a URL or names a file that is there."""
    if is_url(source):
        return True
    return isinstance(source, str) and Path(source).expanduser().is_file()
