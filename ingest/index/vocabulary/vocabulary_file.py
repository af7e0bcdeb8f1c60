"""Vocabulary file: words that a library prints, and their vectors, in one file.

Derived from the library's full-text index. One safetensors file beside an encoder's
vector files, replaced whole and memory-mapped: `words` are sorted, with a line end
between, with `vectors` (n, dim) int8 and `scales`. `documents` are the names (as of the inverted lists) of those it was made of.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from ingest.error import StorageError
from ingest.index.quantization import Rows
from ingest.index.tensor_layout import FileIdentity, OpenFile, map_tensors, write_tensors
from ingest.page import Vectors

_MEMBERS = ("words", "vectors", "scales", "documents")


class InvalidVocabulary(StorageError):
    """The file of a vocabulary cannot be read."""

    code = "invalid-vocabulary"


@dataclass(frozen=True)
class Vocabulary:
    """Words in order, and the vector of each."""

    words: Sequence[str]
    rows: Rows
    documents: Sequence[str] = ()
    identity: FileIdentity = (0, 0, 0)

    @property
    def vectors(self) -> Vectors:
        """Unit rows (n, dim)."""
        return self.rows.dequantize()

    def write(self, path: Path) -> None:
        """Put the vocabulary in the file's place, whole."""
        scales = self.rows.scales
        assert scales is not None
        tensors: dict[str, npt.NDArray[Any]] = {
            "scales": np.asarray(scales, np.float32).reshape(-1),
            "vectors": np.asarray(self.rows.values, np.int8),
            "words": _pack(self.words),
            "documents": _pack(self.documents),
        }
        write_tensors(path, tensors)


def read_vocabulary(path: Path, known: Vocabulary | None = None) -> Vocabulary | None:
    """The vocabulary of a file; None where there is none.

    Args:
        known: one that was read before, returned where it is of the same file.

    Raises:
        InvalidVocabulary: the file is damaged.
    """
    if (file := OpenFile.find(path)) is None:
        return None
    if known is not None and known.identity == file.identity:
        return known
    try:
        tensors = map_tensors(file, _MEMBERS)
        words, documents = (_unpack(tensors[name]) for name in ("words", "documents"))
        sizes = {len(words), *(len(tensors[name]) for name in ("vectors", "scales"))}
    except (ValueError, KeyError, TypeError) as error:
        raise _damaged(path, str(error)) from error
    if len(sizes) > 1:
        raise _damaged(path, "its tensors have other lengths than each other")
    rows = Rows(tensors["vectors"], tensors["scales"])
    return Vocabulary(words, rows, documents, file.identity)


def _pack(texts: Sequence[str]) -> npt.NDArray[np.uint8]:
    return np.frombuffer("\n".join(texts).encode(), np.uint8)


def _unpack(packed: npt.NDArray[np.uint8]) -> list[str]:
    return packed.tobytes().decode().split("\n") if len(packed) else []


def _damaged(path: Path, what: str) -> InvalidVocabulary:
    return InvalidVocabulary(f"{path} is damaged: {what}.", hint="The next ingest makes it again.")
