"""Connection of a home to an object store, as publisher or mirror.

A home that writes has a publisher; a home that reads is a mirror.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ingest.library.home import Home, RecordServer
from ingest.shards.shard_layout import read_layout, shard_homes

if TYPE_CHECKING:
    from ingest.replica.object_store import ObjectStore


@dataclass(frozen=True, slots=True)
class StorePublisher:
    """Publishes homes to an object store."""

    store: ObjectStore

    def check(self, home: Home) -> None:
        """Check that the store is this home's, and every shard there.

        Raises:
            ObjectStoreTaken, ObjectStoreError, ShardMissing
        """
        from ingest.replica.publish import check_owner

        for shard in shard_homes(home).values():
            shard.check()
        check_owner(home, self.store)

    def publish(self, home: Home, shard: str = "", *, held: bool = False) -> None:
        """Bring the store up to the home, in shards or not.

        Raises:
            ObjectStoreTaken, ObjectStoreError
            ShardMissing, and HomeBusy where a lock is `held`.
        """
        from ingest.replica.publish import publish
        from ingest.shards.publish_shards import publish_shards

        if layout := read_layout(home):
            publish_shards(home, layout, self.store, shard, held=held)
        else:
            publish(home, self.store)


def connect_home(
    root: Path | str,
    server: RecordServer | None = None,
    store: ObjectStore | None = None,
    *,
    create: bool = True,
) -> Home:
    """Home connected to an object store.

    It publishes to `store`, or mirrors it where it has no library of its own.

    Args:
        create: create the folder where it is missing; a mirror's always is.

    Raises:
        HomeUnusable: the folder cannot be made.
    """
    if store is None:
        return Home(root, server, create=create)
    from ingest.replica.mirror import find_mirror

    return Home(
        root,
        server,
        find_replica=lambda folder: find_mirror(folder, store),
        publisher=StorePublisher(store),
    )
