"""Chroma records: one record a page, in one collection an encoder.

They are searched by inner product. Embedded in the home, or on a server
(ingest.index.server). A collection on a server has a unique name, stored in the
index's folder once it is complete, so that a query never goes to one that is empty,
incomplete or another home's.

Facts about Chroma 1.5.9 that this file depends on (tried, not documented): a call
takes at most 5,461 records; a process that has a collection open does not see
another's changes until it opens the folder again, still returns what was deleted,
and fails where a filter matches what was added; all clients of a process that
spell a folder's path alike share one "system".
"""

from __future__ import annotations

import itertools
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from ingest.disk.atomic import discard, write_atomically
from ingest.index.scrub import scrub
from ingest.index.server import (
    RecordsMissing,
    RemoteCollection,
    disconnect,
    records_missing,
)
from ingest.library.home import RecordServer
from ingest.page import Page

if TYPE_CHECKING:
    from chromadb.api import ClientAPI
    from chromadb.api.models.Collection import Collection
    from chromadb.config import Settings

AT_ONCE = 5_000
"""Records a call."""
MAX_FILTER_VALUES = 10_000
"""Documents in one filter; many more exceed the number of SQL variables."""


@dataclass(frozen=True, slots=True)
class Where:
    """Record filter: of these documents, with page numbers from `first` to `last`."""

    document_ids: tuple[str, ...] | None = None
    first: int | None = None
    last: int | None = None

    @property
    def nothing(self) -> bool:
        """Whether no record can match."""
        return self.document_ids == ()

    def as_filter(self) -> Any:
        """The filter in Chroma's form; None if every record matches."""
        parts: list[Any] = []
        if self.document_ids is not None:
            parts.append(_in_documents(self.document_ids))
        if self.first is not None:
            parts.append({"number": {"$gte": self.first}})
        if self.last is not None:
            parts.append({"number": {"$lte": self.last}})
        return {"$and": parts} if len(parts) > 1 else parts[0] if parts else None


_spellings = itertools.count(1)


class Records:
    """Collection of one encoder's records in Chroma.

    Chroma is imported and opened on first use: it takes seconds.
    """

    def __init__(
        self,
        folder: Path,
        encoder: str,
        server: RecordServer | None = None,
        home_id: str = "",
        name_file: Path | None = None,
    ) -> None:
        self._path = str(folder)
        self._embedded = f"pageglass-{encoder}"
        self._server = server
        self._prefix = f"{collection_prefix(home_id)}{encoder}-"
        self._name_file = name_file
        self._new: str | None = None
        self._client: ClientAPI | None = None
        self._collection: Collection | RemoteCollection | None = None

    def _open(self) -> Collection | RemoteCollection:
        if self._collection is None:
            self._collection = (
                self._open_remote(self._server) if self._server else self._open_embedded()
            )
        return self._collection

    def _open_remote(self, server: RecordServer) -> RemoteCollection:
        if self._name is None:
            raise records_missing(f"The Chroma server at {server.url}")
        self._client = server.connect()
        return RemoteCollection(server, self._client, self._name)

    def _open_embedded(self) -> Collection:
        import chromadb

        if self._name is not None and self._new is None:
            raise records_missing("The embedded Chroma")
        # A unique spelling of the path, so that closing this client closes its view of the folder.
        self._client = chromadb.PersistentClient(
            self._path + "/." * next(_spellings), settings=_settings().model_copy()
        )
        return self._client.get_or_create_collection(
            self._embedded, embedding_function=None, configuration={"hnsw": {"space": "ip"}}
        )

    @property
    def _name(self) -> str | None:
        """The name of the collection on a server, as stored in the index's folder; None if none is."""
        if self._new:
            return self._new
        if self._name_file is None or not self._name_file.exists():
            return None
        return self._name_file.read_text(encoding="utf-8")

    @property
    def snapshot(self) -> bool:
        """Whether an embedded collection is open.

        It does not see later changes; a collection on a server does.
        """
        return self._collection is not None and self._server is None

    def synced(self) -> bool:
        """Whether the records are in the Chroma in use. Does not open an embedded one."""
        if self._server is None:
            return self._name is None
        try:
            self._open()
        except RecordsMissing:
            self.close()
            return False
        return True

    def create(self) -> None:
        """Create an empty collection in place of the old one.

        On a server, `commit` completes it.
        """
        self.close()
        if self._server:
            self._new = self._prefix + uuid.uuid4().hex[:12]
            self._client = self._server.connect()
            self._collection = RemoteCollection(self._server, self._client, self._new, create=True)
        else:
            self._new = self._embedded
            self.drop()
            self.close()

    def commit(self) -> None:
        """Store in the index's folder where its records are, and delete the embedded ones."""
        if self._server and self._name_file and self._new:
            write_atomically(self._name_file, self._new.encode())
            discard(Path(self._path))
        elif self._name_file:
            discard(self._name_file)
        self._new = None

    def close(self) -> None:
        """Close the client.

        The next use opens it again and sees what other processes wrote.
        """
        if self._client is not None:
            disconnect(self._client)
        self._client = self._collection = None

    def drop(self) -> None:
        """Delete the collection."""
        name = self._name if self._server else self._embedded
        if self._server and not self.synced():
            return
        self._open()
        if self._client is not None and name:
            self._client.delete_collection(name)
        self._collection = None

    def upsert(self, pages: Sequence[Page], vectors: npt.NDArray[np.float32]) -> None:
        """Insert or replace a record for each page; `vectors` is (pages, dim).

        Raises:
            ValueError: a vector has NaN or infinity.
        """
        if not np.isfinite(vectors).all():
            raise ValueError("a page's vector has NaN or infinity")
        for at in range(0, len(pages), AT_ONCE):
            some = pages[at : at + AT_ONCE]
            self._open().upsert(
                ids=[page.key for page in some],
                embeddings=vectors[at : at + AT_ONCE],
                metadatas=[{"document": page.document_id, "number": page.number} for page in some],
            )
        self._scrub()

    def delete(self, document_ids: Sequence[str]) -> None:
        """Delete the records of these documents."""
        for at in range(0, len(document_ids), AT_ONCE):
            self._open().delete(where=_in_documents(document_ids[at : at + AT_ONCE]))
        self._scrub()

    def _scrub(self) -> None:
        if self._server is None:
            scrub(Path(self._path))

    def nearest(
        self, vector: npt.NDArray[np.float32], count: int, where: Where | None = None
    ) -> list[str]:
        """Query the keys of the pages of the largest inner product with `vector` (dim,).

        Approximate (HNSW), nearest first.

        Raises:
            ValueError: the vector has NaN or infinity.
        """
        return list(self.nearest_scored(vector, count, where))

    def nearest_scored(
        self, vector: npt.NDArray[np.float32], count: int, where: Where | None = None
    ) -> dict[str, float]:
        """As `nearest`, with the inner products by key."""
        if not np.isfinite(vector).all():
            raise ValueError("the query's vector has NaN or infinity")
        if where is not None and where.nothing:
            return {}
        if self._server is None:
            from chromadb.errors import InternalError

            try:
                return self._query(vector, count, where)
            except InternalError:
                # The filter matches a record that another process added since this was opened.
                self.close()
        return self._query(vector, count, where)

    def _query(
        self, vector: npt.NDArray[np.float32], count: int, where: Where | None
    ) -> dict[str, float]:
        found = self._open().query(
            query_embeddings=vector[None],
            n_results=count,
            where=where.as_filter() if where else None,
            include=["distances"],
        )
        distances = found["distances"]
        assert distances is not None  # they are asked for
        # Chroma's distance of inner products is 1 less the product.
        products = (1 - distance for distance in distances[0])
        return dict(zip(found["ids"][0], products, strict=True))

    def keys(self) -> set[str]:
        """The keys of all records."""
        return set(self._open().get(include=[])["ids"])


@cache
def _settings() -> Settings:
    """Settings of an embedded Chroma, read once: it takes 70 ms to look for them in the environment."""
    from chromadb.config import Settings

    return Settings(anonymized_telemetry=False)


def collection_prefix(home_id: str) -> str:
    """The prefix of the names of a home's collections on a server."""
    return f"pageglass-{home_id}-"


def _in_documents(document_ids: Sequence[str]) -> Any:
    """A filter on the document. Chroma takes well over 10,000 values, its SQLite 32,766."""
    return {"document": {"$in": list(document_ids)}}
