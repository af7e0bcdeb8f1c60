"""Listed codes: sign codes of the centroids of all listed pages, in one file.

A search scores the centroids of thousands of pages, of nearly as many documents: from
one memory-mapped file they come without a vector file being opened. Derived, as the
lists are, and of the same pages in the same order. A safetensors file, replaced whole:
`codes` (centroids, bytes) uint8, of page p from `offsets[p]` to `offsets[p + 1]`, and
`listed`, the SHA-256 of the names of the documents.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from ingest.disk.atomic import aside
from ingest.index.inverted.lists import damaged, read_members
from ingest.index.quantization import SignCodes
from ingest.index.tensor_layout import FileIdentity, OpenFile

_MEMBERS = ("codes", "offsets", "listed")
HEAD_BYTES = 512
"""Of the header, which is written last and padded: how many codes there are is known then."""


@dataclass(frozen=True)
class ListedCodes:
    """Sign codes of pages, by their places in the lists."""

    codes: SignCodes
    offsets: npt.NDArray[np.int64]
    listed: bytes
    identity: FileIdentity

    @cached_property
    def _codes_a_page(self) -> int:
        """Codes of every page where all have as many, otherwise 0; it is faster to copy pages."""
        lengths = np.diff(self.offsets)
        return int(lengths[0]) if len(lengths) and (lengths == lengths[0]).all() else 0

    def take(self, places: npt.NDArray[np.int64]) -> tuple[SignCodes, npt.NDArray[np.int64]]:
        """Codes (n, bytes) of pages in a row, and their offsets (pages + 1,) there."""
        starts = self.offsets[places]
        lengths = self.offsets[places + 1] - starts
        offsets = np.concatenate([[0], np.cumsum(lengths)])
        if size := self._codes_a_page:
            paged = self.codes.reshape(-1, size * self.codes.shape[1])
            return paged.take(places, axis=0).reshape(-1, self.codes.shape[1]), offsets
        rows = np.repeat(starts - offsets[:-1], lengths)
        rows += np.arange(len(rows))
        return self.codes.take(rows, axis=0), offsets

    def pages(self, first: int, last: int) -> list[SignCodes]:
        """Codes of each page from place `first` to `last`, without `last`."""
        offsets = self.offsets[first : last + 1]
        codes = self.codes[offsets[0] : offsets[-1]]
        return np.split(codes, (offsets[1:-1] - offsets[0]).tolist())


def listed_hash(documents: Sequence[str]) -> bytes:
    """SHA-256 of the names of documents in the order of the lists."""
    return hashlib.sha256("\n".join(documents).encode()).digest()


def write_codes(
    path: Path, documents: Sequence[str], pages: Iterable[SignCodes], width: int
) -> None:
    """Put codes in the file's place, whole; they are not all held in memory.

    Args:
        documents: names in the order of the lists.
        pages: codes (centroids, bytes) of each page.
        width: bytes of a code.
    """
    offsets = [0]
    path.parent.mkdir(parents=True, exist_ok=True)
    with aside(path) as file:
        file.write(bytes(HEAD_BYTES))
        for codes in pages:
            file.write(np.ascontiguousarray(codes).data)
            offsets.append(offsets[-1] + len(codes))
        end = offsets[-1] * width
        header: dict[str, Any] = {"codes": _entry("U8", [offsets[-1], width], 0, end)}
        rest: dict[str, tuple[str, npt.NDArray[Any]]] = {
            "padding": ("U8", np.zeros(-end % 8, np.uint8)),
            "offsets": ("I64", np.array(offsets, np.int64)),
            "listed": ("U8", np.frombuffer(listed_hash(documents), np.uint8)),
        }
        for name, (dtype, tensor) in rest.items():
            file.write(tensor.tobytes())
            start, end = end, end + tensor.nbytes
            header[name] = _entry(dtype, list(tensor.shape), start, end)
        file.seek(0)
        file.write((HEAD_BYTES - 8).to_bytes(8, "little"))
        file.write(json.dumps(header).encode().ljust(HEAD_BYTES - 8))


def read_codes(
    path: Path, documents: Sequence[str], known: ListedCodes | None = None
) -> ListedCodes | None:
    """The codes of a file; None where there is none, or one of other documents.

    Args:
        documents: names in the order of the lists.
        known: codes that were read before, returned where they are of the same file.

    Raises:
        InvalidLists: the file is damaged.
    """
    if (file := OpenFile.find(path)) is None:
        return None
    if known is None or known.identity != file.identity:
        known = _read(path, file)
    return known if known.listed == listed_hash(documents) else None


def _read(path: Path, file: OpenFile) -> ListedCodes:
    tensors = read_members(path, file, _MEMBERS)
    codes, offsets = tensors["codes"], np.array(tensors["offsets"])
    if len(codes) != offsets[-1] or (np.diff(offsets) < 0).any():
        raise damaged(path, "its pages do not fill the codes")
    return ListedCodes(codes, offsets, tensors["listed"].tobytes(), file.identity)


def _entry(dtype: str, shape: list[int], start: int, end: int) -> dict[str, Any]:
    return {"dtype": dtype, "shape": shape, "data_offsets": [start, end]}
