"""Mirror: a read-only copy of a home that was published to an object store.

HOME/mirror/library.sqlite3    the newest snapshot, put into place by one transaction
HOME/mirror/index/ENCODER/     manifest, probe, and which collection of the Chroma server
HOME/mirror/cache/             page images and multi-vectors fetched so far (ingest.replica.cache)
HOME/mirror/head.json          what the three belong to
HOME/mirror/shards/NAME/       of a library in shards, in place of library and index (ingest.replica.mirrored_shards)

Never writes to the store. Any number of processes may share the folder.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Any, TypeVar

from filelock import FileLock

from ingest.disk.atomic import write_atomically
from ingest.library.keys import HEAD, SHARDS_FILE, Replica
from ingest.replica.cache import Cache
from ingest.replica.head import ShardsHead, unpack_head
from ingest.replica.mirrored_library import MirroredLibrary
from ingest.replica.mirrored_shards import MirroredShard, take_shards
from ingest.replica.object_store import ObjectStore, ObjectStoreRefused

Opened = TypeVar("Opened")

CHECK = 3.0
"""Seconds for which the head that was read last is taken for the newest."""
TRIES = 5
TOGETHER = 16
"""Files fetched at a time."""


class Mirror:
    """Local side of an object store.

    Raises:
        ObjectStoreError: from each method that asks the store, if it cannot be used.
    """

    def __init__(self, folder: Path, store: ObjectStore) -> None:
        self.folder = folder
        self.database = folder / "library.sqlite3"
        self.index = folder / "index"
        self.shards_file = folder / SHARDS_FILE
        self.store = store
        self.url = store.url
        self.cache = Cache(folder / "cache", store.cache_mb * 1_000_000)
        self._checking = threading.RLock()
        self._checked = float("-inf")
        self._opened: dict[str, Any] = {}
        self._evicted = 0

    def refresh(self, *, now: bool = False) -> None:
        """Bring library and indexes up to the store's head, where that may have moved.

        Args:
            now: though the head was read a moment ago.
        """
        with self._checking:
            if not now and time.monotonic() - self._checked < CHECK:
                return
            self._forget_evicted()
            for _ in range(TRIES):
                try:
                    packed = self.store.read(HEAD)
                except FileNotFoundError:
                    raise ObjectStoreRefused(
                        f"The store {self.store.url} holds no library any more.",
                        hint="Check the address of the store, or ingest where the library is.",
                    ) from None
                try:
                    self._apply(packed)
                except FileNotFoundError:
                    continue  # a newer head has taken its place, and what it named is deleted
                self._checked = time.monotonic()
                return
            raise ObjectStoreRefused(
                f"The store {self.store.url} lacks what its head names.",
                hint="Ingest where the library is: that publishes what is missing.",
            )

    def shard(self, name: str) -> Replica:
        """The copy of a shard, where the library is in shards."""
        return MirroredShard(self, name)

    def path(self, key: str) -> Path:
        """Where the file under a key is once it has been fetched."""
        return self.cache.path(key)

    def open(self, key: str, load: Callable[[Path], Opened]) -> Opened:
        """Result of `load` for the file under a key.

        The result is kept for as long as the cache holds the file.

        Raises:
            FileNotFoundError: the store does not have them, or no longer.
        """
        for _ in range(TRIES):
            path = self.fetch(key)
            if key in self._opened:
                held: Opened = self._opened[key]
                return held
            try:
                held = self._opened[key] = load(path)
            except FileNotFoundError:
                continue  # evicted since by another process
            return held
        raise FileNotFoundError(key)

    def read(self, key: str) -> bytes:
        """The bytes under a key.

        Raises:
            FileNotFoundError: the store does not have them, or no longer.
        """
        for _ in range(TRIES):
            try:
                return self.fetch(key).read_bytes()
            except FileNotFoundError:
                if not self.has(key):
                    raise
        raise FileNotFoundError(key)

    def fetch(self, key: str) -> Path:
        """The file under a key, fetched if the cache does not hold it.

        Raises:
            FileNotFoundError: the store does not have it, or no longer; the newest state has been taken.
        """
        if found := self.cache.find(key):
            return found
        self._opened.pop(key, None)
        try:
            path = self.cache.add(key, lambda beside: self.store.fetch(key, beside))
        except FileNotFoundError:
            self.refresh(now=True)
            raise
        if self._evicted != self.cache.evicted:
            self._forget_evicted()
        return path

    def prefetch(self, keys: Sequence[str]) -> None:
        """Fetch in parallel the files that the cache does not hold.

        Files that the store lacks are skipped; `fetch` reports them.
        """
        missing = [key for key in keys if not self.cache.path(key).exists()]
        if len(missing) > 1:
            with ThreadPoolExecutor(TOGETHER) as pool:
                list(pool.map(self._prefetch, missing))

    def _prefetch(self, key: str) -> None:
        with suppress(FileNotFoundError):
            self.cache.add(key, lambda beside: self.store.fetch(key, beside))

    def has(self, key: str) -> bool:
        """Whether there is something under a key."""
        return self.cache.path(key).exists() or self.store.exists(key)

    def _forget_evicted(self) -> None:
        """Close files that were evicted: until then their bytes stay on the disk."""
        self._evicted = self.cache.evicted
        for key in list(self._opened):
            if not self.cache.path(key).exists():
                self._opened.pop(key, None)

    def _apply(self, packed: bytes) -> None:
        applied = self.folder / HEAD
        if applied.exists() and applied.read_bytes() == packed:
            return
        head = unpack_head(packed, self.store.url)
        self.folder.mkdir(exist_ok=True)
        with FileLock(self.folder / "lock"):
            if applied.exists() and applied.read_bytes() == packed:
                return  # another process was faster
            # A library may have become one in shards.
            whole = MirroredLibrary(self.folder, self.store)
            if isinstance(head, ShardsHead):
                wanted = take_shards(self.shards_file, self.store, head)
                whole.discard()
            else:
                whole.take(head)
                wanted = whole.wants(head)
            self.cache.keep(wanted)
            write_atomically(applied, packed)


def find_mirror(folder: Path, store: ObjectStore) -> Mirror | None:
    """Mirror of a store in a folder; None where nothing was published yet.

    Raises:
        ObjectStoreError
    """
    mirror = Mirror(folder, store)
    if not (folder / HEAD).exists() and not store.exists(HEAD):
        return None
    mirror.refresh()
    return mirror
