"""Publication of a home to an object store, for mirrors on other machines.

What is there already is not sent again. First come page images and multi-vectors,
under keys that are never written over; then the blocks of a snapshot of the library; then
the head that names it. Last goes what no head names: cut off anywhere, the head is whole.
"""

from __future__ import annotations

import json
import logging
import sqlite3
import time
from collections.abc import Sequence, Set
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ingest.disk.atomic import discard
from ingest.index.centroid_file import write_centroids
from ingest.index.index import Index, open_indexes
from ingest.library.home import Home
from ingest.library.keys import (
    ABOUT,
    HEAD,
    STALE,
    centroids_key,
    find_edition,
    hash_file,
    lists_key,
    page_folder,
    vectors_key,
    vocabulary_key,
    vocabulary_name,
)
from ingest.library.library import Library
from ingest.page import Document
from ingest.replica.head import AnyHead, Head, read_head
from ingest.replica.object_store import ObjectStore, ObjectStoreError
from ingest.replica.snapshot_blocks import (
    BLOCKS,
    block_key,
    hash_block,
    pack_digests,
    put_blocks,
    read_blocks,
)

log = logging.getLogger(__name__)

GRACE = 300.0
"""Seconds that what is no longer needed stays for mirrors that still read it, if nothing was removed."""


class ObjectStoreTaken(ObjectStoreError):
    """The store holds the library of another home."""

    code = "object-store-taken"


@dataclass(frozen=True, slots=True)
class IndexState:
    """What a head says of the indexes of a home, by index."""

    editions: dict[str, str]
    collections: dict[str, str]
    lists: dict[str, str]

    @classmethod
    def read(cls, home: Home) -> IndexState:
        """The state of a home's indexes."""
        state = cls({}, {}, {})
        for index in open_indexes(home):
            slug, note = index.manifest.slug, index.folder / "collection"
            state.editions[slug] = find_edition(index.folder)
            if note.exists():
                state.collections[slug] = note.read_text(encoding="utf-8")
            if index.lists_path.exists():
                state.lists[slug] = hash_file(index.lists_path)
            if index.vocabulary_path.exists():
                state.lists[vocabulary_name(slug)] = hash_file(index.vocabulary_path)
        return state

    def is_of(self, head: Head) -> bool:
        """Whether a head says the same."""
        return self == IndexState(head.editions, head.collections, head.lists)


def check_owner(home: Home, store: ObjectStore) -> AnyHead | None:
    """Head of the store, which must be this home's or none.

    Raises:
        ObjectStoreTaken, ObjectStoreError
    """
    head = read_head(store)
    if head and head.home != home.id:
        raise ObjectStoreTaken(
            f"The store {store.url} holds the library of another home than {home.root}.",
            hint="Give each home that is written to a store, or a prefix in one, of its own.",
        )
    return head


def publish(home: Home, store: ObjectStore) -> None:
    """Bring the store up to the home. The writer's lock must be held.

    Raises:
        ObjectStoreTaken, ObjectStoreError: mirrors keep what they had.
    """
    before = check_owner(home, store)
    if not home.database.exists():
        return
    head, kept = send_library(home, store, before if isinstance(before, Head) else None)
    if head != before:
        store.write(HEAD, head.pack())
    sweep(store, kept)


def send_library(home: Home, store: ObjectStore, before: Head | None) -> tuple[Head, set[str]]:
    """Send what a head needs that names the home's library as it is now.

    Returns the head, and every key that it needs. The writer's lock must be held.

    Args:
        before: the head of the last time.
    """
    home.staging.mkdir(exist_ok=True)
    snapshot = home.staging / "snapshot.sqlite3"
    try:
        generation = take_snapshot(home, snapshot)
        digests = [hash_block(block) for block in read_blocks(snapshot)]
        name = f"{generation}-{hash_block(pack_digests(digests))[:16]}"
        documents = Library(home).documents()
        folders = [page_folder(d.id, d.revision) for d in documents]
        _put_pages(home, store, before, documents)
        state = IndexState.read(home)
        kept = _put_indexes(home, store, state, documents)
        head = Head(home.id, name, state.editions, state.collections, state.lists)
        if head != before:
            there = {key.rpartition("/")[2] for key in store.children(BLOCKS)}
            sent = put_blocks(store, snapshot, there)
            store.write(head.library_key, pack_digests(digests))
            store.write(head.contents_key, json.dumps(folders).encode())
            log.info("sent snapshot %s to the store, %d bytes of it new", name, sent)
    finally:
        discard(snapshot)
    return head, kept | {*folders, head.library_key, head.contents_key, *map(block_key, digests)}


def take_snapshot(home: Home, path: Path) -> str:
    """Copy the library into one file; returns its generation."""
    discard(path)
    with (
        closing(sqlite3.connect(home.database, timeout=30)) as source,
        closing(sqlite3.connect(path)) as target,
    ):
        source.backup(target)
        target.execute("PRAGMA journal_mode = DELETE")
        query = "SELECT value FROM meta WHERE key = 'generation'"
        return str(target.execute(query).fetchone()[0])


def _put_pages(
    home: Home, store: ObjectStore, before: Head | None, documents: Sequence[Document]
) -> None:
    whole = set(_read_json(store, before.contents_key, [])) if before else set()
    for document in documents:
        folder = page_folder(document.id, document.revision)
        if folder in whole:
            continue
        there = set(store.children(folder))
        images = {
            f"{folder}/{number}.webp": home.pages / document.id / f"{number}.webp"
            for number in range(1, document.page_count + 1)
        }
        store.put({key: path for key, path in images.items() if key not in there})


def _put_indexes(
    home: Home, store: ObjectStore, state: IndexState, documents: Sequence[Document]
) -> set[str]:
    """Upload the indexes; returns every key."""
    kept: set[str] = set()
    for index in open_indexes(home):
        slug = index.manifest.slug
        edition = state.editions[slug]
        files = {f"index/{slug}/{edition}/{name}": index.folder / name for name in ABOUT}
        for document in documents:
            if index.has(document):
                files[vectors_key(slug, edition, document)] = index.path(document)
        if slug in state.lists:
            files[lists_key(slug, edition, state.lists[slug])] = index.lists_path
        if content := state.lists.get(vocabulary_name(slug)):
            files[vocabulary_key(slug, edition, content)] = index.vocabulary_path
        there = set(store.children(f"index/{slug}/{edition}"))
        store.put({key: path for key, path in files.items() if key not in there})
        kept |= files.keys() | _put_centroids(home, store, index, documents, there)
    return kept


def _put_centroids(
    home: Home, store: ObjectStore, index: Index, documents: Sequence[Document], there: set[str]
) -> set[str]:
    """Upload page centroids apart from the vectors; returns their keys."""
    if not index.manifest.centroids:
        return set()
    slug, edition = index.manifest.slug, find_edition(index.folder)
    held = {centroids_key(slug, edition, d): d for d in documents if index.has(d)}
    folder = home.staging / "centroids"
    folder.mkdir(exist_ok=True)
    try:
        files = {key: folder / key.rpartition("/")[2] for key in held if key not in there}
        for key, path in files.items():
            write_centroids(index.vectors(held[key]), path)
        store.put(files)
    finally:
        discard(folder)
    return set(held)


def sweep(store: ObjectStore, kept: Set[str]) -> bool:
    """Delete what no head has named for a while; whether nothing is left for later.

    What is unnamed from now on is recorded.
    Where images of a removed document are there, nothing waits: earlier snapshots hold its
    words. A mirror that still reads them takes the newest head. Images go last, so that
    whoever is cut off does the same again.
    """
    there = [key for top in ("library", "contents", BLOCKS) for key in store.children(top)]
    for slug in store.children("index"):
        for edition in store.children(slug):
            there += store.children(edition)
    # SeaweedFS lists folders that have become empty.
    images = [key for key in store.children("pages") if key in kept or store.children(key)]
    there += images
    grace = GRACE if all(key in kept for key in images) else 0.0
    noted, now = _read_json(store, STALE, {}), time.time()
    stale = {key: noted.get(key, now) for key in there if key not in kept}
    for key in [key for key, since in stale.items() if now - since >= grace]:
        store.delete(key)
        del stale[key]
    if stale != noted:
        store.write(STALE, json.dumps(stale).encode())
    return not stale


def _read_json(store: ObjectStore, key: str, default: Any) -> Any:
    try:
        return json.loads(store.read(key))
    except FileNotFoundError:
        return default
