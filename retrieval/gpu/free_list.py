"""Free list: first-fit allocation of ranges in a fixed span of units.

Knows no rows and no device.
"""

from __future__ import annotations

from bisect import bisect

from ingest.error import ComputeError


class GpuMemoryExhausted(ComputeError):
    """A device has too little memory for the vectors of a page."""

    code = "gpu-memory-exhausted"


class FreeList:
    """The free ranges of a span of `size` units, all of them free at first."""

    def __init__(self, size: int) -> None:
        self._ranges = [(0, size)]

    @property
    def free(self) -> int:
        """The number of free units, in one range or in many."""
        return sum(end - start for start, end in self._ranges)

    def allocate(self, count: int, alignment: int) -> int | None:
        """Allocate a range of `count` units; return its start, None where none fits.

        The start is a multiple of `alignment`.
        """
        for position, (start, end) in enumerate(self._ranges):
            aligned = -(-start // alignment) * alignment
            if aligned + count <= end:
                rest = ((start, aligned), (aligned + count, end))
                self._ranges[position : position + 1] = [r for r in rest if r[0] < r[1]]
                return aligned
        return None

    def release(self, start: int, count: int) -> None:
        """Free a range that was allocated, or a part of it."""
        end = start + count
        position = bisect(self._ranges, (start, end))
        first = last = position
        if position and self._ranges[position - 1][1] == start:
            first, start = position - 1, self._ranges[position - 1][0]
        if position < len(self._ranges) and self._ranges[position][0] == end:
            last, end = position + 1, self._ranges[position][1]
        self._ranges[first:last] = [(start, end)]
