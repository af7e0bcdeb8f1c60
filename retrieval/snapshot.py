"""Library snapshot: documents, pages and opened vectors as of one generation.

It changes in nothing but what it has opened. When the library moves on, a new
snapshot takes its place and keeps what is still valid.
"""

from __future__ import annotations

import threading
from collections import defaultdict
from collections.abc import Callable, Container, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

import numpy as np

from ingest.index.centroid_file import fetch_centroids, prefetch_centroids
from ingest.index.index import Index
from ingest.index.quantization import SignCodes, sign_bytes
from ingest.index.tensor_layout import FloatRows
from ingest.index.vector_file import DocumentVectors
from ingest.library.library import Library
from ingest.library.pages import PageRecord
from ingest.page import Document
from retrieval.listed_pages import ListedPages
from retrieval.scoring.joined_rows import JoinedRows
from retrieval.scoring.scores import CandidateBatch

MAX_PENDING_PAGES = 1_000
"""Chroma is reopened once more pages than this have been added or removed."""
MAX_OPEN_DOCUMENTS = 8_192
"""Documents whose vectors are open at once: a few KB each, up to 32 KB for a photo."""
MAX_MAPPED_DOCUMENTS = 128
"""Documents that stay memory-mapped in a library whose pages are not all scored; each holds a file open."""
JOINED_BYTES = 32 << 20
"""Rows of one kind that are held joined, of a library whose pages are all scored."""
MAX_RECORDS = 16_384
"""Records of pages that are held, half a KB each; dropped when there are more."""
Found = TypeVar("Found")
Opener = Callable[[Index, Document], DocumentVectors]
"""Opens a document's vectors in an index; raises FileNotFoundError where there are none."""


@dataclass(frozen=True, slots=True)
class IndexBaseline:
    """The library's documents when Chroma was opened."""

    documents: Mapping[str, Document]
    derived: int


@dataclass(slots=True)
class LibrarySnapshot:
    """A library as of one generation.

    `pages` is every page in order, None where there are more than the searcher
    scores exhaustively; `frequency` caches how many pages hold a term; `pending`
    are documents that Chroma may not know, as they came after it was opened; `hidden`
    are documents that another shard has too, and that are left to it.
    """

    generation: int
    documents: Mapping[str, Document]
    page_count: int
    pages: Sequence[PageRecord] | None
    derived: int = 0
    pending: Mapping[str, Document] = field(default_factory=dict)
    hidden: frozenset[str] = frozenset()
    frequency: dict[str, int] = field(default_factory=dict)
    opened: dict[tuple[str, str, str], DocumentVectors] = field(default_factory=dict)
    opener: Opener = Index.vectors
    _records: dict[str, PageRecord] = field(default_factory=dict)
    _mapped: dict[int, DocumentVectors] = field(default_factory=dict)
    _joined: dict[tuple[str, FloatRows], JoinedRows | None] = field(default_factory=dict)
    _listed: dict[str, ListedPages | None] = field(default_factory=dict)
    _listed_before: dict[str, ListedPages | None] = field(default_factory=dict)
    _joining: threading.Lock = field(default_factory=threading.Lock)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @classmethod
    def read(
        cls,
        library: Library,
        previous: LibrarySnapshot | None,
        most_pages: int,
        opener: Opener = Index.vectors,
        elsewhere: Container[str] = frozenset(),
    ) -> LibrarySnapshot:
        """The library at present; unchanged documents keep their opened vectors.

        Args:
            elsewhere: documents that are left to other shards.
        """
        with library.snapshot():
            every = {document.id: document for document in library.documents()}
            documents = {id_: d for id_, d in every.items() if id_ not in elsewhere}
            hidden = every.keys() - documents.keys()
            count = library.page_count() - sum(every[id_].page_count for id_ in hidden)
            pages = library.page_records() if count <= most_pages else None
            if pages and hidden:
                pages = [record for record in pages if record.page.document_id in documents]
            snapshot = cls(
                library.generation,
                documents,
                count,
                pages,
                library.derived,
                opener=opener,
                hidden=frozenset(hidden),
            )
        revisions = {(document.id, document.revision) for document in documents.values()}
        if previous:
            snapshot.opened.update(
                {
                    key: vectors
                    for key, vectors in previous.opened_vectors().items()
                    if key[1:] in revisions
                }
            )
            snapshot._listed_before = previous._listed_before | previous._listed
        return snapshot

    def can_reuse(self, baseline: IndexBaseline) -> bool:
        """Whether Chroma can stay open; sets `pending`, the documents added since.

        Opening it takes half a second or more with 100,000 pages. Its records of
        removed documents are skipped.
        """
        removed = [d for d in baseline.documents.values() if d.id not in self.documents]
        pending = [
            document
            for document in self.documents.values()
            if (known := baseline.documents.get(document.id)) is None
            or known.revision != document.revision
        ]
        if (
            self.derived != baseline.derived
            or sum(d.page_count for d in (*removed, *pending)) > MAX_PENDING_PAGES
        ):
            return False
        self.pending = {document.id: document for document in pending}
        return True

    def listed(self, index: Index) -> ListedPages | None:
        """The pages that an index's inverted lists name; None where it has none.

        Raises:
            InvalidLists: their file is damaged.
        """
        name = index.manifest.encoder
        with self._lock:
            if name not in self._listed:
                before = self._listed_before.get(name)
                self._listed[name] = ListedPages.open(index, self.documents, before)
            return self._listed[name]

    def open(self, index: Index, document_id: str) -> DocumentVectors:
        """A document's vectors in an index.

        Raises:
            FileNotFoundError: the index does not have it, or no longer.
        """
        document = self.documents[document_id]
        if index.mirrored:  # the mirror's cache decides how long
            return index.vectors(document)
        key = (index.manifest.encoder, document.id, document.revision)
        if (vectors := self.opened.get(key)) and len(self.opened) < MAX_OPEN_DOCUMENTS // 2:
            return vectors
        with self._lock:
            if key in self.opened:  # the most recently used is dropped last
                vectors = self.opened[key] = self.opened.pop(key)
                return vectors
        vectors = self.opener(index, document)
        with self._lock:
            vectors = self.opened.setdefault(key, vectors)
            if len(self.opened) > MAX_OPEN_DOCUMENTS:
                del self.opened[next(iter(self.opened))]
        return vectors

    def unmap(self, batches: Sequence[CandidateBatch]) -> None:
        """Unmap the least recently used documents, where more than the limit are mapped.

        Args:
            batches: what was scored just now.
        """
        if self.pages is not None:
            return
        with self._lock:
            for vectors in (b.vectors for b in batches if b.vectors.mapped):
                self._mapped[id(vectors)] = self._mapped.pop(id(vectors), vectors)
            while len(self._mapped) > MAX_MAPPED_DOCUMENTS:
                self._mapped.pop(next(iter(self._mapped))).unmap()

    def joined(self, library: Library, index: Index, kind: FloatRows) -> JoinedRows | None:
        """Rows of every page, read once; None where they are not all there, or too many.

        Raises:
            FileNotFoundError: a document has been removed.
        """
        if self.pages is None or index.mirrored:
            return None
        key = (index.manifest.encoder, kind)
        with self._joining:
            if key not in self._joined:
                addresses = [(record.page.document_id, record.page.number) for record in self.pages]
                batches = self.batches(library, index, addresses)
                if sum(len(batch.positions) for batch in batches) < len(self.pages):
                    return None  # the index is still being built
                self._joined[key] = JoinedRows.read(batches, kind, JOINED_BYTES)
            return self._joined[key]

    def records_of(self, library: Library, keys: Iterable[str]) -> list[PageRecord]:
        """Records of the pages with these keys, in order; each is read once."""
        held = {key: self._records.get(key) for key in keys}
        if missing := [key for key, record in held.items() if record is None]:
            read = {record.page.key: record for record in library.records_of(missing)}
            held.update(read)
            with self._lock:
                if len(self._records) + len(read) > MAX_RECORDS:
                    self._records.clear()
                self._records.update(read)
        found = [record for record in held.values() if record is not None]
        return sorted(found, key=lambda record: (record.page.document_id, record.page.number))

    def batches(
        self, library: Library, index: Index, pages: Sequence[tuple[str, int]]
    ) -> list[CandidateBatch]:
        """Batches of pages, given by document id and number, that an index has.

        Raises:
            FileNotFoundError: a document has been removed.
        """
        by_document: dict[str, list[int]] = defaultdict(list)
        for i, (document_id, _) in enumerate(pages):
            by_document[document_id].append(i)
        opened = self._open_all(library, index, by_document)
        return [
            CandidateBatch(vectors, np.array([pages[i][1] for i in positions]), np.array(positions))
            for document_id, positions in by_document.items()
            if (vectors := opened.get(document_id))
        ]

    def centroids(
        self, library: Library, index: Index, pages: Sequence[tuple[str, int]]
    ) -> list[SignCodes]:
        """Sign codes of the centroids of pages.

        Empty for pages that the index does not have.

        Raises:
            FileNotFoundError: a document has been removed.
        """
        wanted = dict.fromkeys(id_ for id_, _ in pages)
        none = np.zeros((0, sign_bytes(index.manifest.dim)), np.uint8)
        if index.mirrored:
            prefetch_centroids(index, [self.documents[id_] for id_ in wanted])
            fetched = self._of_all(
                library, wanted, lambda id_: fetch_centroids(index, self.documents[id_])
            )
            return [
                fetched[document_id][number - 1] if document_id in fetched else none
                for document_id, number in pages
            ]
        opened = self._open_all(library, index, wanted)
        return [
            vectors.centroids(number) if (vectors := opened.get(document_id)) else none
            for document_id, number in pages
        ]

    def _open_all(
        self, library: Library, index: Index, document_ids: Iterable[str]
    ) -> dict[str, DocumentVectors]:
        """The vectors, by document id, of the documents that an index has."""
        known = [document_id for document_id in document_ids if document_id in self.documents]
        if index.mirrored:
            index.prefetch([self.documents[document_id] for document_id in known])
        return self._of_all(library, known, lambda id_: self.open(index, id_))

    def _of_all(
        self, library: Library, document_ids: Iterable[str], find: Callable[[str], Found]
    ) -> dict[str, Found]:
        """What `find` finds of documents, by their ids; of those that it lacks, nothing."""
        found = {}
        for document_id in document_ids:
            try:
                found[document_id] = find(document_id)
            except FileNotFoundError:
                if library.generation != self.generation:
                    raise  # otherwise the index is still being built
        return found

    def count_pages(self, library: Library, terms: Iterable[str]) -> None:
        """Cache how many pages hold each of these terms."""
        unknown = set(terms) - self.frequency.keys()
        self.frequency.update(library.page_frequency(unknown))

    def opened_vectors(self) -> dict[tuple[str, str, str], DocumentVectors]:
        """Opened vectors by encoder, document id and revision."""
        with self._lock:
            return dict(self.opened)
