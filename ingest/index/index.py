"""Index of one encoder: the vectors of every page, derived from the library.

HOME/index/ENCODER/manifest.json    which encoder, model, dim and format
HOME/index/ENCODER/DOCUMENT-REVISION.safetensors    multi-vectors (ingest.index.vector_file)
HOME/index/ENCODER/inverted.lists, inverted.codes    pages by clusters (ingest.index.inverted)
HOME/index/ENCODER/vocabulary       words with their vectors (ingest.index.vocabulary)
HOME/index/chroma/                  a record a page (ingest.index.chroma): its vector is a
                                    fixed-dimensional encoding of its rows (ingest.index.muvera)
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import numpy.typing as npt

from ingest.disk.atomic import discard
from ingest.encoders.encoder import Encoder
from ingest.index.centroids import CENTER_SHARE
from ingest.index.chroma import Records, Where, collection_prefix
from ingest.index.convert import check_convertible, convert
from ingest.index.manifest import IndexFormatError, Manifest, read_manifest
from ingest.index.quantization import DEFAULT, Quantization
from ingest.index.server import RecordsMissing
from ingest.index.vector_file import DocumentVectors
from ingest.index.vector_writer import VectorWriter
from ingest.library.home import Home
from ingest.library.keys import (
    INVERTED_LISTS,
    LISTED_CODES,
    VOCABULARY,
    find_edition,
    vectors_key,
)
from ingest.page import Document, Page, PageVectors, Vectors


class Index:
    """The index of one encoder in a home."""

    def __init__(self, home: Home, manifest: Manifest) -> None:
        self.manifest = manifest
        self.folder = home.index / manifest.slug
        names = (INVERTED_LISTS, LISTED_CODES, VOCABULARY)
        self.lists_path, self.codes_path, self.vocabulary_path = map(self.folder.joinpath, names)
        self.records = Records(
            home.chroma,
            manifest.slug,
            home.server,
            home.id if home.server else "",
            self.folder / "collection",
        )
        self._staging = home.staging
        self.replica = home.replica
        self.edition = find_edition(self.folder) if self.replica else ""
        self._lacks_server = self.replica is not None and home.server is None

    @classmethod
    def create(
        cls,
        home: Home,
        encoder: Encoder,
        quantization: Quantization | None = None,
        **provenance: str,
    ) -> Index:
        """Open an encoder's index, or create an empty one.

        Args:
            quantization: how a new index stores rows, None for fp16; an existing index keeps its own.
            provenance: what else a new manifest records, such as the resolution of the pages.

        Raises:
            IndexFormatError: there is one of another format or model.
        """
        wanted = Manifest.of(encoder)
        path = home.index / wanted.slug / "manifest.json"
        if new := not path.exists():
            from ingest.index.probe import write_probe  # draws: no search needs it

            write_probe(path.parent, encoder)
            merged = {**wanted.provenance, **provenance}
            replace(wanted, provenance=merged, quantization=quantization or DEFAULT).write(path)
        index = cls(home, read_manifest(path))
        if not index.manifest.fits(wanted):
            raise IndexFormatError(
                f"The index of {encoder.name} was made with {_describe(index.manifest)}, not {_describe(wanted)}.",
                hint="Rebuild the index, or give the settings that it was made with.",
            )
        if new and home.server:
            index.records.create()
            index.records.commit()
        return index

    def writer(self, document: Document) -> VectorWriter:
        """Open a writer of a document's vector file, which is in place once it is closed."""
        target = self.path(document)
        aside = self._staging / f"{self.manifest.slug}-{target.name}"
        return VectorWriter(
            target,
            aside,
            self.manifest.dim,
            self.manifest.quantization,
            lambda: self.manifest.center,
            self.manifest.centroids,
        )

    def reread(self) -> bool:
        """Take in the manifest as another writer left it; False if that is another index."""
        path = self.folder / "manifest.json"
        if not path.exists():
            return False
        before, self.manifest = self.manifest, read_manifest(path)
        return self.manifest.fits(before) and (
            not before.center or self.manifest.center == before.center
        )

    def quantize(self, quantization: Quantization, documents: Sequence[Document]) -> bool:
        """Convert the vector files to a quantization; whether any had to be.

        The writer's lock must be held. An interrupted conversion continues the
        next time: each file records its own quantization, and searches follow it.

        Raises:
            LossyConversion: fp16 rows are wanted, and the stored rows are int8.
        """
        held = {d: self.vectors(d).quantization for d in documents if self.has(d)}
        waiting = [document for document, current in held.items() if current != quantization]
        if quantization == self.manifest.quantization and not waiting:
            return False
        for document in waiting:
            check_convertible(held[document], quantization)
        self.manifest = replace(self.manifest, quantization=quantization)
        self.manifest.write(self.folder / "manifest.json")
        for document in waiting:
            target = self.path(document)
            aside = self._staging / f"{self.manifest.slug}-{target.name}"
            convert(self.vectors(document), target, aside, quantization, self.manifest.center)
        return True

    def vectors(self, document: Document) -> DocumentVectors:
        """Open a document's multi-vectors.

        Raises:
            FileNotFoundError: the document has been removed, or is not in this index.
        """
        if self.replica:
            return self.replica.open(
                self._key(document), lambda path: DocumentVectors(path, keep=True)
            )
        return DocumentVectors(self.path(document))

    @property
    def mirrored(self) -> bool:
        """Whether vectors come from an object store, through a bounded cache."""
        return self.replica is not None

    def prefetch(self, documents: Sequence[Document]) -> None:
        """In a mirror, fetch the vector files of these documents together."""
        if self.replica:
            self.replica.prefetch([self._key(document) for document in documents])

    def has(self, document: Document) -> bool:
        """Whether the document's current revision has been encoded."""
        if self.replica:
            return self.replica.has(self._key(document))
        return self.path(document).exists()

    def remove(self, document_ids: Sequence[str]) -> None:
        """Delete the records and vector files of these documents."""
        self.records.delete(document_ids)
        for document_id in document_ids:
            for path in self.folder.glob(f"{document_id}-*.safetensors"):
                discard(path)

    def sweep(self, documents: Sequence[Document]) -> None:
        """Delete vector files of anything but the current revisions of these documents."""
        kept = {self.path(document).name for document in documents}
        for path in self.folder.glob("*.safetensors"):
            if path.name not in kept:
                discard(path)

    def sweep_revisions(self, documents: Sequence[Document]) -> None:
        """Delete the vector files of earlier revisions of these documents."""
        for document in documents:
            for path in self.folder.glob(f"{document.id}-*.safetensors"):
                if path != self.path(document):
                    discard(path)

    def fit_center(self, encoded: Sequence[PageVectors]) -> None:
        """Set the center to the mean of these pages' rows, if it is not set yet.

        The writer's lock must be held.
        """
        means = [seen.vectors.mean(axis=0) for seen in encoded if len(seen.vectors)]
        if means and not self.manifest.center:
            center = tuple(np.stack(means).mean(axis=0).round(6).tolist())
            self.manifest = replace(self.manifest, center=center)
            self.manifest.write(self.folder / "manifest.json")

    def encode_fde(self, seen: PageVectors) -> npt.NDArray[np.float32]:
        """Encode a page's rows as its Chroma vector (size,)."""
        return self.manifest.fde.encode_page(seen.vectors)

    def put(self, pages: Sequence[Page], encoded: Sequence[PageVectors]) -> None:
        """Put a record of each page that has rows into Chroma."""
        some = [
            (page, self.encode_fde(seen))
            for page, seen in zip(pages, encoded, strict=True)
            if len(seen.vectors)
        ]
        if some:
            self.records.upsert([page for page, _ in some], np.stack([v for _, v in some]))

    def nearest(
        self,
        query: Vectors,
        weights: npt.NDArray[np.float32],
        count: int,
        where: Where | None = None,
    ) -> list[str]:
        """Keys of the pages that `nearest_scored` finds, nearest first."""
        return list(self.nearest_scored(query, weights, count, where))

    def nearest_scored(
        self,
        query: Vectors,
        weights: npt.NDArray[np.float32],
        count: int,
        where: Where | None = None,
    ) -> dict[str, float]:
        """Find the pages nearest to a query by an approximation of MaxSim.

        Returns it by their keys, nearest first.

        Args:
            query: rows (q, dim).
            weights: one a row (q,).
            count: pages at most.
            where: restricts the records.

        Raises:
            RecordsMissing: the home is a mirror, and no Chroma server is given.
        """
        if self._lacks_server:
            raise RecordsMissing(
                "A mirror has no records: the embedded Chroma is not published.",
                hint="Use one Chroma server here and where the library is written, or search"
                " exhaustively.",
            )
        vector = self.manifest.fde.encode_query(query, weights)
        return self.records.nearest_scored(vector, count, where)

    def center_query(self, query: Vectors) -> Vectors:
        """Subtract a share of the center from query rows (q, dim).

        The result is for scoring sign bits of centroids.
        """
        if not self.manifest.center:
            return np.asarray(query, np.float32)
        return np.asarray(query - CENTER_SHARE * np.array(self.manifest.center), np.float32)

    def path(self, document: Document) -> Path:
        """The path of a document's vector file; in a mirror, that in the cache."""
        if self.replica:
            return self.replica.path(self._key(document))
        return self.folder / f"{document.id}-{document.revision}.safetensors"

    def _key(self, document: Document) -> str:
        return vectors_key(self.manifest.slug, self.edition, document)


def _describe(manifest: Manifest) -> str:
    pooled = f", {manifest.pool_factor} rows pooled into one" if manifest.pool_factor > 1 else ""
    return f"{manifest.model}{pooled}"


def drop_index(home: Home, index: Index) -> None:
    """Delete one encoder's index. The writer's lock must be held."""
    index.records.drop()
    index.records.close()
    discard(index.folder)


def drop_indexes(home: Home) -> None:
    """Delete every index of a home. The writer's lock must be held."""
    if home.server:
        home.server.delete_collections(collection_prefix(home.id))
    discard(home.index)


def open_indexes(home: Home) -> list[Index]:
    """Open every index of a home, in order of their slugs.

    Raises:
        IndexFormatError: one has another format.
    """
    return [Index(home, read_manifest(path)) for path in sorted(home.index.glob("*/manifest.json"))]
