"""Kept hashes: SHA-256 of files, computed once while a file stays as it is.

As git's index does, a file is taken for unchanged while its size, times, and number on
the disk are the same. Hashing the weights of a search takes 60 ms.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import threading
import time
from pathlib import Path

from ingest.caches.kept_files import cache_folder
from ingest.disk.atomic import write_atomically

SETTLED_SECONDS = 10.0
"""A file that was changed later than so long ago may change again within its time stamp."""
_lock = threading.Lock()
_known: dict[str, list[int | str]] = {}
"""Size, times and inode with the hash, by path."""


def file_sha256(path: Path) -> str:
    """SHA-256 of a file in hexadecimal digits.

    Raises:
        OSError: it cannot be read.
    """
    found = path.stat()
    stamp = [found.st_size, found.st_mtime_ns, found.st_ctime_ns, found.st_ino]
    name = os.path.abspath(path)
    with _lock:
        held = _known.get(name) or _read().get(name)
        if held and held[:-1] == stamp:
            _known[name] = held
            return str(held[-1])
        with path.open("rb") as file:
            sha256 = hashlib.file_digest(file, "sha256").hexdigest()
        _known[name] = [*stamp, sha256]
        if time.time() - max(found.st_mtime, found.st_ctime) > SETTLED_SECONDS:
            with contextlib.suppress(OSError):
                _write({**_read(), name: _known[name]})
        return sha256


def _file() -> Path:
    return cache_folder() / "hashes.json"


def _read() -> dict[str, list[int | str]]:
    try:
        read = json.loads(_file().read_bytes())
        return {str(name): list(held) for name, held in read.items()}
    except (OSError, ValueError, AttributeError, TypeError):
        return {}  # not written yet, or not to its end


def _write(hashes: dict[str, list[int | str]]) -> None:
    path = _file()
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    write_atomically(path, json.dumps(hashes).encode())
