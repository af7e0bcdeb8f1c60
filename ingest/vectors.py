"""Multi-vectors on disk: one safetensors file a document, written once, memory-mapped for reading.

A file holds `vectors` (rows, dim) fp16, `boxes` (rows, 4) fp16 and `offsets`
(pages + 1) int64: page p has rows offsets[p - 1] to offsets[p]. `passages`
(passages, dim) fp16 are means of PASSAGE_ROWS consecutive rows, scaled to length
one, with `passage_offsets` (pages + 1): what is said in a passage, not word by word.
Format: https://huggingface.co/docs/safetensors, so other tools can read it too.
"""

from __future__ import annotations

import json
import math
import shutil
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import numpy.typing as npt

from ingest.home import sync
from ingest.page import PageVectors, Vectors, unit

PASSAGE_ROWS = 64
"""Rows pooled into one passage for the dense signal; better than 128, and as good as encoding passages."""
_NUMPY: dict[str, np.dtype[Any]] = {"F16": np.dtype("<f2"), "I64": np.dtype("<i8")}


class VectorWriter:
    """Collects a document's pages in order, in bounded memory, and puts the file in place whole.

    Args:
        target: where the file will be.
        aside: where it grows, on the same file system.
        dim: of the vectors.
    """

    def __init__(self, target: Path, aside: Path, dim: int) -> None:
        self._target = target
        self._aside = aside
        self._dim = dim
        self._offsets = [0]
        self._passage_offsets = [0]
        self._parts = [aside.with_suffix(f".{name}") for name in ("vectors", "boxes", "passages")]
        self._files: list[BinaryIO] = [part.open("wb") for part in self._parts]

    def append(self, page: PageVectors) -> None:
        """Add the next page."""
        self._files[0].write(page.vectors.astype("<f2").tobytes())
        self._files[1].write(page.boxes.astype("<f2").tobytes())
        passages = pool_passages(page.vectors)
        self._files[2].write(passages.astype("<f2").tobytes())
        self._offsets.append(self._offsets[-1] + len(page.vectors))
        self._passage_offsets.append(self._passage_offsets[-1] + len(passages))

    def discard(self) -> None:
        """Give up: nothing is put in place."""
        for file, part in zip(self._files, self._parts, strict=True):
            file.close()
            part.unlink(missing_ok=True)

    def close(self) -> None:
        """Join the parts, fsync, rename into place."""
        for file in self._files:
            file.close()
        rows, passages, pages = self._offsets[-1], self._passage_offsets[-1], len(self._offsets)
        tensors = {
            "vectors": ("F16", [rows, self._dim]),
            "boxes": ("F16", [rows, 4]),
            "passages": ("F16", [passages, self._dim]),
            "offsets": ("I64", [pages]),
            "passage_offsets": ("I64", [pages]),
        }
        header, end = {}, 0
        for name, (dtype, shape) in tensors.items():
            start, end = end, end + math.prod(shape) * _NUMPY[dtype].itemsize
            header[name] = {"dtype": dtype, "shape": shape, "data_offsets": [start, end]}
        text = json.dumps(header).encode()
        text += b" " * (-len(text) % 8)
        with self._aside.open("wb") as file:
            file.write(len(text).to_bytes(8, "little") + text)
            for part in self._parts:
                with part.open("rb") as piece:
                    shutil.copyfileobj(piece, file, 1 << 20)
                part.unlink()
            for offsets in (self._offsets, self._passage_offsets):
                file.write(np.array(offsets, "<i8").tobytes())
            file.flush()
        sync(self._aside)
        self._target.parent.mkdir(parents=True, exist_ok=True)
        self._aside.replace(self._target)
        sync(self._target.parent)


def pool_passages(rows: Vectors) -> Vectors:
    """A page's rows (n, dim), PASSAGE_ROWS at a time, as unit means (passages, dim) fp32."""
    if not len(rows):
        return np.zeros((0, rows.shape[1]), np.float32)
    starts = np.arange(0, len(rows), PASSAGE_ROWS)
    return unit(np.add.reduceat(np.asarray(rows, np.float32), starts, axis=0))


class DocumentVectors:
    """A document's multi-vectors, memory-mapped: rows are read from disk when touched.

    Raises:
        FileNotFoundError: the document has been removed.
        ValueError: the file is not whole.
    """

    def __init__(self, path: Path) -> None:
        with path.open("rb") as file:
            length = int.from_bytes(file.read(8), "little")
            header = json.loads(file.read(length))
        self._tensors = {name: _map(path, entry, 8 + length) for name, entry in header.items()}
        self.offsets: npt.NDArray[np.int64] = np.array(self._tensors["offsets"])
        self.passage_offsets: npt.NDArray[np.int64] = np.array(self._tensors["passage_offsets"])

    @property
    def page_count(self) -> int:
        """How many pages the document has, those without rows counted."""
        return len(self.offsets) - 1

    @property
    def vectors(self) -> npt.NDArray[np.float16]:
        """Every row of every page (rows, dim)."""
        return self._tensors["vectors"]

    @property
    def passages(self) -> npt.NDArray[np.float16]:
        """Every passage of every page (passages, dim)."""
        return self._tensors["passages"]

    @property
    def boxes(self) -> npt.NDArray[np.float16]:
        """The box of every row (rows, 4)."""
        return self._tensors["boxes"]

    def rows(self, number: int) -> slice:
        """Which rows are page `number`'s (from 1)."""
        return slice(int(self.offsets[number - 1]), int(self.offsets[number]))

    def page(self, number: int) -> PageVectors:
        """A page's vectors and boxes as fp32, copied into memory."""
        rows = self.rows(number)
        return PageVectors(
            self.vectors[rows].astype(np.float32), self.boxes[rows].astype(np.float32)
        )


def _map(path: Path, entry: dict[str, Any], base: int) -> npt.NDArray[Any]:
    shape = tuple(entry["shape"])
    dtype = _NUMPY[entry["dtype"]]
    if 0 in shape:
        return np.zeros(shape, dtype)
    start, end = entry["data_offsets"]
    if base + end > path.stat().st_size:
        raise ValueError(f"{path} is cut short")
    mapped: npt.NDArray[Any] = np.memmap(path, dtype, "r", offset=base + start, shape=shape)
    return mapped
