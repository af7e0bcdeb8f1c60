"""File finder: files to read, from files, folders and glob patterns.

In folders, files are selected by extension.
"""

from __future__ import annotations

import glob
import os
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator
from pathlib import Path

from ingest.files.formats.kinds import SUFFIXES, suffix_of

UNSEEN = (".", "~$")
"""Beginnings of hidden files, and of the lock files of office programs."""


def count_suffixes(paths: Iterable[str]) -> list[tuple[str, int]]:
    """Suffixes of file names in small letters with their number, most frequent first.

    >>> count_suffixes(["a.txt", "b.docx", "c.TXT", "Makefile"])
    [('.txt', 2), ('.docx', 1), ('', 1)]
    """
    return Counter(map(suffix_of, paths)).most_common()


def find_files(
    paths: Iterable[str | Path],
    on_left_out: Callable[[Path], None] | None = None,
    suffixes: Collection[str] = SUFFIXES,
) -> Iterator[Path]:
    """Find files to read: each once, as an absolute path, in a stable order.

    A folder is walked recursively, without hidden entries, unknown extensions,
    pipes and devices; each real folder is visited once, so that a loop of symbolic
    links ends. A file that is named itself is taken whatever its extension. A
    pattern that matches nothing, a path that does not exist and a folder that
    cannot be listed are yielded too: reading them fails with a clear reason.

    Args:
        on_left_out: is called with each file of a folder whose extension is unknown.
        suffixes: extensions that are known.

    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     for name in ("b.pdf", "a.png", "notes.xyz", ".hidden.pdf"):
    ...         _ = Path(folder, name).write_bytes(b"")
    ...     [path.name for path in find_files([folder])]
    ['a.png', 'b.pdf']
    """
    seen: set[str] = set()
    for pattern in paths:
        for path in _expand(os.fspath(pattern)):
            for file in _walk(path, on_left_out, suffixes) if path.is_dir() else [path]:
                absolute = os.path.abspath(file)
                if (resolved := _resolve_folder(absolute)) not in seen:
                    seen.add(resolved)
                    yield Path(absolute)


def find_missing(paths: Iterable[str | Path]) -> list[str]:
    """Those of the given paths that are not there, and patterns that match nothing."""
    return [
        os.fspath(path)
        for path in paths
        if not any(os.path.lexists(file) for file in _expand(os.fspath(path)))
    ]


def _resolve_folder(path: str) -> str:
    """Resolve symbolic links in the folder of a path, but not in its name."""
    folder, name = os.path.split(path)
    return os.path.join(os.path.realpath(folder), name)


def _expand(given: str) -> list[Path]:
    given = os.path.expanduser(given)
    if not os.path.lexists(given) and glob.has_magic(given):
        return [Path(match) for match in sorted(glob.glob(given, recursive=True))] or [Path(given)]
    return [Path(given)]


def _walk(
    root: Path, on_left_out: Callable[[Path], None] | None, suffixes: Collection[str]
) -> Iterator[Path]:
    visited: set[str] = set()
    unlisted: list[OSError] = []
    for folder, subfolders, names in os.walk(root, onerror=unlisted.append, followlinks=True):
        if (real := os.path.realpath(folder)) in visited:
            subfolders.clear()
            continue
        visited.add(real)
        subfolders[:] = sorted(name for name in subfolders if not name.startswith("."))
        for name in sorted(names):
            if name.startswith(UNSEEN):
                continue
            path = os.path.join(folder, name)
            if suffix_of(name) not in suffixes:
                if on_left_out and os.path.isfile(path):
                    on_left_out(Path(path))
            # A broken link is reported; a pipe, whose read would never end, is left out.
            elif os.path.isfile(path) or not os.path.exists(path):
                yield Path(path)
    for error in unlisted:
        yield Path(error.filename)
