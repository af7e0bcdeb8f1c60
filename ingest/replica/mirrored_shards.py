"""Mirrored shards: the local copies of the shards of a published library.

    HOME/mirror/shards.json       the shards that are read
    HOME/mirror/shards/NAME/      the copy of each (ingest.replica.mirrored_library)

The store says the state of all shards at once, but the copies are brought up to it one by
one while others read them. A document that moved is in one of them at each moment: shards
that it comes to are brought up before those that it leaves.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeVar

from ingest.disk.atomic import discard, write_atomically
from ingest.library.keys import HEAD, SHARDS_FILE, Replica, shard_prefix
from ingest.replica.head import Head, ShardsHead
from ingest.replica.mirrored_library import MirroredLibrary, Wanted
from ingest.replica.object_store import ObjectStore

Opened = TypeVar("Opened")


class MirroredShard:
    """Replica of a shard: its part of the mirror of the whole library."""

    def __init__(self, whole: Replica, name: str) -> None:
        self._whole = whole
        self._prefix = shard_prefix(name)
        folder = whole.shards_file.parent / self._prefix
        self.url = f"{whole.url}/{self._prefix}"
        self.database = folder / "library.sqlite3"
        self.index = folder / "index"
        self.shards_file = folder / SHARDS_FILE  # there is none: a shard has no shards

    def shard(self, name: str) -> Replica:
        """The copy of another shard."""
        return self._whole.shard(name)

    def refresh(self) -> None:
        """Bring all shards up to the newest state."""
        self._whole.refresh()

    def path(self, key: str) -> Path:
        """Where the file under a key is once it has been fetched."""
        return self._whole.path(self._key(key))

    def fetch(self, key: str) -> Path:
        """The file under a key. Raises FileNotFoundError."""
        return self._whole.fetch(self._key(key))

    def read(self, key: str) -> bytes:
        """The bytes under a key. Raises FileNotFoundError."""
        return self._whole.read(self._key(key))

    def open(self, key: str, load: Callable[[Path], Opened]) -> Opened:
        """Result of `load` for the file under a key. Raises FileNotFoundError."""
        return self._whole.open(self._key(key), load)

    def prefetch(self, keys: Sequence[str]) -> None:
        """Fetch several files at once."""
        self._whole.prefetch(list(map(self._key, keys)))

    def has(self, key: str) -> bool:
        """Whether there is a file under a key."""
        return self._whole.has(self._key(key))

    def _key(self, key: str) -> str:
        return f"{self._prefix}/{key}"


def take_shards(shards_file: Path, store: ObjectStore, head: ShardsHead) -> Wanted:
    """Bring the copies of all shards up to a head; says which keys are needed then.

    Documents move to shards that are added, and from shards that leave: so new shards come
    first, then the others from the last to the first, and those that leave are last.

    Raises:
        FileNotFoundError: the store no longer has what the head names.
        ObjectStoreError
    """
    listed = _read_names(shards_file)
    libraries = {name: _library(shards_file, store, name) for name in head.shards}
    gone = [name for name in listed if name not in head.shards]
    names, leaving = head.layout["shards"], head.layout["leaving"]
    for name in [name for name in libraries if name not in listed]:
        _bring(libraries[name], head.shards[name])
    _write_names(shards_file, head, [*leaving, *gone])
    for name in [*reversed(names), *leaving]:
        _bring(libraries[name], head.shards[name])
    _write_names(shards_file, head, leaving)
    for name in gone:
        discard(shards_file.parent / shard_prefix(name))
    wants = {shard_prefix(n): libraries[n].wants(of) for n, of in head.shards.items()}

    def wanted(key: str) -> bool:
        prefix = "/".join(key.split("/")[:2])
        return prefix in wants and wants[prefix](key.removeprefix(f"{prefix}/"))

    return wanted


def _library(shards_file: Path, store: ObjectStore, name: str) -> MirroredLibrary:
    prefix = shard_prefix(name)
    return MirroredLibrary(shards_file.parent / prefix, store.below(prefix))


def _bring(library: MirroredLibrary, head: Head) -> None:
    applied, packed = library.folder / HEAD, head.pack()
    if not (applied.exists() and applied.read_bytes() == packed):
        library.take(head)
        write_atomically(applied, packed)


def _read_names(shards_file: Path) -> list[str]:
    if not shards_file.exists():
        return []
    layout = json.loads(shards_file.read_bytes())
    return [*layout["shards"], *layout["leaving"]]


def _write_names(shards_file: Path, head: ShardsHead, leaving: Sequence[str]) -> None:
    layout = head.layout | {"leaving": list(leaving)}
    write_atomically(shards_file, json.dumps(layout, indent=2).encode())
