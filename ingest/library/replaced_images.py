"""Replaced images: page images swapped so that a crash keeps one whole set."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ingest.disk.atomic import discard, sync


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
