"""Full disks: told from the errors that they cause."""

from __future__ import annotations

import errno
import os
import shutil
import sqlite3
import tempfile
from pathlib import Path

from ingest.error import StorageError

LITTLE_SPACE = 1 << 20
"""Bytes. What fails on a disk with less left failed for want of space."""
NO_SPACE = {errno.ENOSPC, errno.EDQUOT}
PROBE = 1 << 16
"""Bytes that are written to find out whether any can be."""
MAY_BE_SPACE = {sqlite3.SQLITE_IOERR, sqlite3.SQLITE_CANTOPEN}
"""Primary codes of SQLite's errors that a full disk may cause, among other things."""


class DiskFull(StorageError):
    """No space is left where the home is."""

    code = "disk-full"


def disk_full(folder: Path) -> DiskFull:
    """The error that says so of a data folder."""
    return DiskFull(
        f"There is no space left for {folder}.",
        hint="Make room, or remove documents, and do the same again: an ingest goes on where"
        " it stopped.",
    )


def is_disk_full(error: Exception, folder: Path | None = None) -> bool:
    """Whether an error means that no space is left.

    The error is one of the system, of SQLite or of Chroma.

    Args:
        folder: where an error that may have other causes happened; its disk is looked at.
    """
    if isinstance(error, OSError):
        return error.errno in NO_SPACE
    inside = type(error).__module__.startswith("chromadb")
    if not (isinstance(error, sqlite3.Error) or inside):
        return False
    # Chroma hands on the words of the SQLite inside it, and of the system.
    words = str(error).lower()
    if "disk is full" in words or "no space left" in words:
        return True
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF  # extended codes keep it in the last byte
    unclear = inside or code in MAY_BE_SPACE
    return unclear and folder is not None and has_little_space(folder)


def has_little_space(folder: Path) -> bool:
    """Whether less than `LITTLE_SPACE` bytes are left on a disk, or in a quota."""
    if shutil.disk_usage(folder).free < LITTLE_SPACE:
        return True
    try:
        with tempfile.TemporaryFile(dir=folder) as probe:
            probe.write(bytes(PROBE))
            probe.flush()
            os.fsync(probe.fileno())
    except OSError as error:
        return error.errno in NO_SPACE
    return False
