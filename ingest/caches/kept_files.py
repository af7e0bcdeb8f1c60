"""Kept files: what takes long to make, between runs, in the user's cache folder.

Whatever is there can be deleted at any time, and is made again. A folder appears whole
or not at all: it is made beside its place, written to the disk, then renamed.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

from platformdirs import user_cache_path

from ingest.disk.atomic import discard, sync

VERSIONS = 2
"""Folders of one name that stay: those of two installed versions."""
ABANDONED_SECONDS = 3_600
"""Age of a half-made folder whose process must have been killed."""


def cache_folder() -> Path:
    """The folder; it may not exist yet."""
    return user_cache_path("pageglass", appauthor=False)


def find_folder(name: str, version: str) -> Path | None:
    """The folder of this name and version; None if it is not kept."""
    place = _place(name, version)
    return place if place.is_dir() else None


def find_versions(name: str) -> list[Path]:
    """Folders of every version that is kept of a name."""
    return sorted(_place(name, "").glob("[!.]*"))


def keep_folder(
    name: str, version: str, make: Callable[[Path], None], versions: int = VERSIONS
) -> Path:
    """The folder of this name and version, made if there is none.

    Args:
        make: writes files into an empty folder.
        versions: how many of the name stay, this one included.

    Raises:
        OSError: there is none, and it cannot be written.
        What `make` raises.
    """
    place = _place(name, version)
    if not place.is_dir():
        _make(place, make, versions)
    return place


def drop_oldest(prefix: str, most_bytes: int, *, but: str) -> None:
    """Delete the oldest folders of a prefix until the rest are small enough.

    Args:
        but: a name whose folders stay.
    """
    total = 0
    folders = [
        path for name in _place(prefix, "").parent.glob(f"{prefix}*") for path in name.glob("[!.]*")
    ]
    folders.sort(key=lambda folder: (folder.parent.name != but, -folder.stat().st_mtime))
    for folder in folders:
        total += sum(path.stat().st_size for path in folder.iterdir())
        if total > most_bytes and folder.parent.name != but:
            discard(folder)


def _place(name: str, version: str) -> Path:
    return cache_folder() / "kept" / name / version


def _make(place: Path, make: Callable[[Path], None], versions: int) -> None:
    import tempfile

    place.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    beside = Path(tempfile.mkdtemp(prefix=".", dir=place.parent))
    try:
        make(beside)
        for path in beside.iterdir():
            sync(path)
        try:
            beside.rename(place)
        except OSError:
            if not place.is_dir():  # else another process was first
                raise
    finally:
        discard(beside)
    others = [path for path in place.parent.glob("[!.]*") if path != place]
    for path in place.parent.glob(".*"):
        if time.time() - path.stat().st_mtime > ABANDONED_SECONDS:
            discard(path)
    others.sort(key=lambda path: path.stat().st_mtime, reverse=True)
    for path in others[versions - 1 :]:
        discard(path)
