"""Reserve: space on the disk that is kept for removing documents when it is full.

HOME/reserve    a file of nothing, given up while a full disk is cleared
"""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

from ingest.disk.atomic import discard
from ingest.disk.full_disk import has_little_space

SMALLEST, LARGEST = 1 << 20, 32 << 20
"""Bytes of the reserve; between these it is an eighth of the library's database."""
SHARE = 8
PLENTY = 16
"""How many times the reserve must be free for it to be made."""


def keep_reserve(root: Path) -> None:
    """Make the reserve of a data folder, where there is plenty of space.

    The writer's lock must be held.
    """
    path, size = root / "reserve", _size(root)
    there = path.stat().st_size if path.exists() else 0
    if there < size and shutil.disk_usage(root).free > PLENTY * size:
        _make(path, size)


@contextlib.contextmanager
def spare_space(root: Path) -> Iterator[bool]:
    """Give up the reserve while this lasts, if the disk is full; whether it is.

    It is made again afterwards, if it fits. The writer's lock must be held.
    """
    path = root / "reserve"
    full = has_little_space(root)
    if full:
        discard(path)
    try:
        yield full
    finally:
        if full:
            _make(path, _size(root))


def _size(root: Path) -> int:
    database = root / "library.sqlite3"
    held = database.stat().st_size if database.exists() else 0
    return min(max(held // SHARE, SMALLEST), LARGEST)


def _make(path: Path, size: int) -> None:
    """Take the space; a disk that has not enough gets all of it back."""
    try:
        with path.open("wb") as file:
            os.posix_fallocate(file.fileno(), 0, size)
    except OSError:
        discard(path)
