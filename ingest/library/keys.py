"""Published home: keys in its object store, and what a local copy offers.

    head.json                                       the one key that is written over while mirrors read it
    library/GENERATION-HASH.json                    a snapshot of the library: its blocks
    blocks/HASH                                     256 kB of a snapshot, or its rest
    contents/GENERATION-HASH.json                   whose images are there whole
    pages/DOCUMENT-REVISION/N.webp                  page images
    index/ENCODER/EDITION/                          manifest and probe
    index/ENCODER/EDITION/DOCUMENT-REVISION.safetensors    multi-vectors
    index/ENCODER/EDITION/DOCUMENT-REVISION.centroids      sign bits of page centroids
    index/ENCODER/EDITION/HASH.lists                inverted lists
    index/ENCODER/EDITION/HASH.vocabulary           words of the library with their vectors
    stale.json                                      what waits to be deleted, and since when

EDITION is a hash of the manifest and the probe, so that vectors that a changed
encoder made never meet the old ones. Of a library in shards `head.json` names all of them,
and each has the other keys below `shards/NAME`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Protocol, TypeVar

from ingest.page import Document

Opened = TypeVar("Opened")
SHARDS_FILE = "shards.json"
"""The list of shards, in a home and in its mirror."""
HEAD = "head.json"
STALE = "stale.json"
ABOUT = ("probe.png", "probe.npz", "manifest.json")
"""What an index holds besides vectors; the manifest, by which an index is found, last."""


INVERTED_LISTS = "inverted.lists"
"""An index's file of inverted lists, which is written again as the library grows."""
LISTED_CODES = "inverted.codes"
"""Centroids of the pages in the lists, written with them; not published."""
VOCABULARY = "vocabulary"
"""An index's file of the library's words with their vectors."""


class Replica(Protocol):
    """A local copy of another home's library, fetched file by file where it is needed."""

    url: str
    database: Path
    index: Path
    shards_file: Path

    def shard(self, name: str) -> Replica:
        """The copy of a shard's library, where the library is in shards."""
        ...

    def refresh(self) -> None:
        """Bring the copy up to the newest state."""
        ...

    def path(self, key: str) -> Path:
        """Where the file under a key is once it has been fetched."""
        ...

    def fetch(self, key: str) -> Path:
        """The file under a key. Raises FileNotFoundError where there is none."""
        ...

    def read(self, key: str) -> bytes:
        """The bytes under a key. Raises FileNotFoundError where there are none."""
        ...

    def open(self, key: str, load: Callable[[Path], Opened]) -> Opened:
        """Result of `load` for the file under a key.

        The result is kept while the file is. Raises FileNotFoundError.
        """
        ...

    def prefetch(self, keys: Sequence[str]) -> None:
        """Fetch several files at once."""
        ...

    def has(self, key: str) -> bool:
        """Whether there is a file under a key."""
        ...


def shard_prefix(name: str) -> str:
    """Key prefix of a shard."""
    return f"shards/{name}"


def page_folder(document_id: str, revision: str) -> str:
    """Key prefix of a document's page images."""
    return f"pages/{document_id}-{revision}"


def vectors_key(slug: str, edition: str, document: Document) -> str:
    """Key of a document's vector file."""
    return f"index/{slug}/{edition}/{document.id}-{document.revision}.safetensors"


def centroids_key(slug: str, edition: str, document: Document) -> str:
    """Key of a document's page centroids."""
    return f"index/{slug}/{edition}/{document.id}-{document.revision}.centroids"


def lists_key(slug: str, edition: str, content: str) -> str:
    """Key of inverted lists, by a hash of their content."""
    return f"index/{slug}/{edition}/{content}.lists"


def vocabulary_name(slug: str) -> str:
    """Name of an index's vocabulary among the hashes of its lists."""
    return f"{slug}/{VOCABULARY}"


def vocabulary_key(slug: str, edition: str, content: str) -> str:
    """Key of a vocabulary, by a hash of its content."""
    return f"index/{slug}/{edition}/{content}.{VOCABULARY}"


def find_edition(folder: Path) -> str:
    """Edition of the index in a folder: a hash of its manifest files."""
    digest = hashlib.sha256()
    for name in ("manifest.json", "probe.npz"):
        path = folder / name
        digest.update(path.read_bytes() if path.exists() else b"")
    return digest.hexdigest()[:16]


def hash_file(path: Path) -> str:
    """Hash of a file's content, to name it by."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()[:16]
