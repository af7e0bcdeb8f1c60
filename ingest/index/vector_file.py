"""Vector file reader: a document's multi-vectors in one safetensors file.

A file holds `vectors` (rows, dim) fp16, `boxes` (rows, 4) fp16 and `offsets`
(pages + 1) int64: page p has rows offsets[p - 1] to offsets[p]. Other
quantizations (ingest.index.quantization) have `vectors` int8 with `scales` (rows,)
fp32, and `codes` (rows, bytes) uint8, the sign bits of the rows. `passages`
(passages, dim) fp16, with `passage_offsets` (pages + 1), are unit means of
PASSAGE_ROWS consecutive rows, for dense retrieval. `centroids` (centroids, bytes)
uint8, with `centroid_offsets` (pages + 1), are sign bits of a page's centroids
(ingest.index.centroids).
Format: https://huggingface.co/docs/safetensors, so that other tools read it too.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from ingest.index.quantization import Quantization, Rows, SignCodes
from ingest.index.tensor_layout import Layout, LoadedFile, OpenFile, TensorFile, read_layout
from ingest.page import PageVectors

SMALL = 32_768
"""Bytes; a file of at most this size is held in memory, such as a photo's few rows."""


class DocumentVectors:
    """Multi-vectors of a document.

    Pages are read on demand, whole tensors are memory-mapped. A small file is held
    in memory. Another is opened for each read and not held open until it is mapped,
    so that a library may have any number of documents. A file may be replaced by
    one of another quantization at any moment; later reads use the new one.

    Args:
        keep: hold the file open, for a file that may be deleted while it is in use.

    Raises:
        FileNotFoundError: the document has been removed.
        ValueError: the file is truncated.
    """

    def __init__(self, path: Path, keep: bool = False) -> None:
        self._path = path
        file = OpenFile.of(path)
        self._layout = read_layout(path, file)
        self._file: TensorFile | None = file if keep else None
        if file.size <= SMALL:
            self._file = LoadedFile(os.pread(file.number, file.size, 0), file.identity)
        self._mapped: dict[str, npt.NDArray[Any]] = {}
        self._centroids: list[SignCodes] | None = None

    @property
    def offsets(self) -> npt.NDArray[np.int64]:
        """Offsets of each page's rows (pages + 1,)."""
        return self._layout.offsets["vectors"]

    @property
    def passage_offsets(self) -> npt.NDArray[np.int64]:
        """Offsets of each page's passages (pages + 1,)."""
        return self._layout.offsets["passages"]

    @property
    def page_count(self) -> int:
        """The number of pages, those without rows included."""
        return len(self.offsets) - 1

    @property
    def quantization(self) -> Quantization:
        """How the rows are stored."""
        signs = "codes" in self._layout.tensors
        if self._layout.tensors["vectors"].dtype == np.int8:
            return "binary+int8" if signs else "int8"
        return "binary+fp16" if signs else "fp16"

    @property
    def vectors(self) -> Rows:
        """The rows of all pages, as they are stored."""
        mapped = self._map()
        return Rows(mapped["vectors"], mapped.get("scales"))

    @property
    def codes(self) -> Rows | None:
        """The sign bits of all rows (rows, bytes); None if the quantization has none."""
        mapped = self._map()
        return Rows(mapped["codes"]) if "codes" in mapped else None

    @property
    def passages(self) -> npt.NDArray[np.float16]:
        """The passages of all pages (passages, dim)."""
        return self._map()["passages"]

    def centroids(self, number: int) -> SignCodes:
        """Sign bits of a page's centroids (centroids, bytes).

        Those of the whole document stay in memory, about 1 KB a page.
        """
        if self._centroids is None:
            file, layout = self.open()
            tensor = layout.tensors["centroids"]
            centroids = np.empty(tensor.shape, tensor.dtype)
            if centroids.size:
                file.read(tensor.start, centroids)
            self._centroids = np.split(centroids, layout.offsets["centroids"][1:-1])
        return self._centroids[number - 1]

    def rows(self, number: int) -> slice:
        """The rows of page `number` (from 1)."""
        return slice(int(self.offsets[number - 1]), int(self.offsets[number]))

    def page(self, number: int) -> PageVectors:
        """Read a page's vectors and boxes as fp32."""
        rows, boxes = self.stored_page(number)
        return PageVectors(rows.dequantize(), boxes)

    def stored_page(self, number: int) -> tuple[Rows, npt.NDArray[np.float32]]:
        """Read a page's rows as they are stored, and their boxes (n, 4)."""
        file, layout = self.open()
        scales = layout.read(file, "scales", number) if "scales" in layout.tensors else None
        rows = Rows(layout.read(file, "vectors", number), scales)
        return rows, layout.read(file, "boxes", number).astype(np.float32)

    def open(self) -> tuple[TensorFile, Layout]:
        """Open the file, and read its layout if the file was replaced.

        The file stays open until the last reference to it is gone.

        Raises:
            FileNotFoundError: the document has been removed.
        """
        if self._file is not None:
            return self._file, self._layout
        file = OpenFile.of(self._path)
        if file.identity != self._layout.identity:
            self._layout = read_layout(self._path, file)
        return file, self._layout

    @property
    def mapped(self) -> bool:
        """Whether the file is mapped, and so held open."""
        return bool(self._mapped)

    def unmap(self) -> None:
        """Drop the mapping; views in use stay valid."""
        self._mapped = {}

    def _map(self) -> dict[str, npt.NDArray[Any]]:
        mapped = self._mapped
        if not mapped:
            file, layout = self.open()
            whole = file.whole()
            mapped = {name: tensor.view(whole) for name, tensor in layout.tensors.items()}
            self._mapped = mapped
        return mapped
