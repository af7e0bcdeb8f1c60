"""Library database: SQLite connections, snapshots, transactions and the format."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from ingest.error import ConflictError, StorageError
from ingest.library.connection import Connection, connect
from ingest.library.home import Home
from ingest.library.schema import FORMAT


class LibraryNotFound(ConflictError):
    """Nothing has been ingested yet."""

    code = "library-not-found"


class LibraryFormatError(StorageError):
    """The library was written by a version this one cannot read."""

    code = "library-format"


class HomeInShards(ConflictError):
    """The home's library is in shards, and what was asked for is done to one library."""

    code = "home-in-shards"


class LibraryDatabase:
    """Connections to a library's SQLite database: each thread has one of its own.

    WAL mode: readers and the one writer do not wait for each other.

    Raises:
        LibraryNotFound: there is none yet.
        LibraryFormatError: another version of pageglass wrote it.
        HomeInShards: the home has several libraries.
        DiskFull: no space is left, and the database cannot be read without any.
    """

    _writes = False

    def __init__(self, home: Home) -> None:
        if home.shards_file.exists():
            raise in_shards(home)
        self.home = home
        self._threads = threading.local()
        self._prepare()

    def _refresh(self) -> None:
        """In a mirror, take what has been published since."""
        if replica := self.home.replica:
            replica.refresh()

    def _prepare(self) -> None:
        self._refresh()
        if not self.home.database.exists() or self._format() == 0:
            raise LibraryNotFound(
                f"There is no library in {self.home.root}.", hint="Ingest files first."
            )
        if self._format() > FORMAT:
            raise LibraryFormatError(
                f"The library in {self.home.root} has format {self._format()};"
                f" this pageglass reads up to {FORMAT}.",
                hint="Upgrade pageglass, or use another data folder.",
            )
        if self._format() < FORMAT:
            raise LibraryFormatError(
                f"The library in {self.home.root} has the old format {self._format()}.",
                hint="Rebuild its indexes: that upgrades the library, and no file is read again.",
            )

    def _format(self) -> int:
        return int(self._db.execute("PRAGMA user_version").fetchone()[0])

    @property
    def _db(self) -> sqlite3.Connection:
        held: Connection | None = getattr(self._threads, "connection", None)
        # The path is asked for where it is looked at: a search comes here dozens of times.
        if held is None or (held.stamp and not held.usable(self.home.database)):
            held = connect(self.home.database, write=self._writes)
            self._threads.connection = held
        return held.db

    def close(self) -> None:
        """Close this thread's connection; the next use opens another."""
        held: Connection | None = getattr(self._threads, "connection", None)
        if held is not None:
            held.db.close()
            self._threads.connection = None

    @contextmanager
    def snapshot(self) -> Iterator[None]:
        """Let every read inside see the library as it is at the first of them."""
        self._db.execute("BEGIN")
        try:
            yield
        finally:
            self._db.execute("ROLLBACK")

    @property
    def generation(self) -> int:
        """A number that grows with every change, whichever process makes it."""
        return self._meta("generation")

    @property
    def derived(self) -> int:
        """A number that grows when an index changes though no document does."""
        return self._meta("derived")

    def _meta(self, key: str) -> int:
        self._refresh()
        row = self._db.execute("SELECT value FROM meta WHERE key = ?", [key]).fetchone()
        return int(row[0]) if row else 0

    def _transaction(self) -> Transaction:
        return Transaction(self._db)


def in_shards(home: Home) -> HomeInShards:
    """Error for a home in shards, where one library is meant."""
    return HomeInShards(
        f"The library in {home.root} is in shards, and this is done to one of them.",
        hint=f"Use a shard as the data folder, such as {home.root / 'shards' / '000'}.",
    )


class Transaction:
    """One write transaction; commits with the generation moved on, or rolls back."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db

    def __enter__(self) -> None:
        self._db.execute("BEGIN IMMEDIATE")

    def __exit__(self, kind: object, *_: object) -> None:
        try:
            if kind is None:
                self._db.execute("UPDATE meta SET value = value + 1 WHERE key = 'generation'")
                self._db.execute("COMMIT")
        finally:
            # On a full disk a COMMIT may fail and stay open, or be rolled back by itself.
            if self._db.in_transaction:
                self._db.execute("ROLLBACK")
