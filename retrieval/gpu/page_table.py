"""Page table: size, location and last use of each page's vectors on a device.

Pages have numbers of the table's own, consecutive within a document, so that a
thousand of them are looked up at once. Knows no device.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from retrieval.gpu.free_list import FreeList

NOT_RESIDENT = -1
_MAX_PAGES = 1 << 62

PageNumbers = npt.NDArray[np.int64]


class PageTable:
    """An entry for each page, as arrays by page number."""

    def __init__(self) -> None:
        self._numbers = FreeList(_MAX_PAGES)
        self.document: PageNumbers = np.zeros(0, np.int64)
        """The number of its document's first page."""
        self.value_count: PageNumbers = np.zeros(0, np.int64)
        """How many values it has."""
        self.buffer: PageNumbers = np.zeros(0, np.int64)
        """The buffer that holds them, or NOT_RESIDENT."""
        self.start: PageNumbers = np.zeros(0, np.int64)
        """The first of them in the buffer."""
        self.last_used: PageNumbers = np.zeros(0, np.int64)
        """The time of its last use, counted in loads."""

    def add(self, counts: PageNumbers) -> int:
        """Add a document's pages; return the first page's number.

        `counts` are the pages' numbers of values.
        """
        first = self._numbers.allocate(len(counts), 1)
        assert first is not None
        last = first + len(counts)
        if last > len(self.value_count):
            more = max(last, 2 * len(self.value_count)) - len(self.value_count)
            for name in ("document", "value_count", "buffer", "start", "last_used"):
                setattr(self, name, np.pad(getattr(self, name), (0, more)))
            self.buffer[-more:] = NOT_RESIDENT
        self.document[first:last] = first
        self.value_count[first:last] = counts
        self.buffer[first:last] = NOT_RESIDENT
        return first

    def remove(self, first: int, pages: int) -> None:
        """Remove a document, none of whose pages is resident."""
        self._numbers.release(first, pages)

    def resident(self, first: int, pages: int) -> PageNumbers:
        """The resident pages of a document."""
        return first + np.flatnonzero(self.buffer[first : first + pages] != NOT_RESIDENT)

    def least_recently_used(self, now: int) -> PageNumbers:
        """The resident pages last used before `now`, the least recently used first."""
        old = np.flatnonzero((self.buffer != NOT_RESIDENT) & (self.last_used < now))
        return np.asarray(old[np.argsort(self.last_used[old], kind="stable")])
