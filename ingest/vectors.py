"""Multi-vectors on disk: one safetensors file a document, written once, memory-mapped for reading.

A file holds `vectors` (rows, dim) fp16, `boxes` (rows, 4) fp16 and `offsets`
(pages + 1) int64: page p has rows offsets[p - 1] to offsets[p]. Other kinds of
storage (ingest.storage) have `vectors` int8 with `scales` (rows,) fp32, and
`codes` (rows, bytes) uint8, sign bits. `passages` (passages, dim) fp16 are means of PASSAGE_ROWS consecutive rows, scaled to length
one, with `passage_offsets` (pages + 1): what is said in a passage, not word by word.
Format: https://huggingface.co/docs/safetensors, so other tools can read it too.
"""

from __future__ import annotations

import json
import math
import mmap
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import numpy.typing as npt

from ingest.home import sync
from ingest.page import PageVectors, Vectors, unit
from ingest.storage import (
    DEFAULT,
    Rows,
    Storage,
    StorageLost,
    code_bytes,
    has_signs,
    is_int8,
    pack,
    store,
)

PASSAGE_ROWS = 64
"""Rows pooled into one passage for the dense signal; better than 128, and as good as encoding passages."""
_NUMPY: dict[str, np.dtype[Any]] = {
    "F32": np.dtype("<f4"),
    "F16": np.dtype("<f2"),
    "I64": np.dtype("<i8"),
    "I8": np.dtype("i1"),
    "U8": np.dtype("u1"),
}


class VectorWriter:
    """Collects a document's pages in order, in bounded memory, and puts the file in place whole.

    Args:
        target: where the file will be.
        aside: where it grows, on the same file system.
        dim: of the vectors.
        kind: how rows are kept.
        centre: gives what sign bits are about (dim,) or (); asked when a page is added.
    """

    def __init__(
        self,
        target: Path,
        aside: Path,
        dim: int,
        kind: Storage = DEFAULT,
        centre: Callable[[], Sequence[float]] = tuple,
    ) -> None:
        self._target = target
        self._aside = aside
        self._kind = kind
        self._centre = centre
        self._tensors = {
            "vectors": ("I8" if is_int8(kind) else "F16", [dim]),
            **({"scales": ("F32", [])} if is_int8(kind) else {}),
            **({"codes": ("U8", [code_bytes(dim)])} if has_signs(kind) else {}),
            "boxes": ("F16", [4]),
            "passages": ("F16", [dim]),
        }
        self._offsets = [0]
        self._passage_offsets = [0]
        self._parts = [aside.with_suffix(f".{name}") for name in self._tensors]
        self._files: dict[str, BinaryIO] = {
            name: part.open("wb") for name, part in zip(self._tensors, self._parts, strict=True)
        }

    def append(self, page: PageVectors) -> None:
        """Add the next page."""
        self.extend(page, pool_passages(page.vectors))

    def extend(self, page: PageVectors, passages: Vectors) -> None:
        """Add the next page, whose passages (n, dim) are there already."""
        kept = store(page.vectors, self._kind)
        self._put("vectors", kept.values)
        if kept.scales is not None:
            self._put("scales", kept.scales)
        if "codes" in self._files:
            self._put("codes", pack(page.vectors, self._centre()))
        self._put("boxes", page.boxes)
        self._put("passages", passages)
        self._offsets.append(self._offsets[-1] + len(page.vectors))
        self._passage_offsets.append(self._passage_offsets[-1] + len(passages))

    def _put(self, name: str, rows: npt.NDArray[Any]) -> None:
        self._files[name].write(rows.astype(_NUMPY[self._tensors[name][0]]).tobytes())

    def discard(self) -> None:
        """Give up: nothing is put in place."""
        for file, part in zip(self._files.values(), self._parts, strict=True):
            file.close()
            part.unlink(missing_ok=True)

    def close(self) -> None:
        """Join the parts, fsync, rename into place."""
        for file in self._files.values():
            file.close()
        rows, passages, pages = self._offsets[-1], self._passage_offsets[-1], len(self._offsets)
        tensors = {
            **{
                name: (dtype, [passages if name == "passages" else rows, *shape])
                for name, (dtype, shape) in self._tensors.items()
            },
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
        # From one open file: another kind may be put in its place at any moment.
        with path.open("rb") as file:
            length = int.from_bytes(file.read(8), "little")
            header = json.loads(file.read(length))
            mapped = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        self._tensors = {
            name: _view(path, mapped, entry, 8 + length) for name, entry in header.items()
        }
        self.offsets: npt.NDArray[np.int64] = np.array(self._tensors["offsets"])
        self.passage_offsets: npt.NDArray[np.int64] = np.array(self._tensors["passage_offsets"])

    @property
    def page_count(self) -> int:
        """How many pages the document has, those without rows counted."""
        return len(self.offsets) - 1

    @property
    def kind(self) -> Storage:
        """How the rows are kept."""
        if self._tensors["vectors"].dtype == np.int8:
            return "binary+int8" if "codes" in self._tensors else "int8"
        return "binary+fp16" if "codes" in self._tensors else "fp16"

    @property
    def vectors(self) -> Rows:
        """Every row of every page, as it is stored."""
        return Rows(self._tensors["vectors"], self._tensors.get("scales"))

    @property
    def codes(self) -> Rows | None:
        """The sign bits of every row (rows, bytes), where the kind has them."""
        return Rows(self._tensors["codes"]) if "codes" in self._tensors else None

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
        return PageVectors(self.vectors[rows].wide(), self.boxes[rows].astype(np.float32))


def check_convertible(held: Storage, kind: Storage) -> None:
    """Refuse what cannot be: fp16 rows of int8 ones.

    Raises:
        StorageLost: it is that.
    """
    if is_int8(held) and not is_int8(kind):
        raise StorageLost(
            f"Rows kept as {held} cannot be made {kind} again.",
            remedy="Run `pageglass ingest --rebuild --storage KIND` to encode the library anew.",
        )


def convert(
    held: DocumentVectors,
    target: Path,
    aside: Path,
    kind: Storage,
    centre: Sequence[float],
) -> None:
    """Write a document's multi-vectors again as another kind, whole or not at all.

    Args:
        centre: the index's, which sign bits are about.

    Raises:
        StorageLost: the wanted kind has fp16 rows and these are int8.
    """
    check_convertible(held.kind, kind)
    dim = held.vectors.values.shape[1]
    writer = VectorWriter(target, aside, dim, kind, lambda: centre)
    try:
        for number in range(1, held.page_count + 1):
            start, end = held.passage_offsets[number - 1 : number + 1]
            writer.extend(held.page(number), held.passages[start:end])
    except BaseException:
        writer.discard()
        raise
    writer.close()


def _view(path: Path, mapped: mmap.mmap, entry: dict[str, Any], base: int) -> npt.NDArray[Any]:
    shape = tuple(entry["shape"])
    dtype = _NUMPY[entry["dtype"]]
    start, end = entry["data_offsets"]
    if base + end > len(mapped):
        raise ValueError(f"{path} is cut short")
    if 0 in shape:
        return np.zeros(shape, dtype)
    return np.frombuffer(mapped, dtype, math.prod(shape), base + start).reshape(shape)
