"""Head of an object store: newest snapshot of a library, or of each of its shards."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from typing import Any

from ingest.library.keys import HEAD
from ingest.library.schema import FORMAT as LIBRARY_FORMAT
from ingest.replica.object_store import ObjectStore, ObjectStoreError

FORMAT = 2
SHARDS_FORMAT = 3
"""Format of a library in shards, which a version that knows of none refuses."""


class ObjectStoreFormatError(ObjectStoreError):
    """Another version of pageglass wrote the store."""

    code = "object-store-format"


@dataclass(frozen=True, slots=True)
class Head:
    """Newest published state.

    `editions`, `collections` (on a Chroma server) and `lists` (hashes of the
    inverted lists, and of vocabularies by their names) are by index.
    """

    home: str
    snapshot: str
    editions: dict[str, str]
    collections: dict[str, str]
    lists: dict[str, str] = field(default_factory=dict)
    format: int = FORMAT
    library: int = LIBRARY_FORMAT

    def pack(self) -> bytes:
        """Stored form, as JSON."""
        return json.dumps(asdict(self), indent=2, sort_keys=True).encode()

    @property
    def state(self) -> str:
        """What is published, in words."""
        return f"snapshot {self.snapshot}"

    def is_of(self, generation: int) -> bool:
        """Whether the snapshot is of a generation of the library."""
        return self.snapshot.startswith(f"{generation}-")

    @property
    def library_key(self) -> str:
        """Key of the list of the snapshot's blocks."""
        return f"library/{self.snapshot}.json"

    @property
    def contents_key(self) -> str:
        """Key of the list of its documents."""
        return f"contents/{self.snapshot}.json"


@dataclass(frozen=True, slots=True)
class ShardsHead:
    """Newest published state of a library in shards: all of them, as of one moment.

    `layout` is the writer's list of shards; `shards` are the heads of those by name.
    """

    home: str
    layout: dict[str, Any]
    shards: dict[str, Head]
    format: int = SHARDS_FORMAT
    library: int = LIBRARY_FORMAT

    def pack(self) -> bytes:
        """Stored form, as JSON."""
        return json.dumps(asdict(self), indent=2, sort_keys=True).encode()

    @property
    def state(self) -> str:
        """What is published, in words."""
        return f"snapshots of {len(self.shards)} shards"


AnyHead = Head | ShardsHead


def read_head(store: ObjectStore) -> AnyHead | None:
    """Head of a store; None where nothing was published yet.

    Raises:
        ObjectStoreError: it cannot be read, or another version wrote it.
    """
    try:
        packed = store.read(HEAD)
    except FileNotFoundError:
        return None
    return unpack_head(packed, store.url)


def unpack_head(packed: bytes, url: str) -> AnyHead:
    """Head from its stored form.

    Raises:
        ObjectStoreFormatError: another version wrote it.
    """
    values = json.loads(packed)
    formats = (values["format"], values.get("library"))
    if formats not in {(FORMAT, LIBRARY_FORMAT), (SHARDS_FORMAT, LIBRARY_FORMAT)}:
        raise ObjectStoreFormatError(
            f"The store {url} has formats {formats}; this pageglass reads {(FORMAT, LIBRARY_FORMAT)}.",
            hint="Run the same version of pageglass wherever the store is used.",
        )
    if values["format"] == FORMAT:
        return Head(**values)
    return ShardsHead(**values | {"shards": {n: Head(**of) for n, of in values["shards"].items()}})
