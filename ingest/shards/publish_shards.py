"""Publication of a library in shards: each below a key prefix, all under one head.

Mirrors see all shards as of one moment: while it is published no document moves, and what
is sent names nothing until the head is written. Only shards that have changed are sent.
"""

from __future__ import annotations

import sqlite3
from contextlib import AbstractContextManager, closing, nullcontext

from ingest.library.atomic import write_atomically
from ingest.library.home import Home
from ingest.library.keys import HEAD, shard_prefix
from ingest.library.library import Library
from ingest.replica.head import Head, ShardsHead
from ingest.replica.object_store import ObjectStore
from ingest.replica.publish import IndexState, check_owner, send_library, sweep
from ingest.shards.shard_layout import ShardHome, ShardLayout, ShardMissing, shard_homes

RECORD = "published.json"
"""File of a shard with its head, once nothing but what that names is in the store."""


def publish_shards(home: Home, layout: ShardLayout, store: ObjectStore, held: str = "") -> None:
    """Bring the store up to all shards. The writer's lock of the home must be held.

    Args:
        held: the shard whose lock is held already; then others are not waited for.

    Raises:
        ObjectStoreTaken, ObjectStoreError: mirrors keep what they had.
        ShardMissing: a shard cannot be read.
        HomeBusy: another shard that has changed is being written, and `held` is given.
    """
    before = check_owner(home, store)
    known = before.shards if isinstance(before, ShardsHead) else {}
    heads: dict[str, Head] = {}
    kept: dict[str, set[str]] = {}
    for name, shard in shard_homes(home).items():
        if (last := known.get(name)) and _is_published(shard, last):
            heads[name] = last
            continue
        with _lock(shard, held):
            heads[name], kept[name] = send_library(shard, store.below(shard_prefix(name)), last)
    head = ShardsHead(home.id, layout.values, heads)
    if head != before:
        store.write(HEAD, head.pack())
    for name, keys in kept.items():
        if sweep(store.below(shard_prefix(name)), keys):
            write_atomically(shard_homes(home)[name].root / RECORD, heads[name].pack())
    for key in store.children("shards"):
        if key not in set(map(shard_prefix, heads)):
            store.delete(key)
    sweep(store, frozenset())  # what the library was before it was in shards


def _is_published(shard: ShardHome, head: Head) -> bool:
    """Whether a head says what the shard is now, and the store holds no more than that."""
    shard.check()
    record = shard.root / RECORD
    if not record.exists() or record.read_bytes() != head.pack():
        return False
    try:
        with closing(Library(shard)) as library:
            generation = library.generation
    except sqlite3.Error as error:
        raise ShardMissing(
            f"Shard {shard.name} in {shard.root} cannot be read: {error}.",
            hint="Restore it from a backup; nothing was published.",
        ) from error
    return head.is_of(generation) and IndexState.read(shard).is_of(head)


def _lock(shard: ShardHome, held: str) -> AbstractContextManager[object]:
    if shard.name == held:
        return nullcontext()
    return shard.writing(0.0 if held else None, publish=False)
