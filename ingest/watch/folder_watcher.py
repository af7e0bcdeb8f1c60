"""Folder watcher: says when an ingest of watched folders is due, by watchfiles."""

from __future__ import annotations

import threading
from collections.abc import Generator, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

from watchfiles import Change, watch

from ingest.error import InvalidInputError
from ingest.files.formats.kinds import SUFFIXES, is_subtitles, suffix_of
from ingest.watch.settled_files import SettledFiles

DEBOUNCE_MS = 1_600
"""Changes are gathered for so long at most."""
LOOK_MS = 500
"""How often files that were being written are looked at, and whether the folders are there."""

Changes = set[tuple[Change, str]]


class NotAFolder(InvalidInputError):
    """What is to be watched is no folder of this machine."""

    code = "not-a-folder"


@dataclass(slots=True)
class FolderWatcher:
    """Watcher of folders.

    Args:
        roots: absolute paths.
        home: a folder whose changes are not looked at.
        settled: files that are being written; also for `AddSettings.is_settled`.
        stop: ends the watch.
    """

    roots: Sequence[Path]
    home: Path
    settled: SettledFiles = field(default_factory=SettledFiles)
    stop: threading.Event = field(default_factory=threading.Event)

    def passes(self) -> Iterator[list[Path]]:
        """Folders to ingest, each time that it is due: at once, then after changes.

        Changes made while an ingest runs are found after it. Folders that are missing are
        left out, and watched from when they are there.
        """
        while not self.stop.is_set():
            there = [root for root in self.roots if root.is_dir()]
            if not there:
                self.stop.wait(LOOK_MS / 1000)
                continue
            ids = self._ids()
            with closing(self._changes(there)) as changes:
                next(changes, None)  # from here on nothing is missed
                yield there
                pending: set[Path] = set()
                for found in changes:
                    if self._ids() != ids:
                        break  # mounted or unmounted, made or removed
                    pending |= self.settled.waiting | {Path(path) for _, path in found}
                    if any(self.settled(path) for path in pending):
                        pending.clear()
                        yield there

    def are_all_there(self) -> bool:
        """Whether every folder is there with something in it.

        The folder of a disk that is not mounted is missing or empty: then no file counts as
        deleted.
        """
        return all(root.is_dir() and any(root.iterdir()) for root in self.roots)

    def _ids(self) -> list[tuple[int, int] | None]:
        """What tells each folder from another one at its path."""
        found: list[tuple[int, int] | None] = []
        for root in self.roots:
            try:
                status = root.stat()
            except OSError:
                found.append(None)
            else:
                found.append((status.st_dev, status.st_ino))
        return found

    def _changes(self, folders: Sequence[Path]) -> Generator[Changes, None, None]:
        return watch(
            *folders,
            watch_filter=self._counts,
            debounce=DEBOUNCE_MS,
            rust_timeout=LOOK_MS,
            yield_on_timeout=True,
            stop_event=self.stop,
            ignore_permission_denied=True,
        )

    def _counts(self, change: Change, name: str) -> bool:
        """Whether a change is of a file or folder that an ingest would look at."""
        path = Path(name)
        if self.home in path.parents or self._is_hidden(path):
            return False
        known = suffix_of(name) in SUFFIXES or is_subtitles(path)
        return known or change == Change.deleted or (change == Change.added and path.is_dir())

    def _is_hidden(self, path: Path) -> bool:
        for root in self.roots:
            if root in path.parents:
                return any(part.startswith(".") for part in path.relative_to(root).parts)
        return False


def find_folders(paths: Sequence[str | Path]) -> list[Path]:
    """Folders to watch, as absolute paths.

    Raises:
        NotAFolder
    """
    folders = [Path(path).expanduser().absolute() for path in paths]
    for given, folder in zip(paths, folders, strict=True):
        if not folder.is_dir():
            raise NotAFolder(
                f"{str(given)!r} is no folder of this machine.",
                hint="Watch the folder that a file is in; ingest URLs instead.",
            )
    return folders
