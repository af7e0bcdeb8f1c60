"""Pages' rows gathered from the files of several documents, a group at a time, into buffers used again and again.

The next pages are asked of the disk while the first are multiplied. A group is
read by whoever takes it, so that several threads read at once. Knows no questions.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

import numpy as np
import numpy.typing as npt

from ingest.index.quantization import Rows
from ingest.index.tensor_layout import Layout, Source
from ingest.index.vector_file import DocumentVectors

AHEAD = 64
"""Pages asked of the disk before they are read, and at most so many files open."""

What = Literal["vectors", "codes", "passages"]


class _Waiting(NamedTuple):
    """A page that has been asked of the disk: its `length` rows from `start` on."""

    file: Source
    layout: Layout
    start: int
    length: int


class Buffers:
    """Memory for one group after another."""

    def __init__(self) -> None:
        self._held: dict[str, npt.NDArray[Any]] = {}

    def take(self, name: str, rows: int, layout: Layout) -> npt.NDArray[Any]:
        """Room for so many rows of a tensor such as a file of this layout has."""
        tensor = layout.tensors[name]
        held = self._held.get(name)
        if held is None or len(held) < rows or held.dtype != tensor.dtype:
            held = self._held[name] = np.empty((rows, *tensor.shape[1:]), tensor.dtype)
        return held[:rows]


@dataclass(frozen=True, slots=True)
class Group:
    """The pages from `first` to `last` among those wanted, not read yet; page p has rows edges[p] to edges[p + 1]."""

    first: int
    edges: npt.NDArray[np.int64]
    _pages: Sequence[_Waiting]
    _what: What

    @property
    def last(self) -> int:
        """One past the last page."""
        return self.first + len(self._pages)

    def read(self, buffers: Buffers) -> Rows:
        """Their rows, valid until the same buffers take others.

        Raises:
            ValueError: a file ends before its rows do.
        """
        layout = self._pages[0].layout
        scaled = self._what == "vectors" and "scales" in layout.tensors
        filled: dict[str, npt.NDArray[Any]] = {}
        ends = self.edges.tolist()
        for name in (self._what, "scales") if scaled else (self._what,):
            room = filled[name] = buffers.take(name, ends[-1], layout)
            for page, start, end in zip(self._pages, ends[:-1], ends[1:], strict=True):
                tensor = page.layout.tensors[name]
                page.file.read(tensor.start + page.start * tensor.row_bytes, room[start:end])
        return Rows(filled[self._what], filled.get("scales"))


def gather(
    wanted: Iterable[tuple[DocumentVectors, int]], what: What, most_rows: int
) -> Iterator[Group]:
    """Pages of documents, by number from 1, in groups of `most_rows` rows at most, or of one longer page.

    Pages of a document should follow each other: its file is opened once for all of them.

    Raises:
        FileNotFoundError: a document has been removed, or its sign bits have.
    """
    pages: list[_Waiting] = []
    ends, first = [0], 0
    for place, page in enumerate(_expect(wanted, what)):
        rows = ends[-1] + page.length
        if pages and (rows > most_rows or not _alike(page.layout, pages[0].layout)):
            yield Group(first, np.array(ends), pages, what)
            pages, ends, first, rows = [], [0], place, page.length
        pages.append(page)
        ends.append(rows)
    if pages:
        yield Group(first, np.array(ends), pages, what)


def _alike(one: Layout, other: Layout) -> bool:
    """Whether rows of two files may lie in one buffer."""
    if one is other:
        return True
    a, b = one.tensors["vectors"], other.tensors["vectors"]
    return a.dtype == b.dtype and a.row_bytes == b.row_bytes


def _expect(wanted: Iterable[tuple[DocumentVectors, int]], what: What) -> Iterator[_Waiting]:
    """Each page, when those AHEAD of it have been asked of the disk."""
    waiting: deque[_Waiting] = deque()
    last: DocumentVectors | None = None
    for held, number in wanted:
        if held is not last:
            last = held
            file, layout = held.open()
            if what not in layout.tensors:  # converted since this search began
                raise FileNotFoundError(what)
            tensor = layout.tensors[what]
        start, count = layout.span(what, number)
        file.expect(tensor.start + start * tensor.row_bytes, count * tensor.row_bytes)
        waiting.append(_Waiting(file, layout, start, count))
        if len(waiting) > AHEAD:
            yield waiting.popleft()
    yield from waiting
