"""SQLite connections of a library, also on a full disk.

A database in WAL mode needs a file of shared memory beside it. Where no space is
left for that file, a reader takes the database as it lies there, unlocked, and
connects anew as soon as the file changes.
"""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from pathlib import Path

from ingest.disk.full_disk import disk_full, is_disk_full

Stamp = tuple[int, int, int, int]
"""Modification time in ns and size in bytes, of the database and of its log."""


@dataclass(frozen=True, slots=True)
class Connection:
    """Connection to a library; `stamp` says what it was when it was opened unlocked."""

    db: sqlite3.Connection
    stamp: Stamp | None = None

    def usable(self, database: Path) -> bool:
        """Whether it still shows the library as it is."""
        return self.stamp is None or self.db.in_transaction or self.stamp == _stamp(database)


def connect(database: Path, *, write: bool) -> Connection:
    """Connect to a library's database.

    Args:
        write: the connection will write; else an unlocked one will do on a full disk.

    Raises:
        DiskFull: no space is left, and the database cannot be read without any.
    """
    db = sqlite3.connect(database, timeout=30, isolation_level=None, check_same_thread=False)
    try:
        _set_up(db)
    except sqlite3.OperationalError as error:
        db.close()
        if not is_disk_full(error, database.parent):
            raise
        stamp = _stamp(database)
        if write or stamp[3]:  # what is in the log alone would be missed
            raise disk_full(database.parent) from error
        return Connection(_connect_unlocked(database), stamp)
    return Connection(db)


def _set_up(db: sqlite3.Connection) -> None:
    db.execute("PRAGMA temp_store = MEMORY")
    db.execute("PRAGMA journal_mode = WAL")
    db.execute("PRAGMA synchronous = NORMAL")
    db.execute("PRAGMA foreign_keys = ON")
    db.execute("PRAGMA secure_delete = ON")


def _connect_unlocked(database: Path) -> sqlite3.Connection:
    db = sqlite3.connect(
        f"{database.as_uri()}?mode=ro&immutable=1",
        uri=True,
        isolation_level=None,
        check_same_thread=False,
    )
    db.execute("PRAGMA temp_store = MEMORY")
    return db


def _stamp(database: Path) -> Stamp:
    log = database.with_name(f"{database.name}-wal")
    found = database.stat()
    held = log.stat() if log.exists() else None
    return (
        found.st_mtime_ns,
        found.st_size,
        held.st_mtime_ns if held and held.st_size else 0,
        held.st_size if held else 0,
    )
