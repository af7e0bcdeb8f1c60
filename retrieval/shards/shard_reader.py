"""Shard reader: keeps one library's snapshot and indexes open, and renews them."""

from __future__ import annotations

import threading
from collections.abc import Set as AbstractSet

from ingest.index.index import Index, open_indexes
from ingest.library.library import Library
from retrieval.shards.shard import Shard
from retrieval.snapshot import IndexBaseline, LibrarySnapshot, Opener


class ShardReader:
    """Reader of one library, whose methods are called under the searcher's lock.

    Args:
        name: "" for a library that is no shard.
        exhaustive_pages: a snapshot holds the records of this many pages.
        opener: opens a document's vectors.
    """

    def __init__(self, name: str, library: Library, exhaustive_pages: int, opener: Opener) -> None:
        self.library = library
        self._name = name
        self._exhaustive_pages = exhaustive_pages
        self._opener = opener
        self._lock = threading.RLock()
        self._snapshot: LibrarySnapshot | None = None
        self._baseline: IndexBaseline | None = None
        self._indexes: list[Index] = []

    def read(self, elsewhere: AbstractSet[str]) -> Shard:
        """The library at present, indexes opened anew where they have changed.

        Args:
            elsewhere: documents that are left to other shards.
        """
        held = self._snapshot
        if held is None or not self._is_current(held, elsewhere):
            indexes = open_indexes(self.library.home)
            snapshot = LibrarySnapshot.read(
                self.library, held, self._exhaustive_pages, self._opener, elsewhere
            )
            same = [i.manifest for i in indexes] == [i.manifest for i in self._indexes]
            is_open = same and any(index.records.snapshot for index in self._indexes)
            if not (is_open and self._baseline and snapshot.can_reuse(self._baseline)):
                self.close()
                self._indexes = indexes
                self._baseline = IndexBaseline(snapshot.documents, snapshot.derived)
            self._snapshot = held = snapshot
        return Shard(self._name, self.library, held, self._indexes, self._lock)

    def forget(self) -> None:
        """Read the library anew the next time, changed or not."""
        self._snapshot = None

    def close(self) -> None:
        """Close the indexes."""
        with self._lock:
            for index in self._indexes:
                index.records.close()

    def _is_current(self, held: LibrarySnapshot, elsewhere: AbstractSet[str]) -> bool:
        if held.generation != self.library.generation:
            return False
        return held.hidden <= elsewhere and elsewhere.isdisjoint(held.documents)
