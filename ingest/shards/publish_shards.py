"""Publication of a library in shards: each below a key prefix, all under one head.

Mirrors see all shards as of one moment: no document moves while they are published, and
what is sent counts once the head is written. Only shards that have changed are sent.
"""

from __future__ import annotations

import sqlite3
from contextlib import AbstractContextManager, closing, nullcontext

from ingest.disk.atomic import discard, write_atomically
from ingest.library.home import Home, HomeBusy
from ingest.library.keys import HEAD, shard_prefix
from ingest.library.library import Library
from ingest.replica.head import Head, ShardsHead
from ingest.replica.object_store import ObjectStore
from ingest.replica.publish import IndexState, check_owner, send_library, sweep
from ingest.shards.shard_layout import (
    ShardHome,
    ShardLayout,
    ShardMissing,
    moves_mark,
    shard_homes,
)

RECORD = "published.json"
"""File of a shard with its head, once nothing but what that names is in the store."""


def publish_shards(
    home: Home, layout: ShardLayout, store: ObjectStore, shard: str = "", *, held: bool = False
) -> None:
    """Bring the store up to the shards. The writer's lock of the home must be held.

    One that is being written stays as it was published last: its writer publishes it. But
    after moves all are published at once, or a document would be in none of them.

    Args:
        shard: the one that must be published.
        held: its writer's lock is held, so that no other is waited for.

    Raises:
        ObjectStoreTaken, ObjectStoreError: mirrors keep what they had.
        ShardMissing: a shard cannot be read.
        HomeBusy: another must be waited for.
    """
    before = check_owner(home, store)
    known = before.shards if isinstance(before, ShardsHead) else {}
    homes, moved = shard_homes(home), moves_mark(home).exists()
    heads: dict[str, Head] = {}
    kept: dict[str, set[str]] = {}
    busy = False
    for name, its_home in homes.items():
        last = known.get(name)
        if last and _is_published(its_home, last):
            heads[name] = last
            continue
        needed = moved or last is None or name == shard
        try:
            with _lock(its_home, held=held and name == shard, wait=needed and not held):
                heads[name], kept[name] = send_library(its_home, _part(store, name), last)
        except HomeBusy:
            if needed or last is None:
                raise
            heads[name], busy = last, True
    head = ShardsHead(home.id, layout.values, heads)
    if head != before:
        store.write(HEAD, head.pack())
    if not busy:
        discard(moves_mark(home))
    for name, keys in kept.items():
        if sweep(_part(store, name), keys):
            write_atomically(homes[name].root / RECORD, heads[name].pack())
    for key in store.children("shards"):
        if key not in set(map(shard_prefix, heads)):
            store.delete(key)
    sweep(store, frozenset())  # what the library was before it was in shards


def _part(store: ObjectStore, name: str) -> ObjectStore:
    return store.below(shard_prefix(name))


def _is_published(shard: ShardHome, head: Head) -> bool:
    """Whether a head says what the shard is now, and the store holds no more than that."""
    shard.check()
    record = shard.root / RECORD
    if not record.exists() or record.read_bytes() != head.pack():
        return False
    try:
        with closing(Library(shard)) as library:
            if not head.is_of(library.generation):
                return False
        return IndexState.read(shard).is_of(head)
    except FileNotFoundError:
        return False  # an index is being dropped
    except sqlite3.Error as error:
        raise ShardMissing(
            f"Shard {shard.name} in {shard.root} cannot be read: {error}.",
            hint="Restore it from a backup; nothing was published.",
        ) from error


def _lock(shard: ShardHome, *, held: bool, wait: bool) -> AbstractContextManager[object]:
    return nullcontext() if held else shard.writing(None if wait else 0.0, publish=False)
