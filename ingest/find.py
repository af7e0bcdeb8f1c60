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

    A folder is walked whole, hidden entries and unknown types left out, each
    real folder visited once so that a loop of symbolic links ends. A file
    named outright is taken whatever it is called. A pattern that matches
    nothing, or a path that is not there, is yielded as it is: reading it then
    fails with a clear reason.
    """
    seen: set[str] = set()
    for given in paths:
        for path in _expand(os.fspath(given)):
            for file in _walk(path) if path.is_dir() else [path]:
                absolute = os.path.abspath(file)
                if absolute not in seen:
                    seen.add(absolute)
                    yield Path(absolute)


def _expand(given: str) -> list[Path]:
    given = os.path.expanduser(given)
    if not os.path.lexists(given) and glob.has_magic(given):
        return [Path(match) for match in sorted(glob.glob(given, recursive=True))] or [Path(given)]
    return [Path(given)]


def _walk(root: Path) -> Iterator[Path]:
    visited: set[tuple[int, int]] = set()
    for folder, subfolders, names in os.walk(root, followlinks=True):
        status = os.stat(folder)
        if (status.st_dev, status.st_ino) in visited:
            subfolders.clear()
            continue
        visited.add((status.st_dev, status.st_ino))
        subfolders[:] = sorted(name for name in subfolders if not name.startswith("."))
        for name in sorted(names):
            if not name.startswith(".") and os.path.splitext(name)[1].lower() in SUFFIXES:
                yield Path(folder, name)
