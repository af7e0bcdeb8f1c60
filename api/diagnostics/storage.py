"""Checks of home, library, indexes, Chroma server and object store."""

from __future__ import annotations

from collections.abc import Iterator

from api.diagnostics.finding import Finding
from api.diagnostics.models import check_drift, check_towers, check_weight_names
from api.hints import hint_for
from api.settings import Settings
from ingest.error import PageglassError
from ingest.extras import MissingExtra
from ingest.index.index import open_indexes
from ingest.index.manifest import IndexFormatError
from ingest.index.server import disconnect
from ingest.library.database import LibraryFormatError, LibraryNotFound
from ingest.library.documents import readable
from ingest.library.home import Home
from ingest.library.library import Library
from ingest.replica.head import read_head
from ingest.replica.object_store import ObjectStore, ObjectStoreError
from ingest.shards.open_shards import ShardsMissing
from ingest.shards.shard_layout import ShardsUnreadable, first_with_indexes
from ingest.shards.sharded_library import open_library

LOW_DISK_BYTES = 1_000_000_000
"""Bytes."""


def check_chroma(settings: Settings) -> Finding:
    """Check the Chroma that holds the records of pages."""
    server = settings.chroma_server()
    if server is None:
        return Finding("chroma", "embedded", "ok", "used: it lies in the home")
    try:
        client = server.connect()
    except PageglassError as error:
        return Finding("chroma", server.url, "broken", error.message, hint_for(error, "cli"))
    with server.translated_errors():
        detail = f"used: a server, version {client.get_version()}"
    disconnect(client)
    return Finding("chroma", server.url, "ok", f"{detail}, {server.tenant}, {server.database}")


def check_store(home: Home, store: ObjectStore) -> Finding:
    """Check an object store: that it answers, and whose library it holds."""
    try:
        head = read_head(store)
        mirror = home.replica
    except (ObjectStoreError, MissingExtra) as error:
        return Finding("store", store.url, "broken", error.message, hint_for(error, "cli"))
    if head is None:
        return Finding("store", store.url, "ok", "empty yet: the next ingest publishes to it")
    if mirror:
        detail = f"used: the home is a mirror of it, {head.state}"
        return Finding("store", store.url, "ok", detail)
    if head.home != home.id:
        return Finding(
            "store", store.url, "broken", "it holds the library of another home",
            "Give each home that is written to a store, or a prefix in one, of its own.",
        )  # fmt: skip
    return Finding("store", store.url, "ok", f"used: published up to {head.state}")


def check_home(home: Home, settings: Settings) -> Iterator[Finding]:
    """Check a home: size, free space, library and indexes."""
    yield Finding("home", readable(str(home.root)), "ok", f"{home.size() / 1e6:.1f} MB")
    free = home.free_bytes()
    yield Finding(
        "disk", "free", "ok" if free > LOW_DISK_BYTES else "note", f"{free / 1e9:.1f} GB",
        "" if free > LOW_DISK_BYTES else "Make room before a large ingest.",
    )  # fmt: skip
    try:
        library = open_library(home)
        yield Finding(
            "library", "library.sqlite3", "ok",
            f"{len(library.documents())} documents, {library.page_count()} pages",
        )  # fmt: skip
        yield from _check_shards(library)
        for index in open_indexes(first_with_indexes(home)):
            yield Finding(
                "index", index.manifest.encoder, "ok",
                f"{index.manifest.model}, {index.manifest.dim} dimensions,"
                f" format {index.manifest.format}",
            )  # fmt: skip
            yield check_drift(index, settings)
            yield from check_towers(index.manifest.encoder, settings)
            yield from check_weight_names(index.manifest.encoder)
        yield from check_weight_names(library.captioner().partition(" prompt=")[0])
    except LibraryNotFound:
        yield Finding("library", "library.sqlite3", "ok", "none yet: `pageglass ingest PATH`")
    except (LibraryFormatError, IndexFormatError, ShardsMissing, ShardsUnreadable) as error:
        yield Finding("library", "format", "broken", error.message, hint_for(error, "cli"))
    except (ObjectStoreError, MissingExtra) as error:
        yield Finding("library", "store", "broken", error.message, hint_for(error, "cli"))


def _check_shards(library: Library) -> Iterator[Finding]:
    """Check that every shard of a library in shards can be read."""
    for name, its_library in library.shards().items():
        if name:
            yield Finding("shard", name, "ok", f"{its_library.page_count()} pages")
    for name in library.missing_shards:
        yield Finding(
            "shard", name, "broken", "it cannot be read: searches go without it",
            "Make its folder available, or restore it from a backup.",
        )  # fmt: skip
