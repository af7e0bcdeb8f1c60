"""Writer of small compound files (MS-CFB), as Outlook's MSG and HWP 5 files are."""

from __future__ import annotations

import struct
from collections.abc import Iterable, Mapping

SECTOR, MINI_SECTOR = 512, 64
FREE, END, FAT_SECTOR = 0xFFFFFFFF, 0xFFFFFFFE, 0xFFFFFFFD
CUTOFF = 4096
"""Bytes below which a stream lies in the mini stream."""


class _Sectors:
    """Sectors of a file, and the table of which follows which."""

    def __init__(self, size: int) -> None:
        self._size = size
        self.data = b""
        self.chains: list[int] = []

    def add(self, content: bytes) -> int:
        """Number of the first sector of a content."""
        count, first = -(-len(content) // self._size), len(self.chains)
        self.data += content.ljust(count * self._size, b"\0")
        self.chains += [*range(first + 1, first + count), *[END] * (count > 0)]
        return first if count else END


def compound_file(streams: Mapping[str, bytes]) -> bytes:
    """Compound file of streams by their paths; folders are made of the paths."""
    names = ["", *sorted({folder for path in streams for folder in _folders(path)}), *streams]
    sectors, mini = _Sectors(SECTOR), _Sectors(MINI_SECTOR)
    starts = {
        path: ((sectors if len(content) >= CUTOFF else mini).add(content), len(content))
        for path, content in streams.items()
    }
    starts[""] = sectors.add(mini.data), len(mini.data)
    mini_fat = sectors.add(_numbers(mini.chains))
    directory = sectors.add(b"".join(_entry(name, names, starts) for name in names))
    fat = len(sectors.chains)
    sectors.add(_numbers([*sectors.chains, FAT_SECTOR]))
    header = struct.pack(
        "<8s16sHHHHH6xIIIIIIIII",
        *(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", b"", 0x3E, 3, 0xFFFE, 9, 6),
        *(0, 1, directory, 0, CUTOFF, mini_fat, -(-len(mini.chains) // 128), END, 0),
    )
    return header + struct.pack("<109I", fat, *[FREE] * 108) + sectors.data


def _numbers(values: Iterable[int]) -> bytes:
    """Table of sector numbers, filled up to whole sectors."""
    data = b"".join(struct.pack("<I", value) for value in values)
    return data.ljust(-(-len(data) // SECTOR) * SECTOR, b"\xff")


def _folders(path: str) -> list[str]:
    parts = path.split("/")[:-1]
    return ["/".join(parts[: at + 1]) for at in range(len(parts))]


def _entry(path: str, names: list[str], starts: Mapping[str, tuple[int, int]]) -> bytes:
    """Directory entry; the entries of a folder are a tree that is a chain to the right."""
    beside = [n for n in names[1:] if n.rpartition("/")[0] == path.rpartition("/")[0]]
    inside = [n for n in names[1:] if n.rpartition("/")[0] == path and path not in starts]
    inside = [n for n in names[1:] if "/" not in n] if not path else inside
    after = beside[beside.index(path) + 1 :] if path else []
    name = (path.rpartition("/")[2] or "Root Entry").encode("utf-16-le") + b"\0\0"
    kind = 5 if not path else 2 if path in starts else 1
    start, size = starts.get(path, (0, 0))
    return struct.pack(
        "<64sHBBIII16sI8s8sIQ",
        *(name, len(name), kind, 1, FREE, names.index(after[0]) if after else FREE),
        *(names.index(inside[0]) if inside else FREE, b"", 0, b"", b"", start, size),
    )
