"""Inverted lists: the pages of an index by clusters of their centroids.

A page is in the list of each of its centroids' sign codes. One safetensors file,
replaced whole: `codebook` (lists, dim) fp32 holds the means of the lists,
`postings` uint32 the pages of list i from `ends[i]` to `ends[i + 1]`, each by its
place in the order of documents. `documents` (documents, bytes) are their ids and
revisions, padded with zeros; document i has pages `pages[i]` to `pages[i + 1]`.
`trained` is the number of pages that the codebook was computed for.
The file is memory-mapped: a search reads the lists that it needs, 4 bytes a page.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from ingest.error import StorageError
from ingest.index.tensor_layout import FileIdentity, OpenFile, map_tensors, write_tensors
from ingest.page import Document, Vectors

_MEMBERS = {"codebook", "postings", "ends", "documents", "pages", "trained"}


class InvalidLists(StorageError):
    """The file of inverted lists cannot be read."""

    code = "invalid-lists"


@dataclass(frozen=True)
class InvertedLists:
    """Lists of pages, memory-mapped or in memory."""

    codebook: Vectors
    postings: npt.NDArray[np.uint32]
    ends: npt.NDArray[np.int64]
    documents: tuple[str, ...]
    pages: npt.NDArray[np.int64]
    trained: int
    identity: FileIdentity = (0, 0, 0)

    @cached_property
    def page_count(self) -> int:
        """The number of pages that may be in a list."""
        return int(self.pages[-1])

    @cached_property
    def ids(self) -> list[str]:
        """The documents' ids."""
        return [name.rpartition("-")[0] for name in self.documents]

    def members(self, number: int) -> npt.NDArray[np.uint32]:
        """The pages of one list, in order."""
        return self.postings[self.ends[number] : self.ends[number + 1]]

    def write(self, path: Path) -> None:
        """Put the lists in the file's place, whole."""
        names = [name.encode() for name in self.documents]
        width = max(map(len, names), default=1)
        padded = np.frombuffer(b"".join(name.ljust(width, b"\0") for name in names), np.uint8)
        tensors: Mapping[str, npt.NDArray[Any]] = {
            "ends": np.asarray(self.ends, np.int64),
            "pages": np.asarray(self.pages, np.int64),
            "trained": np.array([self.trained], np.int64),
            "codebook": np.asarray(self.codebook, np.float32),
            "postings": np.asarray(self.postings, np.uint32),
            "documents": padded.reshape(len(names), width),
        }
        write_tensors(path, tensors)


def document_name(document: Document) -> str:
    """How a document is named in the lists: with its revision, as its vector file is."""
    return f"{document.id}-{document.revision}"


def read_lists(path: Path, known: InvertedLists | None = None) -> InvertedLists | None:
    """The lists of a file; None where there is none.

    Args:
        known: lists that were read before, returned where they are of the same file.

    Raises:
        InvalidLists: the file is damaged.
    """
    if (file := OpenFile.find(path)) is None:
        return None
    if known is not None and known.identity == file.identity:
        return known
    tensors = read_members(path, file, _MEMBERS)
    names = tensors["documents"]
    lists = InvertedLists(
        codebook=np.array(tensors["codebook"]),
        postings=tensors["postings"],
        ends=tensors["ends"],
        documents=tuple(row.tobytes().rstrip(b"\0").decode() for row in names),
        pages=tensors["pages"],
        trained=int(tensors["trained"][0]),
        identity=file.identity,
    )
    if damage := find_damage(lists):
        raise damaged(path, damage)
    return lists


def read_members(path: Path, file: OpenFile, names: Iterable[str]) -> dict[str, npt.NDArray[Any]]:
    """Tensors of a file of the lists, memory-mapped.

    Raises:
        InvalidLists: the file is damaged.
    """
    try:
        return map_tensors(file, names)
    except (ValueError, KeyError, TypeError) as error:
        raise damaged(path, str(error)) from error


def damaged(path: Path, what: str) -> InvalidLists:
    """The error of a damaged file, which is derived."""
    return InvalidLists(f"{path} is damaged: {what}.", hint="The next ingest makes it again.")


def find_damage(lists: InvertedLists) -> str:
    """What of the lists' sizes does not fit together; empty where all does."""
    if len(lists.ends) != len(lists.codebook) + 1 or len(lists.pages) != len(lists.documents) + 1:
        return "its tensors have other lengths than each other"
    if len(lists.postings) != lists.ends[-1] or (np.diff(lists.ends) < 0).any():
        return "its lists do not fill the postings"
    if (np.diff(lists.pages) < 0).any():
        return "its pages are not in order"
    return ""
