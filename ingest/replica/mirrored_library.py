"""Mirrored library: local copy of a published one, and how it is renewed."""

from __future__ import annotations

import sqlite3
import uuid
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from ingest.disk.atomic import discard, write_atomically
from ingest.library.keys import (
    ABOUT,
    INVERTED_LISTS,
    VOCABULARY,
    find_edition,
    hash_file,
    lists_key,
    page_folder,
    vocabulary_key,
    vocabulary_name,
)
from ingest.replica.head import Head
from ingest.replica.object_store import ObjectStore
from ingest.replica.snapshot_blocks import fetch_blocks, unpack_digests

Wanted = Callable[[str], bool]
"""Whether the file under a key is needed."""


class MirroredLibrary:
    """Copy of a library and its indexes in a folder, without images and multi-vectors.

    Args:
        store: where its keys are.
    """

    def __init__(self, folder: Path, store: ObjectStore) -> None:
        self.folder = folder
        self.database = folder / "library.sqlite3"
        self.index = folder / "index"
        self._store = store

    def take(self, head: Head) -> None:
        """Bring the copy up to a head. The mirror's lock must be held.

        Raises:
            FileNotFoundError: the store no longer has what the head names.
            ObjectStoreError
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        snapshot = self.folder / f".{uuid.uuid4().hex}.sqlite3"
        try:
            digests = unpack_digests(self._store.read(head.library_key))
            fetch_blocks(self._store, digests, snapshot, self.database)
            self._take_indexes(head)
            self._take_library(snapshot)
        finally:
            snapshot.unlink(missing_ok=True)

    def wants(self, head: Head) -> Wanted:
        """Whether a key is of its documents and indexes at present."""
        with closing(sqlite3.connect(self.database, timeout=30)) as library:
            rows = library.execute("SELECT id, revision FROM documents").fetchall()
        folders = {page_folder(document_id, revision) for document_id, revision in rows}
        names = {folder.removeprefix("pages/") for folder in folders}
        indexes = {f"index/{slug}/{edition}" for slug, edition in head.editions.items()}

        def wanted(key: str) -> bool:
            above, _, name = key.rpartition("/")
            return above in folders or (above in indexes and name.partition(".")[0] in names)

        return wanted

    def discard(self) -> None:
        """Delete the copy."""
        for path in (*self.folder.glob("library.sqlite3*"), self.index):
            discard(path)

    def _take_indexes(self, head: Head) -> None:
        for slug, edition in head.editions.items():
            folder = self.index / slug
            folder.mkdir(parents=True, exist_ok=True)
            if find_edition(folder) != edition:
                files = {name: self._store.read(f"index/{slug}/{edition}/{name}") for name in ABOUT}
                for name, data in files.items():
                    write_atomically(folder / name, data)
            content, words = head.lists.get(slug), head.lists.get(vocabulary_name(slug))
            key = lists_key(slug, edition, content) if content else ""
            self._take_derived(folder / INVERTED_LISTS, key, content)
            key = vocabulary_key(slug, edition, words) if words else ""
            self._take_derived(folder / VOCABULARY, key, words)
            if slug in head.collections:
                write_atomically(folder / "collection", head.collections[slug].encode())
            else:
                discard(folder / "collection")
        for folder in list(self.index.iterdir()) if self.index.exists() else []:
            if folder.name not in head.editions:
                discard(folder)

    def _take_derived(self, path: Path, key: str, content: str | None) -> None:
        """Bring a file of an index up to that of a key, by its hash; none without one."""
        if not content:
            discard(path)
        elif not path.exists() or hash_file(path) != content:
            write_atomically(path, self._store.read(key))

    def _take_library(self, snapshot: Path) -> None:
        if not self.database.exists():
            snapshot.replace(self.database)
            return
        with (
            closing(sqlite3.connect(snapshot)) as source,
            closing(sqlite3.connect(self.database, timeout=30)) as target,
        ):
            source.backup(target)
            target.execute("PRAGMA wal_checkpoint(TRUNCATE)")
