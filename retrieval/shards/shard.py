"""Shard: one of the libraries searched together, and how all are asked."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache
from typing import TypeVar

from ingest.error import StorageError
from ingest.index.index import Index
from ingest.index.vector_file import DocumentVectors
from ingest.library.library import Library
from ingest.replica.object_store import ObjectStoreError
from retrieval.snapshot import LibrarySnapshot

Result = TypeVar("Result")
MAX_THREADS = 32


class ShardFailed(Exception):
    """A shard could not be read while it was searched; `name` is its name."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.name = name


@dataclass(frozen=True, slots=True)
class Shard:
    """A library as of one snapshot; `name` is "" for one that is no shard.

    Chroma is queried under `lock`.
    """

    name: str
    library: Library
    snapshot: LibrarySnapshot
    indexes: Sequence[Index]
    lock: threading.RLock

    def index(self, encoder: str) -> Index | None:
        """The index of an encoder, if there is one."""
        return next((i for i in self.indexes if i.manifest.encoder == encoder), None)

    def open(self, encoder: str, document_id: str) -> DocumentVectors:
        """A document's vectors. Raises FileNotFoundError where the encoder has none of it."""
        if (index := self.index(encoder)) is None:
            raise FileNotFoundError(f"{encoder} of {document_id}")
        return self.snapshot.open(index, document_id)


def ask_shards(shards: Sequence[Shard], question: Callable[[Shard], Result]) -> list[Result]:
    """What each shard answers, in their order; several are asked at once, on threads.

    Raises:
        ShardFailed: one of several cannot be read.
    """
    if len(shards) == 1:
        return [_ask(shards[0], question)]
    futures = [_pool().submit(_ask, shard, question) for shard in shards]
    return [future.result() for future in futures]


def _ask(shard: Shard, question: Callable[[Shard], Result]) -> Result:
    try:
        return question(shard)
    except (FileNotFoundError, ObjectStoreError):
        raise  # a document was removed, or has moved to another shard; or no shard can be asked
    except (sqlite3.DatabaseError, StorageError, OSError) as error:
        if not shard.name:
            raise
        raise ShardFailed(shard.name) from error


@cache
def _pool() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(MAX_THREADS, "shard")
