"""Pages' rows that stay in a device's memory, as many as a bound allows, and are scored there by a fused kernel.

A page's rows are sent when it is first asked for, and stay until room is needed
and no page on the device was asked for longer ago. They belong to a document's
vectors as those are mapped: a new revision is mapped anew, so it is never scored
from old rows, and what nobody maps any more goes. Knows no library and no Chroma.
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
from retrieval.gpu.kernel import Kernel, Questions, alike
from retrieval.gpu.memory_pool import MemoryPool
from retrieval.gpu.page_table import NOWHERE, PageTable, Places
from retrieval.scoring.scores import CandidateBatch, Scores, stored


@dataclass(frozen=True, slots=True)
class _Document:
    """Rows of one kind of a document, and the number in the ledger of its first page."""

    mapped: weakref.ref[DocumentVectors]
    rows: Rows
    offsets: Places
    first: int

    @property
    def pages(self) -> int:
        return len(self.offsets) - 1


class GpuVectorCache:
    """Scores pages on a device, for any number of threads, one after the other.

    Args:
        size: bytes of the device's memory to use at most.
        kernel: what scores.
    """

    def __init__(self, device: torch.device, size: int, kernel: Kernel) -> None:
        self.sent = 0
        """Pages sent to the device so far."""
        self._arenas = MemoryPool(device, size)
        self._kernel = kernel
        self._lock = threading.Lock()
        self._ledger = PageTable()
        self._known: dict[tuple[int, str], _Document] = {}
        self._by_first: dict[int, _Document] = {}
        self._gone: deque[tuple[int, str]] = deque()
        self._now = 0

    def score(
        self,
        query: Vectors,
        weights: npt.NDArray[np.float32],
        parts: Sequence[CandidateBatch],
        count: int,
        what: FloatRows,
    ) -> Scores:
        """What `retrieval.scoring.maxsim.maxsim` gives of `count` candidates (..., count); NaN for those in no part.

        Args:
            query: (q, dim) unit rows of one question, or of several after each other.
            weights: (q,), or (questions, q), none of them all zero.

        Raises:
            GpuMemoryExhausted: not even one page fits.
        """
        scores = np.full((*weights.shape[:-1], count), np.nan, np.float32)
        with self._lock:
            self._forget()
            asked = Questions.send(query, np.atleast_2d(weights), self._arenas.send)
            pages = np.concatenate(
                [self._know(part.held, what) + part.numbers - 1 for part in parts]
            )
            places = np.concatenate([part.places for part in parts])
            waiting = self._ledger.count[pages] > 0
            while waiting.any():
                self._now += 1
                self._bring(pages[waiting], query.shape[1])
                ready = waiting & (self._ledger.asked[pages] == self._now)
                there = places[ready]
                for some, sums in list(self._launch(asked, pages[ready], query.shape[1])):
                    found = sums.cpu().numpy().T * asked.factors[:, None]
                    scores[..., there[some]] = found if weights.ndim > 1 else found[0]
                waiting &= ~ready
        return scores

    def _know(self, held: DocumentVectors, what: FloatRows) -> int:
        """The number of a document's first page."""
        key = (id(held), what)
        if key not in self._known:
            rows, offsets = stored(held, what)
            # Called by whatever thread lets go of it last, so it must not wait for the lock;
            # and without `self`, which would keep the device's memory until cycles are collected.
            gone = self._gone
            mapped = weakref.ref(held, lambda _: gone.append(key))
            first = self._ledger.add(np.diff(offsets) * rows.values.shape[1])
            self._known[key] = self._by_first[first] = _Document(mapped, rows, offsets, first)
        return self._known[key].first

    def _forget(self) -> None:
        """Give back the room of documents that are mapped no more."""
        while self._gone:
            document = self._known.pop(self._gone.popleft())
            for page in self._ledger.lying(document.first, document.pages):
                self._drop(page)
            self._ledger.remove(document.first, document.pages)
            del self._by_first[document.first]

    def _drop(self, page: int) -> int:
        """Give back the room of a page; how many values."""
        ledger = self._ledger
        count = int(ledger.count[page])
        self._arenas.give(int(ledger.arena[page]), int(ledger.start[page]), count)
        ledger.arena[page] = NOWHERE
        return count

    def _bring(self, pages: Places, dim: int) -> None:
        """Have as many of these pages as fit lie on the device, and mark those as asked for now.

        Raises:
            GpuMemoryExhausted: none fits.
        """
        ledger = self._ledger
        lies = ledger.arena[pages] != NOWHERE
        ledger.asked[pages[lies]] = self._now
        missing = int(ledger.count[pages[~lies]].sum())
        for done, page in enumerate(pages[~lies].tolist()):
            count = int(ledger.count[page])
            if not self._place(page, count, dim, missing):
                if done or lies.any():
                    return
                raise GpuMemoryExhausted(
                    f"A page of {2 * count / 1e6:.1f} MB does not fit into the memory that is set aside on the device.",
                    hint="Make PAGEGLASS_DEVICE_CACHE_MB more, or set PAGEGLASS_SCORE_DEVICE to cpu.",
                )
            missing -= count

    def _place(self, page: int, count: int, dim: int, missing: int) -> bool:
        """Send a page of `count` values, the first of `missing`; whether there was room."""
        while (found := self._arenas.take(count, dim)) is None:
            if not self._evict(missing):
                return False
        arena, start = found
        document = self._by_first[int(self._ledger.document[page])]
        number = page - document.first
        rows = document.rows[int(document.offsets[number]) : int(document.offsets[number + 1])]
        try:
            self._arenas.fill(arena, start, rows)
        except BaseException:
            self._arenas.give(arena, start, count)
            raise
        ledger = self._ledger
        ledger.arena[page], ledger.start[page], ledger.asked[page] = arena, start, self._now
        self.sent += 1
        return True

    def _evict(self, count: int) -> bool:
        """Drop the pages asked for longest ago, about `count` values, none that is asked for now; whether there were any."""
        old = self._ledger.asked_before(self._now)
        for page in old.tolist():
            count -= self._drop(page)
            if count <= 0:
                break
        return len(old) > 0

    def _launch(self, asked: Questions, pages: Places, dim: int) -> Iterator[tuple[Places, Tensor]]:
        """Which pages, and their sums (pages, questions): a call for each arena and each kind of length."""
        arenas = self._ledger.arena[pages]
        starts = self._ledger.start[pages] // dim
        lengths = self._ledger.count[pages] // dim
        order = np.argsort(-starts)
        for arena in np.unique(arenas).tolist():
            here = order[arenas[order] == arena]
            rows = self._arenas.rows(arena, dim)
            for some in alike(lengths[here]):
                chosen = here[np.sort(some)]
                found = asked.score(
                    self._kernel, rows, starts[chosen], lengths[chosen], self._arenas.send
                )
                yield chosen, found
