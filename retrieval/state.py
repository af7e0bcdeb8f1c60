"""What a searcher knows of a home at one moment: its pages in order, and their mapped vectors.

Never changed once made; when the library moves on, a new one takes its place,
keeping what is still true.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from ingest.index import Index
from ingest.library import Library, PageRecord
from ingest.page import Document, Vectors
from ingest.vectors import DocumentVectors
from retrieval.maxsim import pool_passages

PASSAGE_ROWS = 64
"""Rows pooled into one passage for the dense signal; better than 128, and as good as encoding passages."""


@dataclass(slots=True)
class Mapped:
    """A document in one index: its rows, and its passages once asked for."""

    vectors: DocumentVectors
    _passages: tuple[Vectors, npt.NDArray[np.int64]] | None = None

    @property
    def passages(self) -> tuple[Vectors, npt.NDArray[np.int64]]:
        """Pooled rows of every page and their offsets."""
        if self._passages is None:
            rows, offsets = self.vectors.vectors, self.vectors.offsets
            self._passages = pool_passages(rows, offsets, PASSAGE_ROWS)
        return self._passages


@dataclass(slots=True)
class State:
    """A library's pages as of one generation."""

    generation: int
    documents: Mapping[str, Document]
    pages: Sequence[PageRecord]
    mapped: dict[tuple[str, str, str], Mapped] = field(default_factory=dict)

    @classmethod
    def read(cls, library: Library, before: State | None) -> State:
        """The library as it is now; documents that have not changed keep their mapped vectors."""
        with library.snapshot():
            documents = {document.id: document for document in library.documents()}
            state = cls(library.generation, documents, library.page_records())
        revisions = {(document.id, document.revision) for document in documents.values()}
        if before:
            state.mapped.update(
                {key: mapped for key, mapped in before.mapped.items() if key[1:] in revisions}
            )
        return state

    def open(self, index: Index, document_id: str) -> Mapped:
        """A document's vectors in an index.

        Raises:
            FileNotFoundError: the index does not have it, or no longer.
        """
        document = self.documents[document_id]
        key = (index.manifest.encoder, document.id, document.revision)
        if key not in self.mapped:
            self.mapped[key] = Mapped(index.vectors(document))
        return self.mapped[key]
