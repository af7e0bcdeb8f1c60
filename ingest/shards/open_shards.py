"""Open shards: the libraries of shards that can be read, others by name."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable, Mapping
from typing import TypeVar

from ingest.error import PageglassError, UnavailableError
from ingest.library.database import LibraryNotFound
from ingest.library.home import Home
from ingest.library.library import Library
from ingest.replica.object_store import ObjectStoreError
from ingest.shards.shard_layout import ShardHome, ShardLayout, ShardMissing, read_layout

Result = TypeVar("Result")
SHARD_ERRORS = (PageglassError, sqlite3.Error, OSError)
"""What opening or reading a shard that is down raises."""


class ShardsMissing(UnavailableError):
    """No shard of a library can be read."""

    code = "shards-missing"


class OpenShards:
    """Libraries of the shards of a home, opened once each, for any thread.

    Raises:
        LibraryNotFound: the home is not in shards.
        ShardsUnreadable
    """

    def __init__(self, home: Home) -> None:
        self._home = home
        self._lock = threading.RLock()
        self._opened: dict[str, tuple[Library, int]] = {}
        self.missing: tuple[str, ...] = ()
        self._layout()

    def _layout(self) -> ShardLayout:
        layout = read_layout(self._home)
        if layout is None:
            raise LibraryNotFound(
                f"There is no library in {self._home.root}.", hint="Ingest files first."
            )
        return layout

    def open(self) -> Mapping[str, Library]:
        """The libraries that can be read, by name; a shard that came back is opened.

        Raises:
            ShardsMissing: none can.
        """
        with self._lock:
            names = self._layout().every
            for name in names:
                home = ShardHome(self._home, name)
                file = _file_of(home)
                if name not in self._opened or self._opened[name][1] != file:
                    self._opened.pop(name, None)
                    if file and (opened := _open(home)) is not None:
                        self._opened[name] = opened, file
            found = {name: self._opened[name][0] for name in names if name in self._opened}
            self.missing = tuple(name for name in names if name not in found)
        if not found:
            raise ShardsMissing(
                f"None of the {len(names)} shards in {self._home.root} can be read.",
                hint="Make their folders available, or restore them from a backup.",
            )
        return found

    def ask(self, question: Callable[[Library], Result]) -> list[Result]:
        """What each library says, in order; one that fails is missing from now on."""
        found, failed = [], []
        for name, library in self.open().items():
            try:
                found.append(question(library))
            except (sqlite3.DatabaseError, OSError):
                failed.append(name)
        if failed:
            self.missing = (*self.missing, *failed)
        return found

    def close(self) -> None:
        """Close this thread's connections."""
        with self._lock:
            for library, _ in self._opened.values():
                library.close()


def _file_of(home: Home) -> int:
    """Number of a library's file, 0 for none: a shard that is made again has another."""
    try:
        return home.database.stat().st_ino
    except OSError:
        return 0


def _open(home: Home) -> Library | None:
    """Library of a shard; None where it cannot be read."""
    try:
        library = Library(home)
        _ = library.generation
    except ObjectStoreError:
        raise  # that of a mirror, which all shards come from
    except SHARD_ERRORS:
        return None
    return library


def check_shards(home: Home) -> None:
    """Check that every shard of a home can be read, before any is written.

    Raises:
        ShardMissing
    """
    shards = OpenShards(home)
    found = shards.open()
    for library in found.values():
        library.close()
    if shards.missing:
        raise ShardMissing(
            f"Shard {shards.missing[0]} in {home.root} cannot be read.",
            hint="Make its folder available, or restore it from a backup; nothing was changed.",
        )
