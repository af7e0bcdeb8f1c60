"""Moment: a time of a recording as it is written, and how far it is from a shot."""

from __future__ import annotations

import math

from ingest.page import TimeSpan

TIME = r"(?:\d{1,2}:)?\d{1,3}:[0-5]\d"
"""A time: M:SS, MM:SS or H:MM:SS."""


def seconds_of(time: str) -> int:
    """Seconds of a time, without parts of them.

    >>> seconds_of("12:31"), seconds_of("1:02:03.5")
    (751, 3723)
    """
    parts = [int(part.partition(".")[0].partition(",")[0]) for part in time.split(":")]
    return sum(part * 60**power for power, part in enumerate(reversed(parts)))


def seconds_to(span: TimeSpan | None, time: int) -> float:
    """Seconds from a second to a shot; less than 0 for one that begins in that second."""
    if span is None:
        return math.inf
    if int(span.start) == time:
        return -1.0
    return max(span.start - time, time - span.end + 1e-3, 0.0)
