"""Where the tensors of a document's multi-vectors lie in their file, and pages read from there.

A file is opened for one reading and closed after it: a search touches hundreds
of documents, and mapping them all would fill a process's table of files and
count every page read as its own memory. Reading copies into memory that the
caller uses again. Knows no documents.
"""

from __future__ import annotations

import json
import math
import mmap
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

NUMPY: dict[str, np.dtype[Any]] = {
    "F32": np.dtype("<f4"),
    "F16": np.dtype("<f2"),
    "I64": np.dtype("<i8"),
    "I8": np.dtype("i1"),
    "U8": np.dtype("u1"),
}
OFFSETS = {"passages": "passage_offsets", "gists": "gist_offsets"}
"""Which tensor says where a page's rows begin, for those that do not go by `offsets`."""
HEAD_BYTES = 4096
"""Read at once; a header is a tenth of it."""

Stamp = tuple[int, int, int]


class OpenFile:
    """A file that is closed with the last reference to it; `stamp` tells it from others of its name."""

    __slots__ = ("number", "stamp")
    _close = staticmethod(os.close)  # still there when the interpreter ends

    def __init__(self, number: int) -> None:
        self.number = number
        status = os.fstat(number)
        self.stamp: Stamp = (status.st_ino, status.st_size, status.st_mtime_ns)

    @property
    def size(self) -> int:
        """Bytes."""
        return self.stamp[1]

    @classmethod
    def of(cls, path: Path) -> OpenFile:
        """Open a file to be read here and there.

        Raises:
            FileNotFoundError: it is not there.
        """
        file = cls(os.open(path, os.O_RDONLY))
        if hasattr(os, "posix_fadvise"):  # no more than is asked for
            os.posix_fadvise(file.number, 0, 0, os.POSIX_FADV_RANDOM)
        return file

    def __del__(self) -> None:
        self._close(self.number)

    def whole(self) -> mmap.mmap:
        """The file mapped into memory."""
        return mmap.mmap(self.number, 0, access=mmap.ACCESS_READ)

    def expect(self, start: int, count: int) -> None:
        """Have the system fetch what will be read soon, where it can be told."""
        if hasattr(os, "posix_fadvise"):
            os.posix_fadvise(self.number, start, count, os.POSIX_FADV_WILLNEED)

    def read(self, start: int, into: npt.NDArray[Any]) -> None:
        """Fill `into`, which is contiguous, from a place on.

        Raises:
            ValueError: the file ends before.
        """
        if os.preadv(self.number, [into.reshape(-1).view(np.uint8).data], start) < into.nbytes:
            raise ValueError("a file of multi-vectors is cut short")


@dataclass(frozen=True, slots=True)
class Loaded:
    """As `OpenFile`, of a small file that has been read whole."""

    content: bytes
    stamp: Stamp

    def whole(self) -> bytes:
        """All of it."""
        return self.content

    def expect(self, start: int, count: int) -> None:
        """It is there."""

    def read(self, start: int, into: npt.NDArray[Any]) -> None:
        """Fill `into`, which is contiguous, from a place on."""
        into[:] = np.frombuffer(self.content, into.dtype, into.size, start).reshape(into.shape)


Source = OpenFile | Loaded


@dataclass(frozen=True, slots=True)
class Tensor:
    """One tensor of a file: its first byte is at `start`, and a row of it takes `row_bytes`."""

    dtype: np.dtype[Any]
    shape: tuple[int, ...]
    start: int
    row_bytes: int

    @classmethod
    def of(cls, entry: dict[str, Any], base: int) -> Tensor:
        """As an entry of a header tells it, with where the first tensor begins."""
        dtype, shape = NUMPY[entry["dtype"]], tuple(entry["shape"])
        row_bytes = math.prod(shape[1:]) * dtype.itemsize
        return cls(dtype, shape, base + entry["data_offsets"][0], row_bytes)

    def view(self, whole: mmap.mmap | bytes) -> npt.NDArray[Any]:
        """The tensor within the whole file."""
        if 0 in self.shape:
            return np.zeros(self.shape, self.dtype)
        count = math.prod(self.shape)
        return np.frombuffer(whole, self.dtype, count, self.start).reshape(self.shape)


@dataclass(frozen=True, slots=True)
class Layout:
    """Where everything lies; `offsets` (pages + 1,) of each tensor that has rows say which are a page's."""

    stamp: Stamp
    tensors: dict[str, Tensor]
    offsets: dict[str, npt.NDArray[np.int64]]

    def span(self, name: str, number: int) -> tuple[int, int]:
        """The first row of page `number` (from 1), and how many it has."""
        first, end = self.offsets[name][number - 1 : number + 1].tolist()
        return first, end - first

    def read(self, file: Source, name: str, number: int) -> npt.NDArray[Any]:
        """A page's rows of one tensor, in memory of their own."""
        tensor = self.tensors[name]
        first, count = self.span(name, number)
        rows = np.empty((count, *tensor.shape[1:]), tensor.dtype)
        file.read(tensor.start + first * tensor.row_bytes, rows)
        return rows


def read_layout(path: Path, file: OpenFile) -> Layout:
    """Read a file's header and offsets.

    Raises:
        ValueError: the file is not whole.
    """
    head = os.pread(file.number, HEAD_BYTES, 0)
    length = int.from_bytes(head[:8], "little")
    if len(head) < 8 + length:
        head += os.pread(file.number, 8 + length - len(head), len(head))
    header: dict[str, Any] = json.loads(head[8 : 8 + length])
    if 8 + length + max(entry["data_offsets"][1] for entry in header.values()) > file.size:
        raise ValueError(f"{path} is cut short")
    tensors = {name: Tensor.of(entry, 8 + length) for name, entry in header.items()}
    ends = {}
    for name in [name for name in tensors if name.endswith("offsets")]:
        tensor = tensors.pop(name)
        ends[name] = np.empty(tensor.shape, np.int64)
        file.read(tensor.start, ends[name])
    return Layout(
        file.stamp, tensors, {name: ends[OFFSETS.get(name, "offsets")] for name in tensors}
    )
