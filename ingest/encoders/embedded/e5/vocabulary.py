"""Vocabulary of pieces that is looked up by hashes.

A dictionary of 250,000 texts takes a quarter of a second to make, and 45 MB. Here the
pieces stay one text, and a sorted array has a hash of each. The hash of a span is
a polynomial of its characters, so that one pass over a text gives those of all its
spans (Karp and Rabin 1987); what has the hash of a piece is then compared with it.
The table of hashes can be written and mapped.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

Bytes = npt.NDArray[np.uint8]
Hashes = npt.NDArray[np.uint64]
Places = npt.NDArray[np.integer[Any]]

BASE = 0x9E3779B97F4A7C15
"""Odd, so that it has an inverse modulo 2 ** 64."""
CONTINUATION = -64
"""Bytes of UTF-8 below it, read as signed, continue a character."""
BLOCK = 1 << 14
"""Pieces that are hashed together."""
_INVERSE = pow(BASE, -1, 1 << 64)


class HashTable(NamedTuple):
    """Hashes of all pieces, sorted, with the id of each.

    `longest` is the length of the longest piece, in characters.
    """

    hashes: Hashes
    ids: npt.NDArray[np.int64]
    longest: int

    @classmethod
    def of(cls, encoded: Bytes, edges: Places) -> HashTable:
        """Hash pieces; see `Vocabulary`."""
        starts = encoded.view(np.int8) >= CONTINUATION
        characters = np.zeros(len(starts) + 1, np.int32)
        np.cumsum(starts, dtype=np.int32, out=characters[1:])
        places, text = characters[edges], encoded.tobytes().decode()
        # In blocks, so that the memory for one serves for the next.
        blocks = range(0, len(edges) - 1, BLOCK)
        hashes = np.concatenate([_hash_block(text, places, at) for at in blocks])
        ids = np.argsort(hashes)
        return cls(hashes[ids], ids, int(np.diff(places).max(initial=1)))

    @classmethod
    def read(cls, path: Path) -> HashTable:
        """Map a table that was written."""
        numbers = np.load(path, mmap_mode="r")
        count = len(numbers) // 2
        return cls(numbers[count + 1 :].view(np.uint64), numbers[1 : count + 1], int(numbers[0]))

    def write(self, path: Path) -> None:
        """Write the table."""
        np.save(path, np.concatenate([[self.longest], self.ids, self.hashes.view(np.int64)]))


class Vocabulary:
    """Pieces by id, and ids of the pieces in a text.

    Args:
        encoded: all pieces in UTF-8, one after the other.
        edges: (n + 1,) where each begins in the bytes, and where the last ends.
        table: hashes of the pieces.
    """

    def __init__(self, encoded: Bytes, edges: Places, table: HashTable) -> None:
        self._encoded, self._edges = encoded, edges
        self._hashes, self._ids, self.longest = table

    @classmethod
    def of(cls, pieces: Sequence[str]) -> Vocabulary:
        """Vocabulary of pieces in a list."""
        parts = [piece.encode() for piece in pieces]
        encoded, edges = np.frombuffer(b"".join(parts), np.uint8), np.cumsum([0, *map(len, parts)])
        return cls(encoded, edges, HashTable.of(encoded, edges))

    def __len__(self) -> int:
        return len(self._ids)

    def __getitem__(self, at: int) -> str:
        if not 0 <= at < len(self):
            raise IndexError(at)
        return self._encoded[self._edges[at] : self._edges[at + 1]].tobytes().decode()

    def find(self, text: str) -> Iterator[tuple[int, int, int]]:
        """Find pieces in a text: start, end and id of each, in order of their starts.

        >>> list(Vocabulary.of(["a", "n", "an"]).find("ban"))
        [(1, 2, 0), (1, 3, 2), (2, 3, 1)]
        """
        length = len(text)
        starts, sizes = np.mgrid[0:length, 1 : min(self.longest, length) + 1].reshape(2, -1)
        ends = starts + sizes
        starts, ends = starts[ends <= length], ends[ends <= length]
        hashes = _hash_spans(text, starts, ends)
        at = np.minimum(np.searchsorted(self._hashes, hashes), len(self) - 1)
        likely = np.flatnonzero(self._hashes[at] == hashes)
        ids = self._ids[at[likely]].tolist()
        spans = zip(starts[likely].tolist(), ends[likely].tolist(), ids, strict=True)
        return ((a, b, found) for a, b, found in spans if text[a:b] == self[found])


def _hash_block(text: str, edges: Places, first: int) -> Hashes:
    """Hashes of a block of the pieces of a text."""
    edges = edges[first : first + BLOCK + 1]
    text = text[edges[0] : edges[-1]]
    edges = edges - edges[0]
    return _hash_spans(text, edges[:-1], edges[1:])


def _hash_spans(text: str, starts: Places, ends: Places) -> Hashes:
    """Hashes of spans of a text, modulo 2 ** 64."""
    codes = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), "<u4")
    sums = np.zeros(len(codes) + 1, np.uint64)
    np.cumsum((codes + np.uint64(1)) * _powers(BASE, len(codes)), out=sums[1:])
    hashes: Hashes = (sums[ends] - sums[starts]) * _powers(_INVERSE, len(codes) + 1)[starts]
    return hashes


def _powers(base: int, count: int) -> Hashes:
    """Powers of a number from the zeroth, modulo 2 ** 64."""
    powers = np.full(count, base, np.uint64)
    powers[:1] = 1
    return np.multiply.accumulate(powers)
