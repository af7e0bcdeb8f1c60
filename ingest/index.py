"""An index: what one encoder made of every page. Derived from the library, never the truth.

    HOME/index/ENCODER/manifest.json    which encoder, model, dim and format
    HOME/index/ENCODER/DOCUMENT-REVISION.safetensors    full multi-vectors (ingest.vectors)
    HOME/index/chroma/                  a record a page (ingest.chroma)

A page's Chroma vector is the mean of its rows, so its inner product with the
sum of a question's rows bounds nothing but orders well: the one-cell case of a
fixed-dimensional encoding (MUVERA, Dhulipala et al. 2024, arXiv:2405.19504).
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from ingest.chroma import Records
from ingest.encoders.encoder import Encoder
from ingest.fault import Fault
from ingest.home import Home, discard, write_atomically
from ingest.page import Document, Page, PageVectors, Vectors
from ingest.vectors import DocumentVectors, VectorWriter

FORMAT = 1


class IndexFormat(Fault):
    """The index was written by a version, or with a model, that this one cannot use."""


@dataclass(frozen=True, slots=True)
class Manifest:
    """What an index remembers of its encoder."""

    encoder: str
    model: str
    dim: int
    format: int = FORMAT


class Index:
    """The index of one encoder in a home."""

    def __init__(self, home: Home, manifest: Manifest) -> None:
        self.manifest = manifest
        self.folder = home.index / manifest.encoder
        self.records = Records(home.chroma, manifest.encoder)
        self._staging = home.staging

    @classmethod
    def create(cls, home: Home, encoder: Encoder) -> Index:
        """Open the encoder's index, or make an empty one.

        Raises:
            IndexFormat: there is one, made with another model or by a newer version.
        """
        wanted = Manifest(encoder.name, encoder.model, encoder.dim)
        path = home.index / encoder.name / "manifest.json"
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            write_atomically(path, json.dumps(asdict(wanted), indent=2).encode())
        index = cls(home, read_manifest(path))
        if index.manifest != wanted:
            raise IndexFormat(
                f"The {encoder.name} index was made with {index.manifest.model}, not {wanted.model}.",
                remedy=f"Delete {path.parent} and run `pageglass ingest --rebuild`.",
            )
        return index

    def writer(self, document: Document) -> VectorWriter:
        """Write a document's multi-vectors page by page; they are in place once it is closed."""
        target = self.path(document)
        aside = self._staging / f"{self.manifest.encoder}-{target.name}"
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


def drop_indexes(home: Home) -> None:
    """Delete every index whole. The writer's lock must be held."""
    discard(home.index)


def open_indexes(home: Home) -> list[Index]:
    """Every index of a home, by encoder name.

    Raises:
        IndexFormat: one was written by a newer version.
    """
    return [Index(home, read_manifest(path)) for path in sorted(home.index.glob("*/manifest.json"))]


def read_manifest(path: Path) -> Manifest:
    """Read a manifest.

    Raises:
        IndexFormat: a newer version wrote it.
    """
    values: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    if values["format"] > FORMAT:
        raise IndexFormat(
            f"The index in {path.parent} has format {values['format']}; this pageglass reads up to {FORMAT}.",
            remedy="Upgrade pageglass, or delete the folder and ingest again.",
        )
    return Manifest(values["encoder"], values["model"], values["dim"], values["format"])
