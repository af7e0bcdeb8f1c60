"""Free stretches of a line of units, taken first fit and given back: where rows may lie in a device's memory.

Knows no rows and no device.
"""

from __future__ import annotations

from bisect import bisect

from ingest.error import ComputeError


class GpuMemoryExhausted(ComputeError):
    """A device's memory is too small for what must lie there."""

    code = "gpu-memory-exhausted"


class FreeList:
    """A line of `size` units, all of them free at first."""

    def __init__(self, size: int) -> None:
        self._holes = [(0, size)]

    @property
    def free(self) -> int:
        """Units that are free, in one stretch or in many."""
        return sum(end - start for start, end in self._holes)

    def take(self, count: int, step: int) -> int | None:
        """Where the first free stretch of `count` units begins, at a multiple of `step`; None where there is none."""
        for place, (start, end) in enumerate(self._holes):
            at = -(-start // step) * step
            if at + count <= end:
                left = ((start, at), (at + count, end))
                self._holes[place : place + 1] = [hole for hole in left if hole[0] < hole[1]]
                return at
        return None

    def give(self, start: int, count: int) -> None:
        """Let go of a stretch that was taken, or of a part of it."""
        end = start + count
        place = bisect(self._holes, (start, end))
        first = last = place
        if place and self._holes[place - 1][1] == start:
            first, start = place - 1, self._holes[place - 1][0]
        if place < len(self._holes) and self._holes[place][0] == end:
            last, end = place + 1, self._holes[place][1]
        self._holes[first:last] = [(start, end)]
