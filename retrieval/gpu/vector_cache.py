"""GPU vector cache: LRU cache of page rows on a device, scored there.

A page's rows are uploaded when it is first scored. The key is a document's
`DocumentVectors` object: a new revision is opened as another object, so it is
never scored from old rows, and the rows of a collected object are released. Knows
no library and no Chroma.
"""

from __future__ import annotations

import threading
import weakref
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from ingest.index.quantization import Rows
from ingest.index.tensor_layout import FloatRows
from ingest.index.vector_file import DocumentVectors
from ingest.page import Vectors
from retrieval.gpu.free_list import GpuMemoryExhausted
from retrieval.gpu.kernel import Kernel, QueryBatch, group_by_length
from retrieval.gpu.memory_pool import MemoryPool
from retrieval.gpu.page_table import NOT_RESIDENT, PageNumbers, PageTable
from retrieval.scoring.maxsim import Scores
from retrieval.scoring.scores import CandidateBatch, document_rows


@dataclass(frozen=True, slots=True)
class _Document:
    """A document's rows of one kind, and its first page's number in the page table."""

    vectors: weakref.ref[DocumentVectors]
    rows: Rows
    offsets: PageNumbers
    first: int

    @property
    def pages(self) -> int:
        return len(self.offsets) - 1


class GpuVectorCache:
    """Scores pages on a device, a `BatchScorer`; threads take turns.

    Args:
        size: bytes of the device's memory to use at most.
        kernel: computes MaxSim on the device.
    """

    def __init__(self, device: torch.device, size: int, kernel: Kernel) -> None:
        self.uploaded = 0
        """Pages uploaded to the device so far."""
        self._pool = MemoryPool(device, size)
        self._kernel = kernel
        self._lock = threading.Lock()
        self._table = PageTable()
        self._documents: dict[tuple[int, str], _Document] = {}
        self._by_first_page: dict[int, _Document] = {}
        self._collected: deque[tuple[int, str]] = deque()
        self._now = 0

    def score(
        self,
        query: Vectors,
        weights: npt.NDArray[np.float32],
        batches: Sequence[CandidateBatch],
        count: int,
        kind: FloatRows,
    ) -> Scores:
        """MaxSim with `count` candidates (..., count), as `BatchScorer.score`.

        Raises:
            GpuMemoryExhausted: not even one page fits.
        """
        scores = np.full((*weights.shape[:-1], count), np.nan, np.float32)
        with self._lock:
            self._release_collected()
            queries = QueryBatch.upload(query, np.atleast_2d(weights), self._pool.upload)
            pages = np.concatenate(
                [self._first_page(batch.vectors, kind) + batch.numbers - 1 for batch in batches]
            )
            positions = np.concatenate([batch.positions for batch in batches])
            waiting = self._table.value_count[pages] > 0
            while waiting.any():
                self._now += 1
                self._load_pages(pages[waiting], query.shape[1])
                ready = waiting & (self._table.last_used[pages] == self._now)
                loaded = positions[ready]
                for some, sums in list(self._run_kernel(queries, pages[ready], query.shape[1])):
                    found = sums.cpu().numpy().T * queries.factors[:, None]
                    scores[..., loaded[some]] = found if weights.ndim > 1 else found[0]
                waiting &= ~ready
        return scores

    def _first_page(self, vectors: DocumentVectors, kind: FloatRows) -> int:
        """The number of a document's first page; its pages are added where they are new."""
        key = (id(vectors), kind)
        if key not in self._documents:
            rows, offsets = document_rows(vectors, kind)
            # Called by the thread that drops the last reference, so it must not wait for the lock;
            # and without `self`, which would keep the device's memory until cycles are collected.
            collected = self._collected
            reference = weakref.ref(vectors, lambda _: collected.append(key))
            first = self._table.add(np.diff(offsets) * rows.values.shape[1])
            document = _Document(reference, rows, offsets, first)
            self._documents[key] = self._by_first_page[first] = document
        return self._documents[key].first

    def _release_collected(self) -> None:
        """Release the pages of documents whose vectors are no longer open."""
        while self._collected:
            document = self._documents.pop(self._collected.popleft())
            for page in self._table.resident(document.first, document.pages):
                self._release(page)
            self._table.remove(document.first, document.pages)
            del self._by_first_page[document.first]

    def _release(self, page: int) -> int:
        """Release a page's values; return how many."""
        table = self._table
        count = int(table.value_count[page])
        self._pool.release(int(table.buffer[page]), int(table.start[page]), count)
        table.buffer[page] = NOT_RESIDENT
        return count

    def _load_pages(self, pages: PageNumbers, dim: int) -> None:
        """Load as many of these pages as fit, and mark them as used now.

        Raises:
            GpuMemoryExhausted: none fits.
        """
        table = self._table
        resident = table.buffer[pages] != NOT_RESIDENT
        table.last_used[pages[resident]] = self._now
        missing = int(table.value_count[pages[~resident]].sum())
        for done, page in enumerate(pages[~resident].tolist()):
            count = int(table.value_count[page])
            if not self._load_page(page, count, dim, missing):
                if done or resident.any():
                    return
                raise GpuMemoryExhausted(
                    f"A page of {2 * count / 1e6:.1f} MB does not fit into the vector cache on the device.",
                    hint="Make the vector cache larger, or compute scores on the CPU.",
                )
            missing -= count

    def _load_page(self, page: int, count: int, dim: int, missing: int) -> bool:
        """Upload a page of `count` values; whether it fits.

        Args:
            missing: values of this and of the pages that are still to be loaded.
        """
        while (found := self._pool.allocate(count, dim)) is None:
            if not self._evict(missing):
                return False
        buffer, start = found
        document = self._by_first_page[int(self._table.document[page])]
        number = page - document.first
        rows = document.rows[int(document.offsets[number]) : int(document.offsets[number + 1])]
        try:
            self._pool.write(buffer, start, rows)
        except BaseException:
            self._pool.release(buffer, start, count)
            raise
        table = self._table
        table.buffer[page], table.start[page], table.last_used[page] = buffer, start, self._now
        self.uploaded += 1
        return True

    def _evict(self, count: int) -> bool:
        """Evict about `count` values of the least recently used pages; whether there were any."""
        old = self._table.least_recently_used(self._now)
        for page in old.tolist():
            count -= self._release(page)
            if count <= 0:
                break
        return len(old) > 0

    def _run_kernel(
        self, queries: QueryBatch, pages: PageNumbers, dim: int
    ) -> Iterator[tuple[PageNumbers, Tensor]]:
        """Positions among the pages, with their sums (pages, queries): a call for each buffer and group of lengths."""
        buffers = self._table.buffer[pages]
        starts = self._table.start[pages] // dim
        lengths = self._table.value_count[pages] // dim
        order = np.argsort(-starts)
        for buffer in np.unique(buffers).tolist():
            here = order[buffers[order] == buffer]
            rows = self._pool.rows(buffer, dim)
            for some in group_by_length(lengths[here]):
                chosen = here[np.sort(some)]
                found = queries.score(
                    self._kernel, rows, starts[chosen], lengths[chosen], self._pool.upload
                )
                yield chosen, found
