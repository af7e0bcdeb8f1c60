"""Tensor layout of a safetensors file: byte ranges, and reads of one page's rows.

A file is opened for one read and closed after it: a search touches hundreds of
documents, and mapping all of them would exhaust the process's file descriptors
and count every page read as its memory. Reads copy into a buffer of the caller.
"""

from __future__ import annotations

import json
import math
import mmap
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from ingest.disk.atomic import aside

NUMPY: dict[str, np.dtype[Any]] = {
    "F32": np.dtype("<f4"),
    "F16": np.dtype("<f2"),
    "U32": np.dtype("<u4"),
    "I64": np.dtype("<i8"),
    "I8": np.dtype("i1"),
    "U8": np.dtype("u1"),
}
DTYPES = {dtype: name for name, dtype in NUMPY.items()}
OFFSETS = {"passages": "passage_offsets", "centroids": "centroid_offsets"}
"""The offsets tensor of each tensor that does not use `offsets`."""
HEAD_BYTES = 4096
"""Read first; a header is about a tenth of it."""

FloatRows = Literal["vectors", "passages"]
"""Tensors of rows that are scored by inner products."""
RowTensor = Literal["vectors", "passages", "codes"]
"""Tensors that pages are scored by; `codes` are sign bits."""

FileIdentity = tuple[int, int, int]
"""Inode, size in bytes and modification time in ns: tells a file from another of its name."""


class OpenFile:
    """An open file for positioned reads, closed with the last reference to it."""

    __slots__ = ("identity", "number")
    _close = staticmethod(os.close)  # still there when the interpreter ends

    def __init__(self, number: int) -> None:
        self.number = number
        status = os.fstat(number)
        self.identity: FileIdentity = (status.st_ino, status.st_size, status.st_mtime_ns)

    @property
    def size(self) -> int:
        """Size in bytes."""
        return self.identity[1]

    @classmethod
    def of(cls, path: Path) -> OpenFile:
        """Open a file for random access.

        Raises:
            FileNotFoundError: it is not there.
        """
        file = cls(os.open(path, os.O_RDONLY))
        if hasattr(os, "posix_fadvise"):  # no read-ahead
            os.posix_fadvise(file.number, 0, 0, os.POSIX_FADV_RANDOM)
        return file

    @classmethod
    def find(cls, path: Path) -> OpenFile | None:
        """Open a file for random access; None where it is not there."""
        try:
            return cls.of(path)
        except FileNotFoundError:
            return None

    def __del__(self) -> None:
        self._close(self.number)

    def whole(self) -> mmap.mmap:
        """Map the file into memory."""
        return mmap.mmap(self.number, 0, access=mmap.ACCESS_READ)

    def expect(self, start: int, count: int) -> None:
        """Ask the system to read a range ahead, where it supports that."""
        if hasattr(os, "posix_fadvise"):
            os.posix_fadvise(self.number, start, count, os.POSIX_FADV_WILLNEED)

    def read(self, start: int, into: npt.NDArray[Any]) -> None:
        """Fill a contiguous array from byte `start` on.

        Raises:
            ValueError: the file is truncated.
        """
        if os.preadv(self.number, [into.reshape(-1).view(np.uint8).data], start) < into.nbytes:
            raise ValueError("a vector file is truncated")


@dataclass(frozen=True, slots=True)
class LoadedFile:
    """A small file that was read whole, with the methods of `OpenFile`."""

    content: bytes
    identity: FileIdentity

    def whole(self) -> bytes:
        """The whole content."""
        return self.content

    def expect(self, start: int, count: int) -> None:
        """Do nothing: the content is in memory."""

    def read(self, start: int, into: npt.NDArray[Any]) -> None:
        """Fill a contiguous array from byte `start` on."""
        into[:] = np.frombuffer(self.content, into.dtype, into.size, start).reshape(into.shape)


TensorFile = OpenFile | LoadedFile


@dataclass(frozen=True, slots=True)
class Tensor:
    """A tensor of a file, from byte `start` on, with `row_bytes` bytes a row."""

    dtype: np.dtype[Any]
    shape: tuple[int, ...]
    start: int
    row_bytes: int

    @classmethod
    def of(cls, entry: dict[str, Any], base: int) -> Tensor:
        """Make it from an entry of a header; `base` is the first byte of the data."""
        dtype, shape = NUMPY[entry["dtype"]], tuple(entry["shape"])
        row_bytes = math.prod(shape[1:]) * dtype.itemsize
        return cls(dtype, shape, base + entry["data_offsets"][0], row_bytes)

    def view(self, whole: mmap.mmap | bytes) -> npt.NDArray[Any]:
        """A view of the tensor in the whole content."""
        if 0 in self.shape:
            return np.zeros(self.shape, self.dtype)
        count = math.prod(self.shape)
        return np.frombuffer(whole, self.dtype, count, self.start).reshape(self.shape)


def map_tensors(file: OpenFile, names: Iterable[str]) -> dict[str, npt.NDArray[Any]]:
    """Tensors of a safetensors file by name, memory-mapped.

    Raises:
        ValueError, KeyError, TypeError: the file is no such file, or lacks one.
    """
    whole = file.whole()
    base = 8 + int.from_bytes(whole[:8], "little")
    header: dict[str, Any] = json.loads(whole[8:base])
    return {name: Tensor.of(header[name], base).view(whole) for name in names}


def write_tensors(path: Path, tensors: Mapping[str, npt.NDArray[Any]]) -> None:
    """Put a safetensors file in its place, whole, its tensors in this order."""
    header, end = {}, 0
    for name, tensor in tensors.items():
        start, end = end, end + tensor.nbytes
        header[name] = {
            "dtype": DTYPES[tensor.dtype],
            "shape": tensor.shape,
            "data_offsets": [start, end],
        }
    head = json.dumps(header).encode()
    head += b" " * (-len(head) % 8)
    path.parent.mkdir(parents=True, exist_ok=True)
    with aside(path) as file:
        file.write(len(head).to_bytes(8, "little") + head)
        for tensor in tensors.values():
            file.write(np.ascontiguousarray(tensor).data)


@dataclass(frozen=True, slots=True)
class Layout:
    """Tensors of a file, and the offsets of the pages' rows in each.

    `offsets` has an array (pages + 1,) for each tensor.
    """

    identity: FileIdentity
    tensors: dict[str, Tensor]
    offsets: dict[str, npt.NDArray[np.int64]]

    def span(self, name: str, number: int) -> tuple[int, int]:
        """The first row and the number of rows of page `number` (from 1)."""
        first, end = self.offsets[name][number - 1 : number + 1].tolist()
        return first, end - first

    def read(self, file: TensorFile, name: str, number: int) -> npt.NDArray[Any]:
        """Read a page's rows of one tensor into a new array."""
        tensor = self.tensors[name]
        first, count = self.span(name, number)
        rows = np.empty((count, *tensor.shape[1:]), tensor.dtype)
        file.read(tensor.start + first * tensor.row_bytes, rows)
        return rows


def read_layout(path: Path, file: OpenFile) -> Layout:
    """Read a file's header and offsets.

    Raises:
        ValueError: the file is truncated.
    """
    head = os.pread(file.number, HEAD_BYTES, 0)
    length = int.from_bytes(head[:8], "little")
    if len(head) < 8 + length:
        head += os.pread(file.number, 8 + length - len(head), len(head))
    header: dict[str, Any] = json.loads(head[8 : 8 + length])
    if 8 + length + max(entry["data_offsets"][1] for entry in header.values()) > file.size:
        raise ValueError(f"{path} is truncated")
    tensors = {name: Tensor.of(entry, 8 + length) for name, entry in header.items()}
    ends = {}
    for name in [name for name in tensors if name.endswith("offsets")]:
        tensor = tensors.pop(name)
        ends[name] = np.empty(tensor.shape, np.int64)
        file.read(tensor.start, ends[name])
    return Layout(
        file.identity, tensors, {name: ends[OFFSETS.get(name, "offsets")] for name in tensors}
    )
