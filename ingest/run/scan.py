"""File scan: new, changed and unchanged files, and files known to fail."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ingest.file_state import MISSING, Failure, stamp_of
from ingest.files.find import find_files
from ingest.library.home import Home
from ingest.library.library import Library


@dataclass(frozen=True, slots=True)
class FileScan:
    """Result of a file scan below the given paths.

    `found` is the number of files. `to_read` are to be read. `failed_before` failed
    before and have not changed. `left_out` are of kinds that are not read.
    """

    found: int
    to_read: list[Path]
    unchanged: int
    failed_before: list[Failure]
    left_out: tuple[str, ...] = ()


def scan_files(
    home: Home,
    library: Library,
    paths: Sequence[str | Path],
    *,
    redo: bool = False,
    retry: bool = False,
) -> FileScan:
    """Compare files with what the library knows of their paths.

    Size and modification time are compared.

    Args:
        redo: read every file, changed or not.
        retry: read files again that failed before.
    """
    names = library.names()
    failures = {} if redo or retry else {f.path: f for f in library.failures()}
    others: list[Path] = []
    files = [path for path in find_files(paths, others.append) if not _is_ours(home, path)]
    left_out = dict.fromkeys(str(path) for path in others if not _is_ours(home, path))
    to_read, failed_before, unchanged = [], [], 0
    for path in files:
        now = stamp_of(path) or MISSING
        _, before = names.get(str(path), (None, None))
        failure = failures.get(str(path))
        if redo or (now != before and not (failure and failure.seen == now)):
            to_read.append(path)
        elif now == before:
            unchanged += 1
        elif failure:
            failed_before.append(failure)
    return FileScan(len(files), to_read, unchanged, failed_before, tuple(left_out))


def missing_paths(library: Library, paths: Sequence[str | Path]) -> list[str]:
    """Paths that the library knows, below the given ones, whose files are gone."""
    roots = [Path(path).expanduser().absolute() for path in paths]
    known = [*library.names(), *(failure.path for failure in library.failures())]
    return [
        name
        for name in known
        if any(root == Path(name) or root in Path(name).parents for root in roots)
        and not Path(name).exists()
    ]


def _is_ours(home: Home, path: Path) -> bool:
    """Whether a file is part of the home itself, and not one that was uploaded into it."""
    return home.root in path.parents and home.uploads not in path.parents
