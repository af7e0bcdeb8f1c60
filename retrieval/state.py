"""What a searcher knows of a home at one moment: its documents, its pages where they are few, and opened vectors.

Never changed once in use, but for what it opens; when the library moves on, a new
one takes its place, keeping what is still true.
"""

from __future__ import annotations

import threading
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from ingest.index.index import Index
from ingest.index.quantization import SignCodes, sign_bytes
from ingest.index.vector_file import DocumentVectors
from ingest.library.library import Library
from ingest.library.pages import PageRecord
from ingest.page import Document
from retrieval.scoring.scores import CandidateBatch

MAX_PENDING_PAGES = 1_000
"""Pages that came or went since Chroma was opened, before it is opened anew."""
MAX_OPEN_DOCUMENTS = 8_192
"""Documents whose vectors are held at once: a few KB each, up to 32 KB of a photo's."""
MAX_MAPPED_DOCUMENTS = 128
"""Documents of a library with more pages than are all scored that stay mapped; each holds a file open."""
Opener = Callable[[Index, Document], DocumentVectors]
"""Gives a document's multi-vectors in an index; raises FileNotFoundError where there are none."""


@dataclass(frozen=True, slots=True)
class IndexBaseline:
    """What the library had when Chroma was opened."""

    documents: Mapping[str, Document]
    derived: int


@dataclass(slots=True)
class LibrarySnapshot:
    """A library as of one generation.

    `pages` is every page in order, None where there are more than the searcher
    scores exactly; `frequency` remembers in how many pages a term stands; `pending`
    are documents that Chroma, as it was opened, may not know.
    """

    generation: int
    documents: Mapping[str, Document]
    page_count: int
    pages: Sequence[PageRecord] | None
    derived: int = 0
    pending: Mapping[str, Document] = field(default_factory=dict)
    frequency: dict[str, int] = field(default_factory=dict)
    opened: dict[tuple[str, str, str], DocumentVectors] = field(default_factory=dict)
    opener: Opener = Index.vectors
    _mapped: dict[int, DocumentVectors] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @classmethod
    def read(
        cls,
        library: Library,
        before: LibrarySnapshot | None,
        most_pages: int,
        opener: Opener = Index.vectors,
    ) -> LibrarySnapshot:
        """The library as it is now; documents that have not changed keep their opened vectors."""
        with library.snapshot():
            documents = {document.id: document for document in library.documents()}
            count = library.page_count()
            pages = library.page_records() if count <= most_pages else None
            state = cls(library.generation, documents, count, pages, library.derived, opener=opener)
        revisions = {(document.id, document.revision) for document in documents.values()}
        if before:
            state.opened.update(
                {key: held for key, held in before.held().items() if key[1:] in revisions}
            )
        return state

    def can_reuse(self, opened: IndexBaseline) -> bool:
        """Whether Chroma still serves, with the `pending` beside it that have come since it was opened.

        Opening it takes half a second and more where it holds 100,000 pages. What it
        still has of documents that are gone is passed over.
        """
        gone = [d for d in opened.documents.values() if d.id not in self.documents]
        pending = [
            document
            for document in self.documents.values()
            if (before := opened.documents.get(document.id)) is None
            or before.revision != document.revision
        ]
        if (
            self.derived != opened.derived
            or sum(d.page_count for d in (*gone, *pending)) > MAX_PENDING_PAGES
        ):
            return False
        self.pending = {document.id: document for document in pending}
        return True

    def open(self, index: Index, document_id: str) -> DocumentVectors:
        """A document's vectors in an index.

        Raises:
            FileNotFoundError: the index does not have it, or no longer.
        """
        document = self.documents[document_id]
        if index.mirrored:  # to be let go of when the cache does
            return index.vectors(document)
        key = (index.manifest.encoder, document.id, document.revision)
        if (held := self.opened.get(key)) and len(self.opened) < MAX_OPEN_DOCUMENTS // 2:
            return held
        with self._lock:
            if key in self.opened:  # the last used is the last to go
                held = self.opened[key] = self.opened.pop(key)
                return held
        held = self.opener(index, document)
        with self._lock:
            held = self.opened.setdefault(key, held)
            if len(self.opened) > MAX_OPEN_DOCUMENTS:
                del self.opened[next(iter(self.opened))]
        return held

    def unmap(self, parts: Sequence[CandidateBatch]) -> None:
        """Let go of the mappings of documents that were not asked for of late, where they may be many.

        Args:
            parts: what was asked for now.
        """
        if self.pages is not None:
            return
        with self._lock:
            for held in (part.held for part in parts if part.held.mapped):
                self._mapped[id(held)] = self._mapped.pop(id(held), held)
            while len(self._mapped) > MAX_MAPPED_DOCUMENTS:
                self._mapped.pop(next(iter(self._mapped))).unmap()

    def parts(
        self, library: Library, index: Index, pages: Sequence[tuple[str, int]]
    ) -> list[CandidateBatch]:
        """Pages, by document id and number, with their vectors in an index; without those that it does not have.

        Raises:
            FileNotFoundError: a document has been removed.
        """
        by_document: dict[str, list[int]] = defaultdict(list)
        for i, (document_id, _) in enumerate(pages):
            by_document[document_id].append(i)
        found = self._open_all(library, index, by_document)
        return [
            CandidateBatch(held, np.array([pages[i][1] for i in places]), np.array(places))
            for document_id, places in by_document.items()
            if (held := found.get(document_id))
        ]

    def centroids(
        self, library: Library, index: Index, pages: Sequence[tuple[str, int]]
    ) -> list[SignCodes]:
        """Gists of pages, by document id and number; without rows those that the index does not have.

        Raises:
            FileNotFoundError: a document has been removed.
        """
        found = self._open_all(library, index, dict.fromkeys(id_ for id_, _ in pages))
        none = np.zeros((0, sign_bytes(index.manifest.dim)), np.uint8)
        return [
            held.centroids(number) if (held := found.get(document_id)) else none
            for document_id, number in pages
        ]

    def _open_all(
        self, library: Library, index: Index, document_ids: Iterable[str]
    ) -> dict[str, DocumentVectors]:
        """The vectors of those documents that an index has."""
        known = [document_id for document_id in document_ids if document_id in self.documents]
        if index.mirrored:
            index.prefetch([self.documents[document_id] for document_id in known])
        found = {}
        for document_id in known:
            try:
                found[document_id] = self.open(index, document_id)
            except FileNotFoundError:
                if library.generation != self.generation:
                    raise  # else it is an index that is still being made
        return found

    def count(self, library: Library, terms: Iterable[str]) -> None:
        """Come to know in how many pages each of these terms stands."""
        unknown = set(terms) - self.frequency.keys()
        self.frequency.update(library.page_frequency(unknown))

    def held(self) -> dict[tuple[str, str, str], DocumentVectors]:
        """The vectors opened so far, by encoder, document and revision."""
        with self._lock:
            return dict(self.opened)
