"""Turn what people type (files, folders, globs) into the files to read.

Knows names and types by extension only; what is really in a file is found out
when it is opened.
"""

from __future__ import annotations

import glob
import os
from collections.abc import Iterable, Iterator
from pathlib import Path

PDF_SUFFIXES = frozenset({".pdf"})
IMAGE_SUFFIXES = frozenset(
    {".png", ".jpg", ".jpeg", ".jpe", ".jfif", ".webp", ".tif", ".tiff", ".gif", ".bmp"}
)
SUFFIXES = PDF_SUFFIXES | IMAGE_SUFFIXES


def find_files(paths: Iterable[str | Path]) -> Iterator[Path]:
    """Yield each readable-looking file once, as an absolute path, in a stable order.

    A folder is walked whole, hidden entries, unknown types, pipes and devices
    left out, each real folder visited once so that a loop of symbolic links
    ends. A file named outright is taken whatever it is called. A pattern that
    matches nothing, a path that is not there and a folder that cannot be
    listed are yielded as they are: reading them then fails with a clear reason.
    """
    seen: set[str] = set()
    for given in paths:
        for path in _expand(os.fspath(given)):
            for file in _walk(path) if path.is_dir() else [path]:
                absolute = os.path.abspath(file)
                if (place := _place(absolute)) not in seen:
                    seen.add(place)
                    yield Path(absolute)


def _place(path: str) -> str:
    """The same for every way through symbolic links to one name in one folder."""
    folder, name = os.path.split(path)
    return os.path.join(os.path.realpath(folder), name)


def _expand(given: str) -> list[Path]:
    given = os.path.expanduser(given)
    if not os.path.lexists(given) and glob.has_magic(given):
        return [Path(match) for match in sorted(glob.glob(given, recursive=True))] or [Path(given)]
    return [Path(given)]


def _walk(root: Path) -> Iterator[Path]:
    visited: set[str] = set()
    unlisted: list[OSError] = []
    for folder, subfolders, names in os.walk(root, onerror=unlisted.append, followlinks=True):
        if (real := os.path.realpath(folder)) in visited:
            subfolders.clear()
            continue
        visited.add(real)
        subfolders[:] = sorted(name for name in subfolders if not name.startswith("."))
        for name in sorted(names):
            if not name.startswith(".") and os.path.splitext(name)[1].lower() in SUFFIXES:
                path = os.path.join(folder, name)
                # A link to nowhere is reported; a pipe, which would be read for ever, is left out.
                if os.path.isfile(path) or not os.path.exists(path):
                    yield Path(path)
    for error in unlisted:
        yield Path(error.filename)
