"""Row batches: rows of many pages read into reused buffers.

The rows come from the vector files of the pages. Later pages are prefetched by the
system while earlier ones are scored. A batch is read by the thread that takes it,
so that several threads read at once.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from ingest.index.quantization import Rows
from ingest.index.tensor_layout import Layout, RowTensor, TensorFile
from ingest.index.vector_file import DocumentVectors

PREFETCHED = 64
"""Pages that are prefetched before they are read, and at most so many files are open."""


class _PageSpan(NamedTuple):
    """A prefetched page: `length` rows of a file, from row `start` on."""

    file: TensorFile
    layout: Layout
    start: int
    length: int


class RowBuffers:
    """Memory for the rows of one batch after another."""

    def __init__(self) -> None:
        self._arrays: dict[str, npt.NDArray[Any]] = {}

    def take(self, name: str, rows: int, layout: Layout) -> npt.NDArray[Any]:
        """An uninitialized array of so many rows of a tensor of this layout."""
        tensor = layout.tensors[name]
        array = self._arrays.get(name)
        if array is None or len(array) < rows or array.dtype != tensor.dtype:
            array = self._arrays[name] = np.empty((rows, *tensor.shape[1:]), tensor.dtype)
        return array[:rows]


@dataclass(frozen=True, slots=True)
class RowBatch:
    """Batch of requested pages whose rows are not read yet.

    Its pages are `first` to `last` of those requested, without `last`. Page i has
    rows edges[i] to edges[i + 1].
    """

    first: int
    edges: npt.NDArray[np.int64]
    _pages: Sequence[_PageSpan]
    _tensor: RowTensor

    @property
    def last(self) -> int:
        """One past the last page."""
        return self.first + len(self._pages)

    def read(self, buffers: RowBuffers, first: int = 0, last: int | None = None) -> Rows:
        """Read the rows; they are valid until the buffers are used again.

        Args:
            first, last: read those of pages first to last alone, without last.

        Raises:
            ValueError: a file is truncated.
        """
        layout = self._pages[0].layout
        scaled = self._tensor == "vectors" and "scales" in layout.tensors
        arrays: dict[str, npt.NDArray[Any]] = {}
        pages = self._pages[first:last]
        count = sum(page.length for page in pages)
        for name in (self._tensor, "scales") if scaled else (self._tensor,):
            array = arrays[name] = buffers.take(name, count, layout)
            start = 0
            for page in _join(pages):
                tensor, end = page.layout.tensors[name], start + page.length
                page.file.read(tensor.start + page.start * tensor.row_bytes, array[start:end])
                start = end
        return Rows(arrays[self._tensor], arrays.get("scales"))


def iter_row_batches(
    pages: Iterable[tuple[DocumentVectors, int]], tensor: RowTensor, max_rows: int
) -> Iterator[RowBatch]:
    """Split pages into batches of at most `max_rows` rows, or of one longer page.

    Args:
        pages: documents with page numbers (from 1), those of a document consecutive, so that its
            file is opened once.

    Raises:
        FileNotFoundError: a document has been removed, or its sign bits have.
    """
    batch: list[_PageSpan] = []
    ends, first = [0], 0
    for position, page in enumerate(_prefetch(pages, tensor)):
        rows = ends[-1] + page.length
        if batch and (rows > max_rows or not _same_dtype(page.layout, batch[0].layout)):
            yield RowBatch(first, np.array(ends), batch, tensor)
            batch, ends, first, rows = [], [0], position, page.length
        batch.append(page)
        ends.append(rows)
    if batch:
        yield RowBatch(first, np.array(ends), batch, tensor)


def _join(pages: Sequence[_PageSpan]) -> Iterator[_PageSpan]:
    """Pages with those that follow them in their file, which are read at once."""
    last = pages[0]
    for page in pages[1:]:
        if page.file is last.file and page.start == last.start + last.length:
            last = last._replace(length=last.length + page.length)
        else:
            yield last
            last = page
    yield last


def _same_dtype(one: Layout, other: Layout) -> bool:
    """Whether rows of two files fit in one buffer."""
    if one is other:
        return True
    a, b = one.tensors["vectors"], other.tensors["vectors"]
    return a.dtype == b.dtype and a.row_bytes == b.row_bytes


def _prefetch(pages: Iterable[tuple[DocumentVectors, int]], name: RowTensor) -> Iterator[_PageSpan]:
    """Yield each page once PREFETCHED pages after it have been asked of the system."""
    waiting: deque[_PageSpan] = deque()
    last: DocumentVectors | None = None
    for held, number in pages:
        if held is not last:
            last = held
            file, layout = held.open()
            if name not in layout.tensors:  # converted since the search began
                raise FileNotFoundError(name)
            tensor = layout.tensors[name]
        start, count = layout.span(name, number)
        file.expect(tensor.start + start * tensor.row_bytes, count * tensor.row_bytes)
        waiting.append(_PageSpan(file, layout, start, count))
        if len(waiting) > PREFETCHED:
            yield waiting.popleft()
    yield from waiting
