"""Document draft: pages collected in the staging folder until all are there."""

from __future__ import annotations

import shutil
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import numpy.typing as npt

from ingest.disk.atomic import sync
from ingest.index.index import Index
from ingest.index.vector_writer import VectorWriter
from ingest.library.home import Home
from ingest.library.writer import PageRow
from ingest.page import Document, Page, PageVectors, PhotoInfo, Rendered


@dataclass(slots=True)
class Draft:
    """Collects a document page by page, on disk where it is bulky.

    `readable` says whether any of its pages could be read, `has_attachments` whether
    files are attached to it.
    """

    document: Document
    images: Path
    indexes: dict[str, Index]
    writers: dict[str, VectorWriter]
    rows: list[PageRow] = field(default_factory=list)
    readable: bool = False
    has_attachments: bool = False
    photo: PhotoInfo | None = None
    fde_vectors: dict[str, list[tuple[Page, npt.NDArray[np.float32]]]] = field(default_factory=dict)

    @classmethod
    def start(cls, home: Home, indexes: list[Index], document: Document) -> Draft:
        """Make room in staging for a document's images and vectors."""
        images = home.staging / f"{document.id}-{document.revision}"
        images.mkdir()
        by_name = {index.manifest.encoder: index for index in indexes}
        writers = {name: index.writer(document) for name, index in by_name.items()}
        return cls(document, images, by_name, writers)

    @property
    def complete(self) -> bool:
        """Whether every page has been added."""
        return len(self.rows) == self.document.page_count

    def add(self, rendered: Rendered, encoded: dict[str, PageVectors]) -> None:
        """The next page, with what each encoder made of it."""
        image = self.images / f"{rendered.page.number}.webp"
        image.write_bytes(rendered.image)
        sync(image)
        for encoder, seen in encoded.items():
            self.writers[encoder].append(seen)
            if len(seen.vectors):
                fde_vectors = self.fde_vectors.setdefault(encoder, [])
                fde_vectors.append((rendered.page, self.indexes[encoder].encode_fde(seen)))
        self.rows.append(PageRow.of(rendered))
        self.readable = self.readable or not rendered.unreadable

    def discard(self) -> None:
        """Throw it away; open part files go with staging."""
        shutil.rmtree(self.images, ignore_errors=True)
        for writer in self.writers.values():
            writer.discard()
