"""Chroma: one record a page, in a collection an encoder; nearest pages by inner product.

Embedded in the home, or on a server (ingest.index.server). A collection on a server
has a name of its own, kept in the index's folder once it is whole, so that a
question never goes to one that is empty, half filled or another home's.

Facts about Chroma 1.5.9 that shape this file (tried, not documented): at most
5,461 records a call; one process that has a collection open does not see
another's changes until it opens the folder anew, still names what was deleted,
and fails where a filter fits what was added; one "system" is shared by all
clients in a process that spell the folder's path alike.
"""

from __future__ import annotations

import itertools
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from ingest.index.scrub import scrub
from ingest.index.server import RecordsMissing, Remote, disconnect, elsewhere
from ingest.library.atomic import discard, write_atomically
from ingest.library.home import RecordServer
from ingest.page import Page

if TYPE_CHECKING:
    from chromadb.api import ClientAPI
    from chromadb.api.models.Collection import Collection

AT_ONCE = 5_000
MOST_VALUES = 10_000
"""Documents that a filter may name; many more are too many variables for Chroma's SQLite."""


@dataclass(frozen=True, slots=True)
class Where:
    """Which records a question may find: of these documents, with numbers from `first` to `last`."""

    document_ids: tuple[str, ...] | None = None
    first: int | None = None
    last: int | None = None

    @property
    def nothing(self) -> bool:
        """Whether no record can fit."""
        return self.document_ids == ()

    def as_filter(self) -> Any:
        """As Chroma takes it; None where every record fits."""
        parts: list[Any] = []
        if self.document_ids is not None:
            parts.append(_among(self.document_ids))
        if self.first is not None:
            parts.append({"number": {"$gte": self.first}})
        if self.last is not None:
            parts.append({"number": {"$lte": self.last}})
        return {"$and": parts} if len(parts) > 1 else parts[0] if parts else None


_spellings = itertools.count(1)


class Records:
    """The records of one encoder. The client is opened when first needed: importing it takes seconds."""

    def __init__(
        self,
        folder: Path,
        encoder: str,
        server: RecordServer | None = None,
        home_id: str = "",
        note: Path | None = None,
    ) -> None:
        self._path = str(folder)
        self._embedded = f"pageglass-{encoder}"
        self._server = server
        self._head = f"{collection_head(home_id)}{encoder}-"
        self._note = note
        self._new: str | None = None
        self._client: ClientAPI | None = None
        self._collection: Collection | Remote | None = None

    def _open(self) -> Collection | Remote:
        if self._collection is None:
            self._collection = (
                self._open_remote(self._server) if self._server else self._open_here()
            )
        return self._collection

    def _open_remote(self, server: RecordServer) -> Remote:
        if self._name is None:
            raise elsewhere(f"The Chroma server at {server.url} has not")
        self._client = server.connect()
        return Remote(server, self._client, self._name)

    def _open_here(self) -> Collection:
        import chromadb
        from chromadb.config import Settings

        if self._name is not None and self._new is None:
            raise elsewhere("The embedded Chroma has not")
        # A spelling of its own, so that closing this client really closes its view of the folder.
        self._client = chromadb.PersistentClient(
            self._path + "/." * next(_spellings), settings=Settings(anonymized_telemetry=False)
        )
        return self._client.get_or_create_collection(
            self._embedded, embedding_function=None, configuration={"hnsw": {"space": "ip"}}
        )

    @property
    def _name(self) -> str | None:
        """The collection on a server, by the index's own note; None where there is no note."""
        if self._new:
            return self._new
        if self._note is None or not self._note.exists():
            return None
        return self._note.read_text(encoding="utf-8")

    @property
    def held(self) -> bool:
        """Whether it is open, as it was at that moment: only the embedded Chroma; a server always tells what is."""
        return self._collection is not None and self._server is None

    def synced(self) -> bool:
        """Whether the records are in the Chroma in use. Opens nothing where it is the embedded one."""
        if self._server is None:
            return self._name is None
        try:
            self._open()
        except RecordsMissing:
            self.close()
            return False
        return True

    def create(self) -> None:
        """Begin the collection anew, empty; of one on a server `note` says that it is whole."""
        self.close()
        if self._server:
            self._new = self._head + uuid.uuid4().hex[:12]
            self._client = self._server.connect()
            self._collection = Remote(self._server, self._client, self._new, make=True)
        else:
            self._new = self._embedded
            self.drop()
            self.close()

    def note(self) -> None:
        """Keep in the index's folder where its records are; nothing stays behind in the home."""
        if self._server and self._note and self._new:
            write_atomically(self._note, self._new.encode())
            discard(Path(self._path))
        elif self._note:
            discard(self._note)
        self._new = None

    def close(self) -> None:
        """Let go of Chroma; the next use opens it anew and sees what others wrote."""
        if self._client is not None:
            disconnect(self._client)
        self._client = self._collection = None

    def drop(self) -> None:
        """Delete the collection whole."""
        name = self._name if self._server else self._embedded
        if self._server and not self.synced():
            return
        self._open()
        if self._client is not None and name:
            self._client.delete_collection(name)
        self._collection = None

    def upsert(self, pages: Sequence[Page], vectors: npt.NDArray[np.float32]) -> None:
        """Put in, or replace, a record a page; `vectors` is (pages, dim).

        Raises:
            ValueError: a vector has a value that is no number.
        """
        if not np.isfinite(vectors).all():
            raise ValueError("a page's vector has values that are no numbers")
        for at in range(0, len(pages), AT_ONCE):
            some = pages[at : at + AT_ONCE]
            self._open().upsert(
                ids=[page.key for page in some],
                embeddings=vectors[at : at + AT_ONCE],
                metadatas=[{"document": page.document_id, "number": page.number} for page in some],
            )
        self._scrub()

    def delete(self, document_ids: Sequence[str]) -> None:
        """Delete every record of these documents."""
        for at in range(0, len(document_ids), AT_ONCE):
            self._open().delete(where=_among(document_ids[at : at + AT_ONCE]))
        self._scrub()

    def _scrub(self) -> None:
        if self._server is None:
            scrub(Path(self._path))

    def nearest(
        self, vector: npt.NDArray[np.float32], count: int, where: Where | None = None
    ) -> list[str]:
        """Keys of the pages with the largest inner product with `vector` (dim,), about the best first.

        Approximate (HNSW).

        Raises:
            ValueError: the vector has a value that is no number.
        """
        if not np.isfinite(vector).all():
            raise ValueError("the question's vector has values that are no numbers")
        if where is not None and where.nothing:
            return []
        if self._server is None:
            from chromadb.errors import InternalError

            try:
                return self._query(vector, count, where)
            except InternalError:
                # The filter fits a record that another process put there since this was opened.
                self.close()
        return self._query(vector, count, where)

    def _query(self, vector: npt.NDArray[np.float32], count: int, where: Where | None) -> list[str]:
        found = self._open().query(
            query_embeddings=vector[None],
            n_results=count,
            where=where.as_filter() if where else None,
            include=[],
        )
        return list(found["ids"][0])

    def keys(self) -> set[str]:
        """The key of every record."""
        return set(self._open().get(include=[])["ids"])


def collection_head(home_id: str) -> str:
    """How the names of a home's collections on a server begin."""
    return f"pageglass-{home_id}-"


def _among(document_ids: Sequence[str]) -> Any:
    """A filter on the document; Chroma takes well over 10,000 values, SQLite under it 32,766."""
    return {"document": {"$in": list(document_ids)}}
