"""File state: stamp and hash of a file, document ids, and files that failed."""

from __future__ import annotations

import errno
import hashlib
import os
from dataclasses import dataclass
from pathlib import Path

ID_LENGTH = 20
"""Hexadecimal digits of the SHA-256 in a document id: 80 bits."""


@dataclass(frozen=True, slots=True)
class FileStamp:
    """File size in bytes and time of the last change in nanoseconds.

    The time is the later of modification and status change: a file that is renamed onto
    another's name may have its size and modification time, but renaming changes the status.
    A changed stamp means a file that may have changed.
    """

    size: int
    changed_ns: int

    @classmethod
    def of(cls, path: Path) -> FileStamp:
        """The stamp of a file now.

        Raises:
            OSError: it is not there or not allowed.
        """
        status = os.stat(path)
        # On Windows `st_ctime` is the time of creation: then the modification decides.
        return cls(status.st_size, max(status.st_mtime_ns, status.st_ctime_ns))


MISSING = FileStamp(-1, -1)
"""The stamp of a path without a file."""


@dataclass(frozen=True, slots=True)
class Failure:
    """A file that could not be read, and why."""

    path: str
    seen: FileStamp
    reason: str
    hint: str


def stamp_of(path: Path) -> FileStamp | None:
    """The stamp of a file now; None where it cannot be looked up."""
    try:
        return FileStamp.of(path)
    except OSError:
        return None


def hash_file(path: Path) -> str:
    """SHA-256 of a file's bytes, as 64 hexadecimal digits.

    Raises:
        OSError: it is not there, not allowed, or no file.
    """
    if not path.is_file() and path.exists():
        raise OSError(errno.EINVAL, "it is no file")
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def document_id(sha256: str) -> str:
    """The id of the document with this SHA-256: its first `ID_LENGTH` digits."""
    return sha256[:ID_LENGTH]


def folder_size(folder: Path) -> int:
    """Bytes of all files below a folder; links count as links."""
    return sum(
        os.lstat(os.path.join(where, name)).st_size
        for where, _, names in os.walk(folder)
        for name in names
    )
