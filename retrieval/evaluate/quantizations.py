"""A home's multi-vectors made into another kind of storage for a while, to measure what it costs there.

The home itself is not changed: what is made lies in a folder that goes when it
is closed.
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
    """Kinds by their names, fp16 first, which the others are compared with; "all" is every kind.

    Raises:
        UnknownQuantization: there is none of a name.
    """
    if not names:
        return []
    wanted = set(QUANTIZATIONS) if "all" in names else {parse_quantization(name) for name in names}
    return [kind for kind in QUANTIZATIONS if kind in wanted | {QUANTIZATIONS[0]}]


class Converted:
    """Every index of a home as one kind of storage.

    Args:
        folder: where to make it; the system's folder for temporary files if None.

    Raises:
        LossyConversion: an index holds int8 rows, and the kind has fp16 ones.
    """

    def __init__(self, home: Home, kind: Quantization, folder: Path | None = None) -> None:
        self.kind = kind
        self._made = tempfile.TemporaryDirectory(prefix="pageglass-", dir=folder)
        self._root = Path(self._made.name)
        self._sizes: dict[str, int] = {}
        try:
            documents = Library(home).documents()
            for index in open_indexes(home):
                self._make(index, documents)
                index.records.close()
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Delete what was made."""
        self._made.cleanup()

    def open(self, index: Index, document: Document) -> DocumentVectors:
        """As `Index.vectors`, of the kind.

        Raises:
            FileNotFoundError: the document was not in the index when this was made.
        """
        return DocumentVectors(self._path(index, document))

    @property
    def size(self) -> int:
        """Bytes of all that was made."""
        return sum(self._sizes.values())

    def resize(self, corpus: dict[str, Any]) -> dict[str, Any]:
        """What `describe` says of the home, with the sizes of the kind."""
        indexes = [
            {**i, "bytes": self._sizes[i["encoder"]], "quantization": self.kind}
            for i in corpus["indexes"]
        ]
        return {**corpus, "indexes": indexes}

    def _make(self, index: Index, documents: Sequence[Document]) -> None:
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
