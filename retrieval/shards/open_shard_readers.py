"""Open shard readers: one a shard of a library, renewed as shards change."""

from __future__ import annotations

import threading
from collections.abc import Collection, Mapping, Sequence

from ingest.index.index import Index
from ingest.index.manifest import Manifest
from ingest.library.library import Library
from ingest.replica.object_store import ObjectStoreError
from ingest.shards.open_shards import SHARD_ERRORS, ShardsMissing
from retrieval.shards.shard import Shard
from retrieval.shards.shard_reader import ShardReader
from retrieval.snapshot import Opener

READS = 5
"""How often shards are read again that change while they are read."""


class OpenShardReaders:
    """Readers of the shards of a library, for any thread; of one library, its reader.

    Args:
        exhaustive_pages: a snapshot of a shard holds the records of this many pages.
        opener: opens a document's vectors.
    """

    def __init__(self, library: Library, exhaustive_pages: int, opener: Opener) -> None:
        self._library = library
        self._exhaustive_pages = exhaustive_pages
        self._opener = opener
        self._lock = threading.RLock()
        self._readers: dict[str, ShardReader] = {}
        self._seen: dict[str, tuple[Library, int]] = {}
        self._shards: tuple[Shard, ...] = ()
        self.missing: tuple[str, ...] = ()

    def read(self, without: Collection[str] = ()) -> Sequence[Shard]:
        """The shards at present, but for some, and for those that cannot be read.

        A document that moves from one to another is in one of them at least: it is added
        before it is removed, and they are read again where one has changed meanwhile.

        Raises:
            ShardsMissing: none is left.
            What opening an index raises, of a library that is not in shards.
        """
        with self._lock:
            for _ in range(READS):
                libraries = self._library.shards()
                seen = self._look_at(libraries)
                if seen == self._seen:
                    break
                self._read_all(libraries, seen)
                if "" in libraries:  # no shards between which documents could move
                    break
            shards = tuple(shard for shard in self._shards if shard.name not in without)
        if not shards:
            raise ShardsMissing(
                "None of the shards can be searched.",
                hint="Check them: each is a data folder of its own.",
            )
        return shards

    def forget(self) -> None:
        """Read every shard anew the next time."""
        with self._lock:
            self._seen = {}
            for reader in self._readers.values():
                reader.forget()

    def close(self) -> None:
        """Close the indexes."""
        with self._lock:
            for reader in self._readers.values():
                reader.close()

    def _look_at(self, libraries: Mapping[str, Library]) -> dict[str, tuple[Library, int]]:
        """Generation of each library that has one."""
        seen = {}
        for name, library in libraries.items():
            try:
                seen[name] = library, library.generation
            except SHARD_ERRORS as error:
                if not name or isinstance(error, ObjectStoreError):
                    raise
        return seen

    def _read_all(
        self, libraries: Mapping[str, Library], seen: dict[str, tuple[Library, int]]
    ) -> None:
        shards: list[Shard] = []
        elsewhere: set[str] = set()
        for name, (library, _) in seen.items():
            reader = self._readers.get(name)
            if reader is None or reader.library is not library:
                reader = ShardReader(name, library, self._exhaustive_pages, self._opener)
                self._readers[name] = reader
            try:
                shard = reader.read(elsewhere)
            except SHARD_ERRORS as error:
                if not name or isinstance(error, ObjectStoreError):
                    raise
                continue
            shards.append(shard)
            elsewhere |= shard.snapshot.documents.keys()
        self._shards, self._seen = tuple(shards), seen
        found = {shard.name for shard in shards}
        down = (name for name in libraries if name not in found)
        self.missing = (*self._library.missing_shards, *down)


def indexes_of(shards: Sequence[Shard]) -> list[Index]:
    """The indexes of all shards, one of each encoder, in the order of their slugs."""
    found = {i.manifest.slug: i for shard in reversed(shards) for i in shard.indexes}
    return [found[slug] for slug in sorted(found)]


def manifests_of(shards: Sequence[Shard]) -> list[Manifest]:
    """The manifests of these indexes."""
    return [index.manifest for index in indexes_of(shards)]
