"""Settled files: told from files that are still being written."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

from ingest.file_state import FileStamp, stamp_of

SETTLE_SECONDS = 2.0
"""Time without a change of size or time after which a file counts as whole."""
OLD_SECONDS = 60.0
"""A file that was last written so long ago is whole at the first look."""


class SettledFiles:
    """Files whose stamp has stopped changing.

    For `AddSettings.is_settled`. `waiting` are the files that were not settled when asked for.

    Args:
        seconds: without a change.
        clock: seconds from any beginning.
    """

    def __init__(
        self, seconds: float = SETTLE_SECONDS, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.waiting: set[Path] = set()
        self._seconds = seconds
        self._clock = clock
        self._seen: dict[Path, tuple[FileStamp, float]] = {}

    def __call__(self, path: Path) -> bool:
        """Whether a file is whole; what is gone or no file counts as whole."""
        settled = self._is_settled(path)
        (self.waiting.discard if settled else self.waiting.add)(path)
        return settled

    def _is_settled(self, path: Path) -> bool:
        stamp, written, now = stamp_of(path), _written_at(path), self._clock()
        if stamp is None or written is None:
            self._seen.pop(path, None)
            return True
        # Clocks of other machines may be wrong: a time to come says nothing.
        if time.time() - written > OLD_SECONDS:
            self._seen.pop(path, None)
            return True
        before, since = self._seen.get(path, (None, now))
        if before != stamp:
            self._seen[path] = stamp, now
            return self._seconds <= 0
        return now - since >= self._seconds


def _written_at(path: Path) -> float | None:
    """When a file was last written, in seconds; None where it is gone or no file."""
    try:
        return path.stat().st_mtime if path.is_file() else None
    except OSError:
        return None
