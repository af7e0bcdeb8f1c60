"""Vector file writer: a document's multi-vectors in one safetensors file.

They are written page by page.
"""

from __future__ import annotations

import json
import math
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import numpy.typing as npt

from ingest.disk.atomic import sync
from ingest.index.centroids import pool_rows
from ingest.index.quantization import (
    DEFAULT,
    Quantization,
    SignCodes,
    has_signs,
    is_int8,
    pack_signs,
    quantize_rows,
    sign_bytes,
)
from ingest.index.tensor_layout import NUMPY, OFFSETS
from ingest.page import PageVectors, Vectors, unit

PASSAGE_ROWS = 64
"""Rows pooled into one passage for the dense signal; better than 128, and as good as encoding passages."""


class VectorWriter:
    """Writer of a vector file, in bounded memory; the file is put in place whole.

    Args:
        target: the path of the file.
        aside: a temporary path on the same file system.
        dim: dimensions of the vectors.
        quantization: how rows are stored.
        center: returns the point (dim,) that sign bits are taken about, or (); called for each page.
        centroids: centroids a page at most, 0 for none.
    """

    def __init__(
        self,
        target: Path,
        aside: Path,
        dim: int,
        quantization: Quantization = DEFAULT,
        center: Callable[[], Sequence[float]] = tuple,
        centroids: int = 0,
    ) -> None:
        self._target = target
        self._aside = aside
        self._quantization = quantization
        self._center = center
        self._centroids = centroids
        self._tensors = {
            "vectors": ("I8" if is_int8(quantization) else "F16", [dim]),
            **({"scales": ("F32", [])} if is_int8(quantization) else {}),
            **({"codes": ("U8", [sign_bytes(dim)])} if has_signs(quantization) else {}),
            "boxes": ("F16", [4]),
            "passages": ("F16", [dim]),
            "centroids": ("U8", [sign_bytes(dim)]),
        }
        self._offsets = {"offsets": [0], **{name: [0] for name in OFFSETS.values()}}
        self._parts = [aside.with_suffix(f".{name}") for name in self._tensors]
        self._files: dict[str, BinaryIO] = {
            name: part.open("wb") for name, part in zip(self._tensors, self._parts, strict=True)
        }

    def append(self, page: PageVectors) -> None:
        """Append the next page."""
        means = pool_rows(page.vectors, self._centroids) if self._centroids else page.vectors[:0]
        self.append_pooled(page, pool_passages(page.vectors), pack_signs(means, self._center()))

    def append_pooled(self, page: PageVectors, passages: Vectors, centroids: SignCodes) -> None:
        """Append the next page with its passages (n, dim) and centroid codes (m, bytes)."""
        rows = quantize_rows(page.vectors, self._quantization)
        self._write("vectors", rows.values)
        if rows.scales is not None:
            self._write("scales", rows.scales)
        if "codes" in self._files:
            self._write("codes", pack_signs(page.vectors, self._center()))
        self._write("boxes", page.boxes)
        self._write("passages", passages)
        self._write("centroids", centroids)
        lengths = (len(page.vectors), len(passages), len(centroids))
        for ends, length in zip(self._offsets.values(), lengths, strict=True):
            ends.append(ends[-1] + length)

    def _write(self, name: str, rows: npt.NDArray[Any]) -> None:
        self._files[name].write(rows.astype(NUMPY[self._tensors[name][0]]).tobytes())

    def discard(self) -> None:
        """Delete the temporary files; nothing is put in place."""
        for file, part in zip(self._files.values(), self._parts, strict=True):
            file.close()
            part.unlink(missing_ok=True)

    def close(self) -> None:
        """Concatenate the tensors into one file, fsync it and rename it into place."""
        for file in self._files.values():
            file.close()
        header = json.dumps(self._header()).encode()
        header += b" " * (-len(header) % 8)
        with self._aside.open("wb") as file:
            file.write(len(header).to_bytes(8, "little") + header)
            for part in self._parts:
                with part.open("rb") as tensor:
                    shutil.copyfileobj(tensor, file, 1 << 20)
                part.unlink()
            for offsets in self._offsets.values():
                file.write(np.array(offsets, "<i8").tobytes())
            file.flush()
        sync(self._aside)
        self._target.parent.mkdir(parents=True, exist_ok=True)
        self._aside.replace(self._target)
        sync(self._target.parent)

    def _header(self) -> dict[str, dict[str, Any]]:
        """The safetensors header: dtype, shape and byte range of each tensor."""
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
        return header


def pool_passages(rows: Vectors) -> Vectors:
    """Pool a page's rows (n, dim) into unit means (passages, dim), fp32.

    A passage is PASSAGE_ROWS rows; the last may be shorter.
    """
    if not len(rows):
        return np.zeros((0, rows.shape[1]), np.float32)
    starts = np.arange(0, len(rows), PASSAGE_ROWS)
    return unit(np.add.reduceat(np.asarray(rows, np.float32), starts, axis=0))
