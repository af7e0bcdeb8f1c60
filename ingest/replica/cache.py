"""Disk cache of files fetched from a store, bounded in bytes.

The least recently used files are evicted first. Several processes may share the
folder; a file's time of change says when it was last used.
"""

from __future__ import annotations

import os
import threading
import time
import uuid
from collections.abc import Callable
from pathlib import Path

ROOM = 0.9
"""Down to this share of the limit, files are deleted once it is passed."""
LOOK = 5.0
"""Seconds after which what other processes fetched is counted again."""


class Cache:
    """Folder of files by key.

    Args:
        most: bytes; only a file that alone is larger is kept all the same, until the next comes.
    """

    def __init__(self, folder: Path, most: int) -> None:
        self.folder = folder
        self.most = most
        self.evicted = 0
        """How many files had to go so far."""
        self._lock = threading.Lock()
        self._used = 0
        self._looked = float("-inf")

    def path(self, key: str) -> Path:
        """Path of a key's file, which may not exist."""
        return self.folder / key.replace("/", "+")

    def find(self, key: str) -> Path | None:
        """File of a key, marked as just used."""
        path = self.path(key)
        try:
            os.utime(path)
        except FileNotFoundError:
            return None
        return path

    def add(self, key: str, fetch: Callable[[Path], None]) -> Path:
        """Fetch a file into place atomically, and evict others to make room.

        Raises:
            What `fetch` raises.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        path = self.path(key)
        beside = self.folder / f".{uuid.uuid4().hex}"
        try:
            fetch(beside)
            size = beside.stat().st_size
            beside.replace(path)
        finally:
            beside.unlink(missing_ok=True)
        with self._lock:
            self._used += size
            if self._used > self.most or time.monotonic() - self._looked > LOOK:
                self._trim(path)
        return path

    def keep(self, wanted: Callable[[str], bool]) -> None:
        """Delete every file whose key is not wanted."""
        for path in self.folder.iterdir() if self.folder.exists() else ():
            if not path.name.startswith(".") and not wanted(path.name.replace("+", "/")):
                path.unlink(missing_ok=True)

    def _trim(self, kept: Path) -> None:
        files = []
        for entry in os.scandir(self.folder):
            try:
                status = entry.stat()
            except FileNotFoundError:
                continue  # another process deleted it
            files.append((status.st_mtime_ns, status.st_size, Path(entry.path)))
        self._used = sum(size for _, size, _ in files)
        self._looked = time.monotonic()
        if self._used <= self.most:
            return
        for _, size, path in sorted(files):
            if self._used <= self.most * ROOM:
                return
            if path != kept:
                path.unlink(missing_ok=True)
                self.evicted += 1
                self._used -= size
