"""An index: what one encoder made of every page. Derived from the library, never the truth.

    HOME/index/ENCODER/manifest.json    which encoder, model, dim and format
    HOME/index/ENCODER/DOCUMENT-REVISION.safetensors    full multi-vectors (ingest.index.vector_file)
    HOME/index/chroma/                  a record a page (ingest.index.chroma)

A page's Chroma vector is a fixed-dimensional encoding of its rows (ingest.index.muvera).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import numpy.typing as npt

from ingest.encoders.encoder import Encoder
from ingest.index.centroids import CENTER_SHARE
from ingest.index.chroma import Records, Where, collection_head
from ingest.index.manifest import IndexFormatError, Manifest, read_manifest
from ingest.index.probe import write_probe
from ingest.index.quantization import DEFAULT, Quantization
from ingest.index.server import RecordsMissing
from ingest.index.vector_file import DocumentVectors, VectorWriter, check_convertible, convert
from ingest.library.atomic import discard
from ingest.library.home import Home
from ingest.library.keys import find_edition, vectors_key
from ingest.page import Document, Page, PageVectors, Vectors


class Index:
    """The index of one encoder in a home."""

    def __init__(self, home: Home, manifest: Manifest) -> None:
        self.manifest = manifest
        self.folder = home.index / manifest.slug
        self.records = Records(
            home.chroma,
            manifest.slug,
            home.server,
            home.id if home.server else "",
            self.folder / "collection",
        )
        self._staging = home.staging
        self._replica = home.replica
        self._edition = find_edition(self.folder) if self._replica else ""
        self._lacks_server = self._replica is not None and home.server is None

    @classmethod
    def create(
        cls,
        home: Home,
        encoder: Encoder,
        quantization: Quantization | None = None,
        **provenance: str,
    ) -> Index:
        """Open the encoder's index, or make an empty one.

        Args:
            storage: how a new index keeps rows, None as fp16; one that is there stays as it is.
            made: what else a new index should remember, such as the resolution of its pages.

        Raises:
            IndexFormatError: there is one, made with another model or by another version.
        """
        wanted = Manifest.of(encoder)
        path = home.index / wanted.slug / "manifest.json"
        new = not path.exists()
        if new:
            write_probe(path.parent, encoder)
            kept = {**wanted.provenance, **provenance}
            replace(wanted, provenance=kept, quantization=quantization or DEFAULT).write(path)
        index = cls(home, read_manifest(path))
        if not index.manifest.fits(wanted):
            raise IndexFormatError(
                f"The index of {encoder.name} was made with {_say(index.manifest)}, not {_say(wanted)}.",
                hint="Run `pageglass ingest --rebuild` to derive it anew, or give the old settings.",
            )
        if new and home.server:
            index.records.create()
            index.records.note()
        return index

    def writer(self, document: Document) -> VectorWriter:
        """Write a document's multi-vectors page by page; they are in place once it is closed."""
        target = self.path(document)
        aside = self._staging / f"{self.manifest.slug}-{target.name}"
        kind, dim, centroid_rows = (
            self.manifest.quantization,
            self.manifest.dim,
            self.manifest.centroid_rows,
        )
        return VectorWriter(target, aside, dim, kind, lambda: self.manifest.center, centroid_rows)

    def quantize(self, quantization: Quantization, documents: Sequence[Document]) -> bool:
        """Make what is held into another kind; whether anything was to do. The writer's lock must be held.

        What is cut off goes on the next time: each file says of which kind it is,
        and a search takes it so.

        Raises:
            LossyConversion: fp16 rows are wanted, and rows are int8.
        """
        held = {d: self.vectors(d).kind for d in documents if self.has(d)}
        waiting = [document for document, kind in held.items() if kind != quantization]
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
        """A document's multi-vectors.

        Raises:
            FileNotFoundError: it has been removed, or is not in this index.
        """
        if self._replica:
            return self._replica.open(
                self._key(document), lambda path: DocumentVectors(path, keep=True)
            )
        return DocumentVectors(self.path(document))

    @property
    def mirrored(self) -> bool:
        """Whether vectors come from a store, through a cache that lets go of them when it is full."""
        return self._replica is not None

    def prefetch(self, documents: Sequence[Document]) -> None:
        """In a mirror, fetch together the multi-vectors that are about to be read."""
        if self._replica:
            self._replica.prefetch([self._key(document) for document in documents])

    def has(self, document: Document) -> bool:
        """Whether the document, as it is now, has been encoded."""
        if self._replica:
            return self._replica.has(self._key(document))
        return self.path(document).exists()

    def remove(self, document_ids: Sequence[str]) -> None:
        """Delete all that is derived from these documents."""
        self.records.delete(document_ids)
        for document_id in document_ids:
            for path in self.folder.glob(f"{document_id}-*.safetensors"):
                discard(path)

    def sweep(self, documents: Sequence[Document]) -> None:
        """Delete multi-vector files that belong to no document as it is now."""
        kept = {self.path(document).name for document in documents}
        for path in self.folder.glob("*.safetensors"):
            if path.name not in kept:
                discard(path)

    def sweep_revisions(self, documents: Sequence[Document]) -> None:
        """Delete the multi-vectors of these documents' earlier revisions."""
        for document in documents:
            for path in self.folder.glob(f"{document.id}-*.safetensors"):
                if path != self.path(document):
                    discard(path)

    def fit_center(self, encoded: Sequence[PageVectors]) -> None:
        """Remember what to take off every row, the first time there are any. The writer's lock must be held."""
        means = [seen.vectors.mean(axis=0) for seen in encoded if len(seen.vectors)]
        if means and not self.manifest.center:
            center = tuple(np.stack(means).mean(axis=0).round(6).tolist())
            self.manifest = replace(self.manifest, center=center)
            self.manifest.write(self.folder / "manifest.json")

    def encode_fde(self, seen: PageVectors) -> npt.NDArray[np.float32]:
        """A page's Chroma vector."""
        return self.manifest.fde.encode_page(seen.vectors)

    def put(self, pages: Sequence[Page], encoded: Sequence[PageVectors]) -> None:
        """Give Chroma a record of each of these pages that has rows."""
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
        """Keys of the pages that are likely to score best by MaxSim, about the best first.

        Args:
            query: rows (q, dim), each with its weight (q,).

        Raises:
            RecordsMissing: the home is a mirror, and no Chroma server is given.
        """
        if self._lacks_server:
            raise RecordsMissing(
                "A mirror has no records of pages: the embedded Chroma is not published.",
                hint="Set PAGEGLASS_CHROMA, there and where the library is, to one Chroma server,"
                " or PAGEGLASS_EXHAUSTIVE_PAGES to more than there are pages.",
            )
        encode_fde = self.manifest.fde.encode_query(query, weights)
        return self.records.nearest(encode_fde, count, where)

    def center_query(self, query: Vectors) -> Vectors:
        """A question's rows (q, dim) as gists are asked with them: less a share of the centre, about which their bits are."""
        if not self.manifest.center:
            return np.asarray(query, np.float32)
        return np.asarray(query - CENTER_SHARE * np.array(self.manifest.center), np.float32)

    def path(self, document: Document) -> Path:
        """Where a document's multi-vectors are; in a mirror, once they have been fetched."""
        if self._replica:
            return self._replica.path(self._key(document))
        return self.folder / f"{document.id}-{document.revision}.safetensors"

    def _key(self, document: Document) -> str:
        return vectors_key(self.manifest.slug, self._edition, document)


def _say(manifest: Manifest) -> str:
    pooled = f", {manifest.pool_factor} rows merged into one" if manifest.pool_factor > 1 else ""
    return f"{manifest.model}{pooled}"


def drop_index(home: Home, index: Index) -> None:
    """Delete one encoder's index. The writer's lock must be held."""
    index.records.drop()
    index.records.close()
    discard(index.folder)


def drop_indexes(home: Home) -> None:
    """Delete every index whole. The writer's lock must be held."""
    if home.server:
        home.server.delete_collections(collection_head(home.id))
    discard(home.index)


def open_indexes(home: Home) -> list[Index]:
    """Every index of a home, by encoder name.

    Raises:
        IndexFormatError: one was written by a newer version.
    """
    return [Index(home, read_manifest(path)) for path in sorted(home.index.glob("*/manifest.json"))]
