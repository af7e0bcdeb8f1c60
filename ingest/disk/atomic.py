"""Atomic file writes, and deletion of what may be absent.

A write is a temporary file, fsync and a rename.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO


def sync(path: Path) -> None:
    """Ask the disk to keep a file, or a folder's entries, through a power cut."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def aside(path: Path) -> Iterator[BinaryIO]:
    """Write a file atomically: write beside the target, fsync, rename.

    A reader sees the old bytes or the new ones, never a part.
    """
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with beside.open("wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)
    sync(path.parent)


def write_atomically(path: Path, data: bytes) -> None:
    """Put these bytes in the file's place, as `aside` does."""
    with aside(path) as file:
        file.write(data)


def discard(path: Path) -> None:
    """Delete a file or folder that may be gone already."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)
