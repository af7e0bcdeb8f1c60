"""An index: what one encoder made of every page. Derived from the library, never the truth.

    HOME/index/ENCODER/manifest.json    which encoder, model, dim and format
    HOME/index/ENCODER/DOCUMENT-REVISION.safetensors    full multi-vectors (ingest.vectors)
    HOME/index/chroma/                  a record a page (ingest.chroma)

A page's Chroma vector is the mean of its rows, so its inner product with the
sum of a question's rows bounds nothing but orders well: the one-cell case of a
fixed-dimensional encoding (MUVERA, Dhulipala et al. 2024, arXiv:2405.19504).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import numpy.typing as npt

from ingest.chroma import Records, collection_head
from ingest.encoders.encoder import Encoder
from ingest.home import Home, discard
from ingest.manifest import IndexFormat, Manifest, read_manifest
from ingest.page import Document, Page, PageVectors, Vectors
from ingest.probe import write_probe
from ingest.vectors import DocumentVectors, VectorWriter


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

    @classmethod
    def create(cls, home: Home, encoder: Encoder, **made: str) -> Index:
        """Open the encoder's index, or make an empty one.

        Args:
            made: what else a new index should remember, such as the resolution of its pages.

        Raises:
            IndexFormat: there is one, made with another model or by another version.
        """
        wanted = Manifest.of(encoder)
        path = home.index / wanted.slug / "manifest.json"
        new = not path.exists()
        if new:
            write_probe(path.parent, encoder)
            replace(wanted, made={**wanted.made, **made}).write(path)
        index = cls(home, read_manifest(path))
        if not index.manifest.fits(wanted):
            raise IndexFormat(
                f"The index of {encoder.name} was made with {_say(index.manifest)}, not {_say(wanted)}.",
                remedy="Run `pageglass ingest --rebuild` to derive it anew, or give the old settings.",
            )
        if new and home.server:
            index.records.create()
            index.records.note()
        return index

    def writer(self, document: Document) -> VectorWriter:
        """Write a document's multi-vectors page by page; they are in place once it is closed."""
        target = self.path(document)
        aside = self._staging / f"{self.manifest.slug}-{target.name}"
        return VectorWriter(target, aside, self.manifest.dim)

    def vectors(self, document: Document) -> DocumentVectors:
        """A document's multi-vectors.

        Raises:
            FileNotFoundError: it has been removed, or is not in this index.
        """
        return DocumentVectors(self.path(document))

    def has(self, document: Document) -> bool:
        """Whether the document, as it is now, has been encoded."""
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

    def path(self, document: Document) -> Path:
        """Where a document's multi-vectors are."""
        return self.folder / f"{document.id}-{document.revision}.safetensors"


def pool(rows: Vectors) -> npt.NDArray[np.float32]:
    """The mean of rows (n, dim) as one vector (dim,); zeros where there are none."""
    if not len(rows):
        return np.zeros(rows.shape[1], np.float32)
    mean: npt.NDArray[np.float32] = rows.mean(axis=0, dtype=np.float32)
    return mean


def pooled_records(
    pages: Sequence[Page], encoded: Sequence[PageVectors]
) -> tuple[list[Page], npt.NDArray[np.float32]]:
    """The pages that have rows, and their Chroma vectors (pages, dim)."""
    some = [
        (page, pool(seen.vectors))
        for page, seen in zip(pages, encoded, strict=True)
        if len(seen.vectors)
    ]
    return [page for page, _ in some], np.stack([v for _, v in some]) if some else np.zeros(
        (0, 0), np.float32
    )


def _say(manifest: Manifest) -> str:
    pooled = f", {manifest.pool} rows merged into one" if manifest.pool > 1 else ""
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
        IndexFormat: one was written by a newer version.
    """
    return [Index(home, read_manifest(path)) for path in sorted(home.index.glob("*/manifest.json"))]
