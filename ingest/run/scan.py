"""File scan: new, changed and unchanged files, and files known to fail."""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from pathlib import Path

from ingest.file_state import MISSING, Failure, stamp_of
from ingest.files.find import find_files
from ingest.files.formats.kinds import SUFFIXES, is_subtitles
from ingest.library.home import Home
from ingest.library.library import Library
from ingest.library.writer import LibraryWriter


@dataclass(frozen=True, slots=True)
class FileScan:
    """Result of a file scan below the given paths.

    `found` is the number of files. `to_read` are to be read. `failed_before` failed
    before and have not changed. `left_out` are of kinds that are not read. `removed` are
    of folders, and their documents were removed. `named` are the paths that are files.
    `unsettled` are being written, and would be read.
    """

    found: int
    to_read: list[Path]
    unchanged: int
    failed_before: list[Failure]
    left_out: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    named: frozenset[str] = frozenset()
    unsettled: tuple[str, ...] = ()


def scan_files(
    home: Home,
    library: LibraryWriter,
    paths: Sequence[str | Path],
    *,
    redo: bool = False,
    retry: bool = False,
    again: bool = False,
    accepts: Callable[[str], bool] | None = None,
    suffixes: Collection[str] = SUFFIXES,
    is_settled: Callable[[Path], bool] | None = None,
) -> FileScan:
    """Compare files with what the library knows of their paths.

    Size and modification time are compared.

    Args:
        redo: read every file, changed or not.
        retry: read files again that failed before.
        again: read files whose documents were removed.
        accepts: says of a path whether the file is for this library; None for all.
        suffixes: of the files of folders that are read.
        is_settled: tells files that would be read from those that are being written.
    """
    names = library.names()
    failures = {} if redo or retry else {f.path: f for f in library.failures()}
    others: list[Path] = []
    files = [
        path
        for path in find_files(paths, others.append, suffixes)
        if not is_ours(home, path) and (accepts is None or accepts(str(path)))
    ]
    left_out = dict.fromkeys(
        str(path) for path in others if not (is_ours(home, path) or is_subtitles(path))
    )
    named = frozenset(str(path) for path in files) if again else _files_among(paths)
    to_read, unsettled = list[Path](), list[Path]()
    failed_before, removed, unchanged = [], [], 0
    for path in files:
        now = stamp_of(path) or MISSING
        _, before = names.get(str(path), (None, None))
        failure = failures.get(str(path))
        if not before and str(path) not in named and library.removed_at(str(path)) == now:
            removed.append(str(path))
        elif redo or (now != before and not (failure and failure.seen == now)):
            (to_read if not is_settled or is_settled(path) else unsettled).append(path)
        elif now == before:
            unchanged += 1
        elif failure:
            failed_before.append(failure)
    return FileScan(
        len(files),
        to_read,
        unchanged,
        failed_before,
        tuple(left_out),
        tuple(removed),
        named,
        tuple(map(str, unsettled)),
    )


def _files_among(paths: Sequence[str | Path]) -> frozenset[str]:
    """Absolute paths of the given files; neither folders nor patterns are."""
    absolute = (Path(path).expanduser().absolute() for path in paths)
    return frozenset(os.path.abspath(path) for path in absolute if path.is_file())


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


def find_moved(library: Library, paths: Sequence[str | Path]) -> tuple[list[str], dict[str, str]]:
    """Files that are gone from the folders among `paths`.

    First the paths of documents that have another file, as after a rename; then the
    document id by path of those that have none.
    """
    folders = [path for path in paths if Path(path).expanduser().is_dir()]
    if not folders:
        return [], {}
    names = {path: document_id for path, (document_id, _) in library.names().items()}
    gone = [path for path in missing_paths(library, folders) if path in names]
    if not gone:
        return [], {}
    lost = set(gone)
    suspects = {names[path] for path in gone}
    kept = {
        document_id
        for path, document_id in names.items()
        if document_id in suspects and path not in lost and os.path.exists(path)
    }
    moved = [path for path in gone if names[path] in kept]
    return moved, {path: names[path] for path in gone if names[path] not in kept}


def is_ours(home: Home, path: Path) -> bool:
    """Whether a file is part of the home itself, and no upload."""
    return home.root in path.parents and home.uploads not in path.parents
