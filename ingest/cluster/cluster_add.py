"""Ingest on a Ray cluster: as on this machine, with the work done by its nodes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from ingest.add import AddSettings
from ingest.cluster.cluster_reader import ClusterReader
from ingest.cluster.ray_cluster import RayCluster
from ingest.event import Added, Done, Event
from ingest.library.home import Home
from ingest.replica.object_store import ObjectStore
from ingest.shards.add_to_shards import add_documents


def add_on_cluster(
    home: Home,
    paths: Sequence[str | Path],
    settings: AddSettings,
    address: str,
    store: ObjectStore | None = None,
    *,
    wait: float | None = None,
    on_wait: Callable[[], None] | None = None,
) -> Iterator[Event]:
    """Read what is new or changed among `paths` into a home, on a cluster.

    Args:
        address: of the cluster's head, or "auto".
        store: what the nodes write to and this machine reads; None for the home's folder,
            which every node must then see under the same path.

    Raises:
        MissingExtra, ClusterUnreachable, SliceUnseen, ObjectStoreError, and what
        `add_documents` raises.
    """
    store = store or ObjectStore(f"file://{home.root}")
    cluster = RayCluster(address, store)
    try:
        reader = ClusterReader(cluster, store, settings.limits)
        remote = replace(settings, load_encoder=reader.load, read_jobs=reader.read)
        for event in add_documents(home, paths, remote, wait=wait, on_wait=on_wait):
            if isinstance(event, Added):
                reader.forget(event.document.id)
            elif isinstance(event, Done):
                reader.finish()
            yield event
    finally:
        cluster.close()
