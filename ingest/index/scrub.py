"""Scrubbing of HNSW graph files: unused slots are zeroed.

Unused slots hold process memory.
"""

from __future__ import annotations

import os
import struct
from pathlib import Path

HEADER = struct.Struct("<i4Q")
"""The head of hnswlib's header.bin: version, offset, slots, slots in use, bytes of a slot."""
VERSION = 1
LENGTH = 4
"""Bytes of a slot in length.bin."""
AT_ONCE = 1 << 20


def scrub(folder: Path) -> None:
    """Overwrite unused slots with zeros, in every HNSW graph under `folder`.

    Chroma 1.5.9 allocates a new graph's slots without clearing them (hnswlib's
    malloc) and saves all of them with the first record: half a megabyte of earlier
    process memory, which may hold a page, a query or a key. Unused slots are never
    read, so this may run during searches.

    Raises:
        ValueError: the file format's version is not known.
    """
    for header in folder.glob("*/header.bin"):
        version, _, _, used, size = HEADER.unpack_from(header.read_bytes())
        if version != VERSION:
            raise ValueError(f"{header} has version {version}, not {VERSION}")
        _zero(header.with_name("data_level0.bin"), used * size)
        _zero(header.with_name("length.bin"), used * LENGTH)


def _zero(path: Path, start: int) -> None:
    """Zero a file from byte `start` on, unless it is zero already."""
    with path.open("r+b") as file:
        file.seek(start)
        changed = False
        while some := file.read(AT_ONCE):
            if some.count(0) != len(some):
                file.seek(-len(some), os.SEEK_CUR)
                file.write(bytes(len(some)))
                changed = True
        if changed:
            file.flush()
            os.fsync(file.fileno())
