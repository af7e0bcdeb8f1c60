"""Multi-vectors on disk: one safetensors file a document, written once, read by page or memory-mapped.

A file holds `vectors` (rows, dim) fp16, `boxes` (rows, 4) fp16 and `offsets`
(pages + 1) int64: page p has rows offsets[p - 1] to offsets[p]. Other kinds of
storage (ingest.index.quantization) have `vectors` int8 with `scales` (rows,) fp32, and
`codes` (rows, bytes) uint8, sign bits. `passages` (passages, dim) fp16 are means
of PASSAGE_ROWS consecutive rows, scaled to length one, with `passage_offsets`
(pages + 1): what is said in a passage, not word by word. `centroids` (gist rows,
bytes) uint8, with `gist_offsets` (pages + 1), are sign bits of few rows that
stand for a page's (ingest.index.centroids).
Format: https://huggingface.co/docs/safetensors, so other tools can read it too.
"""

from __future__ import annotations

import json
import math
import os
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import numpy.typing as npt

from ingest.index.centroids import pool_rows
from ingest.index.quantization import (
    DEFAULT,
    LossyConversion,
    Quantization,
    Rows,
    SignCodes,
    has_signs,
    is_int8,
    pack_signs,
    quantize_rows,
    sign_bytes,
)
from ingest.index.tensor_layout import NUMPY, OFFSETS, Layout, Loaded, OpenFile, Source, read_layout
from ingest.library.atomic import sync
from ingest.page import PageVectors, Vectors, unit

SMALL = 32_768
"""Bytes of a file that is held in memory: a photo's few rows."""
PASSAGE_ROWS = 64
"""Rows pooled into one passage for the dense signal; better than 128, and as good as encoding passages."""


class VectorWriter:
    """Collects a document's pages in order, in bounded memory, and puts the file in place whole.

    Args:
        target: where the file will be.
        aside: where it grows, on the same file system.
        dim: of the vectors.
        kind: how rows are kept.
        centre: gives what sign bits are about (dim,) or (); asked when a page is added.
        gist: rows of a page's gist.
    """

    def __init__(
        self,
        target: Path,
        aside: Path,
        dim: int,
        kind: Quantization = DEFAULT,
        center: Callable[[], Sequence[float]] = tuple,
        centroids: int = 0,
    ) -> None:
        self._target = target
        self._aside = aside
        self._kind = kind
        self._center = center
        self._centroids = centroids
        self._tensors = {
            "vectors": ("I8" if is_int8(kind) else "F16", [dim]),
            **({"scales": ("F32", [])} if is_int8(kind) else {}),
            **({"codes": ("U8", [sign_bytes(dim)])} if has_signs(kind) else {}),
            "boxes": ("F16", [4]),
            "passages": ("F16", [dim]),
            "gists": ("U8", [sign_bytes(dim)]),
        }
        self._offsets = {"offsets": [0], **{name: [0] for name in OFFSETS.values()}}
        self._parts = [aside.with_suffix(f".{name}") for name in self._tensors]
        self._files: dict[str, BinaryIO] = {
            name: part.open("wb") for name, part in zip(self._tensors, self._parts, strict=True)
        }

    def append(self, page: PageVectors) -> None:
        """Add the next page."""
        few = pool_rows(page.vectors, self._centroids) if self._centroids else page.vectors[:0]
        self.extend(page, pool_passages(page.vectors), pack_signs(few, self._center()))

    def extend(self, page: PageVectors, passages: Vectors, centroids: SignCodes) -> None:
        """Add the next page, whose passages (n, dim) and gist (n, bytes) are there already."""
        kept = quantize_rows(page.vectors, self._kind)
        self._put("vectors", kept.values)
        if kept.scales is not None:
            self._put("scales", kept.scales)
        if "codes" in self._files:
            self._put("codes", pack_signs(page.vectors, self._center()))
        self._put("boxes", page.boxes)
        self._put("passages", passages)
        self._put("gists", centroids)
        lengths = (len(page.vectors), len(passages), len(centroids))
        for ends, length in zip(self._offsets.values(), lengths, strict=True):
            ends.append(ends[-1] + length)

    def _put(self, name: str, rows: npt.NDArray[Any]) -> None:
        self._files[name].write(rows.astype(NUMPY[self._tensors[name][0]]).tobytes())

    def discard(self) -> None:
        """Give up: nothing is put in place."""
        for file, part in zip(self._files.values(), self._parts, strict=True):
            file.close()
            part.unlink(missing_ok=True)

    def close(self) -> None:
        """Join the parts, fsync, rename into place."""
        for file in self._files.values():
            file.close()
        counts = {name: self._offsets[OFFSETS.get(name, "offsets")][-1] for name in self._tensors}
        tensors = {
            **{
                name: (dtype, [counts[name], *shape])
                for name, (dtype, shape) in self._tensors.items()
            },
            **{name: ("I64", [len(ends)]) for name, ends in self._offsets.items()},
        }
        header, end = {}, 0
        for name, (dtype, shape) in tensors.items():
            start, end = end, end + math.prod(shape) * NUMPY[dtype].itemsize
            header[name] = {"dtype": dtype, "shape": shape, "data_offsets": [start, end]}
        text = json.dumps(header).encode()
        text += b" " * (-len(text) % 8)
        with self._aside.open("wb") as file:
            file.write(len(text).to_bytes(8, "little") + text)
            for part in self._parts:
                with part.open("rb") as piece:
                    shutil.copyfileobj(piece, file, 1 << 20)
                part.unlink()
            for offsets in self._offsets.values():
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
    """A document's multi-vectors: pages are read when asked for, whole tensors memory-mapped.

    Holds a small file's bytes, and of others no open file until they are mapped, so
    that a library may have any number of documents. Another kind of storage may be
    put in a file's place at any moment; what is then read is of that kind.

    Args:
        keep: hold the file open, for one that may be deleted while it is in use.

    Raises:
        FileNotFoundError: the document has been removed.
        ValueError: the file is not whole.
    """

    def __init__(self, path: Path, keep: bool = False) -> None:
        self._path = path
        file = OpenFile.of(path)
        self._layout = read_layout(path, file)
        self._file: Source | None = file if keep else None
        if file.size <= SMALL:
            self._file = Loaded(os.pread(file.number, file.size, 0), file.stamp)
        self._mapped: dict[str, npt.NDArray[Any]] = {}
        self._gists: list[SignCodes] | None = None

    @property
    def offsets(self) -> npt.NDArray[np.int64]:
        """Where the rows of each page begin (pages + 1,)."""
        return self._layout.offsets["vectors"]

    @property
    def passage_offsets(self) -> npt.NDArray[np.int64]:
        """Where the passages of each page begin (pages + 1,)."""
        return self._layout.offsets["passages"]

    @property
    def page_count(self) -> int:
        """How many pages the document has, those without rows counted."""
        return len(self.offsets) - 1

    @property
    def kind(self) -> Quantization:
        """How the rows are kept."""
        signs = "codes" in self._layout.tensors
        if self._layout.tensors["vectors"].dtype == np.int8:
            return "binary+int8" if signs else "int8"
        return "binary+fp16" if signs else "fp16"

    @property
    def vectors(self) -> Rows:
        """Every row of every page, as it is stored."""
        mapped = self._map()
        return Rows(mapped["vectors"], mapped.get("scales"))

    @property
    def codes(self) -> Rows | None:
        """The sign bits of every row (rows, bytes), where the kind has them."""
        mapped = self._map()
        return Rows(mapped["codes"]) if "codes" in mapped else None

    @property
    def passages(self) -> npt.NDArray[np.float16]:
        """Every passage of every page (passages, dim)."""
        return self._map()["passages"]

    def centroids(self, number: int) -> SignCodes:
        """A page's gist (rows, bytes). Those of the whole document stay in memory: a KB or few a page."""
        if self._gists is None:
            file, layout = self.open()
            tensor = layout.tensors["gists"]
            centroids = np.empty(tensor.shape, tensor.dtype)
            if centroids.size:
                file.read(tensor.start, centroids)
            self._gists = np.split(centroids, layout.offsets["gists"][1:-1])
        return self._gists[number - 1]

    def rows(self, number: int) -> slice:
        """Which rows are page `number`'s (from 1)."""
        return slice(int(self.offsets[number - 1]), int(self.offsets[number]))

    def page(self, number: int) -> PageVectors:
        """A page's vectors and boxes as fp32, copied into memory."""
        file, layout = self.open()
        vectors = Rows(
            layout.read(file, "vectors", number),
            layout.read(file, "scales", number) if "scales" in layout.tensors else None,
        )
        return PageVectors(vectors.wide(), layout.read(file, "boxes", number).astype(np.float32))

    def open(self) -> tuple[Source, Layout]:
        """The file, open as long as it is referred to, and where things lie in it.

        Raises:
            FileNotFoundError: the document has been removed.
        """
        if self._file is not None:
            return self._file, self._layout
        file = OpenFile.of(self._path)
        if file.stamp != self._layout.stamp:
            self._layout = read_layout(self._path, file)
        return file, self._layout

    @property
    def mapped(self) -> bool:
        """Whether the file is mapped, and so held open."""
        return bool(self._mapped)

    def unmap(self) -> None:
        """Map it no longer, but for views that are still in use."""
        self._mapped = {}

    def _map(self) -> dict[str, npt.NDArray[Any]]:
        mapped = self._mapped
        if not mapped:
            file, layout = self.open()
            whole = file.whole()
            mapped = {name: tensor.view(whole) for name, tensor in layout.tensors.items()}
            self._mapped = mapped
        return mapped


def check_convertible(held: Quantization, kind: Quantization) -> None:
    """Refuse what cannot be: fp16 rows of int8 ones.

    Raises:
        LossyConversion: it is that.
    """
    if is_int8(held) and not is_int8(kind):
        raise LossyConversion(
            f"Rows kept as {held} cannot be made {kind} again.",
            hint="Run `pageglass ingest --rebuild --quantization KIND` to encode the library anew.",
        )


def convert(
    held: DocumentVectors,
    target: Path,
    aside: Path,
    kind: Quantization,
    center: Sequence[float],
) -> None:
    """Write a document's multi-vectors again as another kind, whole or not at all.

    Args:
        centre: the index's, which sign bits are about.

    Raises:
        LossyConversion: the wanted kind has fp16 rows and these are int8.
    """
    check_convertible(held.kind, kind)
    dim = held.vectors.values.shape[1]
    writer = VectorWriter(target, aside, dim, kind, lambda: center)
    try:
        for number in range(1, held.page_count + 1):
            start, end = held.passage_offsets[number - 1 : number + 1]
            writer.extend(held.page(number), held.passages[start:end], held.centroids(number))
    except BaseException:
        writer.discard()
        raise
    writer.close()
