"""Vocabulary of pieces that is looked up by hashes.

A dictionary of 250,000 texts takes a quarter of a second to make, and 45 MB. Here the
pieces stay one text, and a sorted array has a hash of each. The hash of a span is
a polynomial of its characters, so that one pass over a text gives those of all its
spans (Karp and Rabin 1987); what has the hash of a piece is then compared with it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

Hashes = npt.NDArray[np.uint64]
Places = npt.NDArray[np.integer[Any]]

BASE = 0x9E3779B97F4A7C15
"""Odd, so that it has an inverse modulo 2 ** 64."""
BLOCK = 1 << 14
"""Pieces that are hashed together."""
_INVERSE = pow(BASE, -1, 1 << 64)


class Vocabulary:
    """Pieces by id, and ids of the pieces in a text.

    Args:
        text: all pieces, one after the other.
        edges: (n + 1,) where each begins in the text, and where the last ends.
    """

    def __init__(self, text: str, edges: Places) -> None:
        self._text, self._edges = text, edges
        # In blocks, so that the memory for one serves for the next.
        hashes = np.concatenate([self._hash(at) for at in range(0, len(edges) - 1, BLOCK)])
        self._ids = np.argsort(hashes)
        self._hashes = hashes[self._ids]
        self.longest = int(np.diff(edges).max(initial=1))

    @classmethod
    def of(cls, pieces: Sequence[str]) -> Vocabulary:
        """Vocabulary of pieces in a list."""
        return cls("".join(pieces), np.cumsum([0, *map(len, pieces)]))

    def __len__(self) -> int:
        return len(self._ids)

    def __getitem__(self, at: int) -> str:
        if not 0 <= at < len(self):
            raise IndexError(at)
        return self._text[self._edges[at] : self._edges[at + 1]]

    def _hash(self, first: int) -> Hashes:
        """Hashes of a block of pieces."""
        edges = self._edges[first : first + BLOCK + 1]
        text = self._text[edges[0] : edges[-1]]
        edges = edges - edges[0]
        return _hash_spans(text, edges[:-1], edges[1:])

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
