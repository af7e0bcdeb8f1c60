"""Chroma: one record a page, in a collection an encoder; nearest pages by inner product.

Facts about Chroma 1.5.9 that shape this file (tried, not documented): at most
5,461 records a call; one process that has a collection open does not see
another's changes until it opens the folder anew; one "system" is shared by all
clients in a process that spell the folder's path alike.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

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

    def __init__(self, folder: Path, encoder: str) -> None:
        # A spelling of its own, so that closing this client really closes its view of the folder.
        self._path = str(folder) + "/." * next(_spellings)
        self._name = f"pageglass-{encoder}"
        self._client: ClientAPI | None = None
        self._collection: Collection | None = None

    def _open(self) -> Collection:
        if self._collection is None:
            import chromadb
            from chromadb.config import Settings

            self._client = chromadb.PersistentClient(
                self._path, settings=Settings(anonymized_telemetry=False)
            )
            self._collection = self._client.get_or_create_collection(
                self._name, embedding_function=None, configuration={"hnsw": {"space": "ip"}}
            )
        return self._collection

    def close(self) -> None:
        """Let go of the folder; the next use opens it anew and sees what others wrote."""
        if self._client is not None:
            self._client.close()  # type: ignore[attr-defined]
        self._client = self._collection = None

    def drop(self) -> None:
        """Delete the collection whole."""
        self._open()
        if self._client is not None:
            self._client.delete_collection(self._name)
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

    def delete(self, document_ids: Sequence[str]) -> None:
        """Delete every record of these documents."""
        for at in range(0, len(document_ids), AT_ONCE):
            self._open().delete(where=_among(document_ids[at : at + AT_ONCE]))

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


def _among(document_ids: Sequence[str]) -> Any:
    """A filter on the document; Chroma takes well over 10,000 values, SQLite under it 32,766."""
    return {"document": {"$in": list(document_ids)}}
