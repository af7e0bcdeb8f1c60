"""Quantization comparison: copies of a library's vectors in other formats.

The library itself does not change; the copies are in a temporary folder.
"""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Self

from ingest.index.convert import convert
from ingest.index.index import Index, open_indexes
from ingest.index.quantization import QUANTIZATIONS, Quantization, parse_quantization
from ingest.index.vector_file import DocumentVectors
from ingest.library.home import Home
from ingest.library.library import Library
from ingest.page import Document


def read_kinds(names: Sequence[str]) -> list[Quantization]:
    """Quantizations by name, fp16 first as the baseline; "all" is every one.

    Raises:
        UnknownQuantization: a name is unknown.
    """
    if not names:
        return []
    wanted = set(QUANTIZATIONS) if "all" in names else {parse_quantization(name) for name in names}
    return [kind for kind in QUANTIZATIONS if kind in wanted | {QUANTIZATIONS[0]}]


class Converted:
    """A temporary copy of every index's vectors in one quantization.

    Args:
        folder: the folder for the copy; None takes the system's temporary one.

    Raises:
        LossyConversion: an index has int8 rows, and the quantization fp16 rows.
    """

    def __init__(self, home: Home, kind: Quantization, folder: Path | None = None) -> None:
        self.kind = kind
        self._folder = tempfile.TemporaryDirectory(prefix="pageglass-", dir=folder)
        self._root = Path(self._folder.name)
        self._sizes: dict[str, int] = {}
        try:
            documents = Library(home).documents()
            for index in open_indexes(home):
                self._convert(index, documents)
                index.records.close()
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Delete the copy."""
        self._folder.cleanup()

    def open(self, index: Index, document: Document) -> DocumentVectors:
        """A document's vectors, as `Index.vectors`, from the copy.

        Raises:
            FileNotFoundError: the document was not in the index when it was copied.
        """
        return DocumentVectors(self._path(index, document))

    @property
    def size(self) -> int:
        """Bytes of the copy."""
        return sum(self._sizes.values())

    def resize(self, corpus: dict[str, Any]) -> dict[str, Any]:
        """The result of `describe` with the sizes of the copy."""
        indexes = [
            {**i, "bytes": self._sizes[i["encoder"]], "quantization": self.kind}
            for i in corpus["indexes"]
        ]
        return {**corpus, "indexes": indexes}

    def _convert(self, index: Index, documents: Sequence[Document]) -> None:
        size = 0
        for document in documents:
            if index.has(document):
                path = self._path(index, document)
                aside, center = self._root / "aside", index.manifest.center
                convert(index.vectors(document), path, aside, self.kind, center)
                size += path.stat().st_size
        self._sizes[index.manifest.encoder] = size

    def _path(self, index: Index, document: Document) -> Path:
        return self._root / index.manifest.slug / index.path(document).name
