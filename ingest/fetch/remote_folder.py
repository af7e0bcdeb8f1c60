"""Remote folder protocol: files below a URL, each with what tells a changed one."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from ingest.files.formats.kinds import SUBTITLE_SUFFIXES, SUFFIXES, suffix_of

MAX_FILES = 100_000
"""Files of a folder that are listed."""


@dataclass(frozen=True, slots=True)
class RemoteFile:
    """File of a remote folder.

    `url` has no credentials, `key` is what its store calls it.
    `validator` is an ETag, or size and time; empty where the listing does not say.
    """

    url: str
    key: str
    validator: str = ""


class RemoteFolder(Protocol):
    """Folder at a URL."""

    url: str
    """Without credentials."""

    def files(self) -> Iterator[RemoteFile]:
        """Files of kinds that are read, also below it.

        Raises:
            UrlRefused, UrlUnreachable: it cannot be listed whole.
        """
        ...

    def fetch(self, file: RemoteFile, path: Path, known: str) -> str | None:
        """Write a file to a path; its validator, None where it is still the `known` one.

        Raises:
            UrlRefused, UrlUnreachable
        """
        ...


def is_wanted(name: str) -> bool:
    """Whether a name is that of a file which an ingest would read, or of subtitles."""
    return suffix_of(name) in SUFFIXES or suffix_of(name) in SUBTITLE_SUFFIXES
