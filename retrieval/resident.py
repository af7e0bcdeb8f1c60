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
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from ingest.page import Vectors
from ingest.storage import Rows
from ingest.vectors import DocumentVectors
from retrieval.arena import Arenas
from retrieval.fused import Kernel, Places, Questions, alike
from retrieval.room import NoRoom
from retrieval.score import Part, Scores, stored

What = Literal["vectors", "passages"]
_NOWHERE = -1


@dataclass(frozen=True, slots=True)
class _Document:
    """Where a document's pages lie (pages,): in which arena, from which value on; and when each was last asked for."""

    mapped: weakref.ref[DocumentVectors]
    rows: Rows
    offsets: Places
    arena: Places
    start: Places
    asked: Places

    @property
    def dim(self) -> int:
        return int(self.rows.values.shape[1])

    def values(self, numbers: Places) -> Places:
        """How many values each of some pages has."""
        return (self.offsets[numbers + 1] - self.offsets[numbers]) * self.dim


@dataclass(frozen=True, slots=True)
class _Wanted:
    """Pages of one document, by number from 0, and their places among all candidates."""

    document: _Document
    numbers: Places
    places: Places

    def __getitem__(self, some: npt.NDArray[Any]) -> _Wanted:
        return _Wanted(self.document, self.numbers[some], self.places[some])

    def lies(self) -> npt.NDArray[np.bool_]:
        """Which pages are on the device."""
        return np.asarray(self.document.arena[self.numbers] != _NOWHERE)


class Resident:
    """Scores pages on a device, for any number of threads, one after the other.

    Args:
        size: bytes of the device's memory to use at most.
        kernel: what scores.
    """

    def __init__(self, device: torch.device, size: int, kernel: Kernel) -> None:
        self.sent = 0
        """Pages sent to the device so far."""
        self._arenas = Arenas(device, size)
        self._kernel = kernel
        self._lock = threading.Lock()
        self._documents: dict[tuple[int, str], _Document] = {}
        self._gone: deque[tuple[int, str]] = deque()
        self._now = 0

    def score(
        self,
        query: Vectors,
        weights: npt.NDArray[np.float32],
        parts: Sequence[Part],
        count: int,
        what: What,
    ) -> Scores:
        """What `retrieval.maxsim.maxsim` gives of `count` candidates (..., count); NaN for those in no part.

        Args:
            query: (q, dim) unit rows of one question, or of several after each other.
            weights: (q,), or (questions, q), none of them all zero.

        Raises:
            NoRoom: not even one page fits.
        """
        scores = np.full((*weights.shape[:-1], count), np.nan, np.float32)
        with self._lock:
            self._forget()
            asked = Questions.send(query, np.atleast_2d(weights), self._arenas.send)
            waiting = [self._want(part, what) for part in parts]
            waiting = [want[want.document.values(want.numbers) > 0] for want in waiting]
            while waiting := [want for want in waiting if len(want.numbers)]:
                self._now += 1
                self._bring(waiting)
                there = [want.document.asked[want.numbers] == self._now for want in waiting]
                ready = [want[mask] for want, mask in zip(waiting, there, strict=True)]
                waiting = [want[~mask] for want, mask in zip(waiting, there, strict=True)]
                for places, sums in list(self._launch(asked, ready)):
                    found = sums.cpu().numpy().T * asked.factors[:, None]
                    scores[..., places] = found if weights.ndim > 1 else found[0]
        return scores

    def _want(self, part: Part, what: What) -> _Wanted:
        key = (id(part.held), what)
        if key not in self._documents:
            rows, offsets = stored(part.held, what)
            # Called by whatever thread lets go of it last, so it must not wait for the lock.
            mapped = weakref.ref(part.held, lambda _: self._gone.append(key))
            arena, start, asked = (np.full(len(offsets) - 1, _NOWHERE, np.int64) for _ in range(3))
            self._documents[key] = _Document(mapped, rows, offsets, arena, start, asked)
        return _Wanted(self._documents[key], part.numbers - 1, part.places)

    def _forget(self) -> None:
        """Give back the room of documents that are mapped no more."""
        while self._gone:
            document = self._documents.pop(self._gone.popleft())
            self._drop(document, np.flatnonzero(document.arena != _NOWHERE))

    def _drop(self, document: _Document, numbers: Places) -> int:
        """Give back the room of pages; how many values."""
        counts = document.values(numbers).tolist()
        for number, count in zip(numbers.tolist(), counts, strict=True):
            self._arenas.give(int(document.arena[number]), int(document.start[number]), count)
        document.arena[numbers] = _NOWHERE
        return sum(counts)

    def _bring(self, wanted: Sequence[_Wanted]) -> None:
        """Have as many of these pages as fit lie on the device, and mark those as asked for now.

        Raises:
            NoRoom: none fits.
        """
        missing = 0
        for want in wanted:
            want.document.asked[want.numbers[want.lies()]] = self._now
            missing += int(want.document.values(want.numbers[~want.lies()]).sum())
        placed = any(want.lies().any() for want in wanted)
        for want in wanted:
            document, numbers = want.document, want.numbers[~want.lies()]
            counts = document.values(numbers).tolist()
            for number, count in zip(numbers.tolist(), counts, strict=True):
                if not self._place(document, number, count, missing):
                    if placed:
                        return
                    raise NoRoom(
                        f"A page of {2 * count / 1e6:.1f} MB does not fit into the memory that is set aside on the device.",
                        remedy="Make PAGEGLASS_DEVICE_CACHE_MB more, or set PAGEGLASS_SCORE_DEVICE to cpu.",
                    )
                placed = True
                missing -= count

    def _place(self, document: _Document, number: int, count: int, missing: int) -> bool:
        """Send a page of `count` values, the first of `missing`; whether there was room."""
        while (found := self._arenas.take(count, document.dim)) is None:
            if not self._evict(missing):
                return False
        arena, start = found
        first, last = int(document.offsets[number]), int(document.offsets[number + 1])
        try:
            self._arenas.fill(arena, start, document.rows[first:last])
        except BaseException:
            self._arenas.give(arena, start, count)
            raise
        document.arena[number], document.start[number] = arena, start
        document.asked[number] = self._now
        self.sent += 1
        return True

    def _evict(self, count: int) -> bool:
        """Drop the pages asked for longest ago, about `count` values, none that is asked for now; whether there were any."""
        documents = list(self._documents.values())
        old = [
            np.flatnonzero((document.arena != _NOWHERE) & (document.asked < self._now))
            for document in documents
        ]
        owners = np.repeat(np.arange(len(old)), [len(numbers) for numbers in old])
        numbers = np.concatenate(old)
        asked = np.concatenate([d.asked[some] for d, some in zip(documents, old, strict=True)])
        for place in np.argsort(asked, kind="stable"):
            count -= self._drop(documents[owners[place]], numbers[place : place + 1])
            if count <= 0:
                break
        return len(owners) > 0

    def _launch(
        self, asked: Questions, ready: Sequence[_Wanted]
    ) -> Iterator[tuple[Places, Tensor]]:
        """Places of pages and their sums (pages, questions): a call for each arena and each kind of length."""
        dim = ready[0].document.dim
        arenas = np.concatenate([want.document.arena[want.numbers] for want in ready])
        starts = np.concatenate([want.document.start[want.numbers] for want in ready]) // dim
        counts = np.concatenate([want.document.values(want.numbers) for want in ready]) // dim
        places = np.concatenate([want.places for want in ready])
        order = np.argsort(-starts)
        for arena in np.unique(arenas).tolist():
            here = order[arenas[order] == arena]
            for some in alike(counts[here]):
                chosen = here[np.sort(some)]
                rows = self._arenas.rows(arena, dim)
                found = asked.score(
                    self._kernel, rows, starts[chosen], counts[chosen], self._arenas.send
                )
                yield places[chosen], found
