"""Full disks: told from the errors that they cause."""

from __future__ import annotations

import errno
import shutil
import sqlite3
from pathlib import Path

from ingest.error import StorageError

LITTLE_SPACE = 1 << 20
"""Bytes. What fails on a disk with less left failed for want of space."""


class DiskFull(StorageError):
    """No space is left where the home is."""

    code = "disk-full"


def disk_full(folder: Path) -> DiskFull:
    """The error that says so of a data folder."""
    return DiskFull(
        f"There is no space left for {folder}.",
        hint="Make room and ingest the same files again: it goes on where it stopped.",
    )


def is_disk_full(error: Exception) -> bool:
    """Whether an error means that no space is left.

    The error is one of the system, of SQLite or of Chroma.
    """
    if isinstance(error, OSError):
        return error.errno in {errno.ENOSPC, errno.EDQUOT}
    # Chroma hands on the words of the SQLite inside it, and of the system.
    words = str(error).lower()
    inside = isinstance(error, sqlite3.Error) or type(error).__module__.startswith("chromadb")
    return inside and ("disk is full" in words or "no space left" in words)


def has_little_space(folder: Path) -> bool:
    """Whether less than `LITTLE_SPACE` bytes are left on a folder's disk."""
    return shutil.disk_usage(folder).free < LITTLE_SPACE
