"""Atomic file writes, replaced image folders, and deletion of what may be absent.

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


@contextmanager
def replaced_images(target: Path, images: Path, revision: str) -> Iterator[None]:
    """Put page images in place, and the old ones back if the context ends in an error.

    The old ones wait beside, named by their revision, so that `restore_images`
    knows after a crash whether the rows of the new ones were committed.

    Args:
        images: the new folder, on the same file system.
        revision: that of the old ones, empty where there are none.
    """
    target.parent.mkdir(exist_ok=True)
    old = target.with_name(f".{target.name}.{revision}")
    if target.exists():
        discard(old)
        target.rename(old)
    images.rename(target)
    sync(target.parent)
    try:
        yield
    except BaseException:
        discard(target)
        if old.exists():
            old.rename(target)
        raise
    discard(old)


def restore_images(target: Path, revision: str) -> None:
    """After a crash, keep those images that belong to the document's `revision`."""
    for old in target.parent.glob(f".{target.name}.*"):
        if revision and old.name.endswith(f".{revision}"):
            discard(target)
            old.rename(target)
        else:
            discard(old)
    if not revision:
        discard(target)
