"""What is known of each page that was asked for: how much there is of it, where it lies, and when it was last asked for.

Pages go by numbers of the ledger's own, a document's one after the other, so
that a thousand of them are looked up at once. Knows no device.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from retrieval.gpu.free_list import FreeList

NOWHERE = -1
_NUMBERS = 1 << 62

Places = npt.NDArray[np.int64]


class PageTable:
    """A line for each page."""

    def __init__(self) -> None:
        self._numbers = FreeList(_NUMBERS)
        self.document: Places = np.zeros(0, np.int64)
        """The number of its document's first page."""
        self.count: Places = np.zeros(0, np.int64)
        """How many values it has."""
        self.arena: Places = np.zeros(0, np.int64)
        """Where they lie, NOWHERE if on no device."""
        self.start: Places = np.zeros(0, np.int64)
        """From which value on."""
        self.asked: Places = np.zeros(0, np.int64)
        """When it was last asked for."""

    def add(self, counts: Places) -> int:
        """Lines for a document's pages; the number of the first."""
        first = self._numbers.take(len(counts), 1)
        assert first is not None
        last = first + len(counts)
        if last > len(self.count):
            more = max(last, 2 * len(self.count)) - len(self.count)
            for name in ("document", "count", "arena", "start", "asked"):
                setattr(self, name, np.pad(getattr(self, name), (0, more)))
            self.arena[-more:] = NOWHERE
        self.document[first:last] = first
        self.count[first:last] = counts
        self.arena[first:last] = NOWHERE
        return first

    def remove(self, first: int, pages: int) -> None:
        """Forget a document, none of whose pages lies anywhere."""
        self._numbers.give(first, pages)

    def lying(self, first: int, pages: int) -> Places:
        """Pages of a document that lie somewhere."""
        return first + np.flatnonzero(self.arena[first : first + pages] != NOWHERE)

    def asked_before(self, now: int) -> Places:
        """Pages that lie somewhere and were not asked for since, the one asked for longest ago first."""
        old = np.flatnonzero((self.arena != NOWHERE) & (self.asked < now))
        return np.asarray(old[np.argsort(self.asked[old], kind="stable")])
