"""Zero the unused slots of Chroma's graphs: it writes them as the process's memory happened to be."""

from __future__ import annotations

import os
import struct
from pathlib import Path

HEADER = struct.Struct("<i4Q")
"""How hnswlib begins header.bin: version, offset, slots, slots in use, bytes of a slot."""
VERSION = 1
LENGTH = 4
"""Bytes of a slot in length.bin."""
AT_ONCE = 1 << 20


def scrub(folder: Path) -> None:
    """Overwrite with zeros what no vector has been put in, in every graph under `folder`.

    Chroma 1.5.9 allocates a new graph's slots without clearing them (hnswlib's
    malloc) and saves them all with the first record: half a megabyte of whatever
    the process held there before, which may be a page, a question or a key. Nobody
    reads a slot that is not in use, so this may run beside searches.

    Raises:
        ValueError: a graph of a version that is not known here.
    """
    for header in folder.glob("*/header.bin"):
        version, _, _, used, size = HEADER.unpack_from(header.read_bytes())
        if version != VERSION:
            raise ValueError(f"{header} has version {version}; known is {VERSION}")
        _zero(header.with_name("data_level0.bin"), used * size)
        _zero(header.with_name("length.bin"), used * LENGTH)


def _zero(path: Path, start: int) -> None:
    """Zero a file from `start` on, unless it is zero already."""
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
