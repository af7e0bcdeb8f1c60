"""Checkpoint reader of multilingual-e5-small in 4 bits, memory-mapped.

The file is little-endian:

    "E5S1", version, and eight numbers (dim, layers, heads, ...)
    vocabulary: size, four ids, bytes of all pieces, their offsets, log-probabilities, UTF-8
    normalization: entries, their bytes, then each code point with its replacement
    directory: each tensor's name, kind, count, place and bytes
    tensors, aligned

A matrix is stored as blocks of 32 weights along its input side, an fp16 scale and 32
numbers of 4 bits each (Q4_0 of ggml): weight = (number - 8) * scale. Low halves of the
bytes are the first 16 numbers. What is no matrix is fp32.
"""

from __future__ import annotations

import struct
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from ingest.caches.kept_files import keep_folder
from ingest.encoders.embedded.e5.vocabulary import Bytes, HashTable, Places, Vocabulary
from ingest.page import Vectors

BLOCK = 32
"""Weights that share a scale."""
TABLE, TABLE_FORM = "table.npy", 1
"""The kept file of hashes; the number changes with how they are computed."""
_HEADER = struct.Struct("<4sI7ifi")
_VOCABULARY = struct.Struct("<5iQ")
_NORMALIZATION = struct.Struct("<iI")
_REPLACEMENT = struct.Struct("<IB")
_TENSOR = struct.Struct("<BIQQ")
_Q4 = np.dtype([("scale", "<f2"), ("pairs", "u1", (BLOCK // 2,))])

Blocks = npt.NDArray[Any]
"""Blocks of a matrix (rows, columns / 32) with the fields `scale` and `pairs`."""


@dataclass(frozen=True, slots=True)
class _Place:
    """A tensor's place in the file, in bytes."""

    start: int
    size: int


class E5Checkpoint:
    """The 4-bit weights, vocabulary and normalization of multilingual-e5-small.

    Args:
        path: a file whose hash has been verified.
        keep: this hash, by which what is computed of the vocabulary is kept between runs; "" if not.
    """

    def __init__(self, path: Path, keep: str = "") -> None:
        self._keep = keep
        self._bytes = np.memmap(path, np.uint8, "r")
        header = _HEADER.unpack(self._take(0, _HEADER.size))
        self.dim, self.layers, self.heads = map(int, header[2:5])
        self.positions, self.epsilon = int(header[7]), float(header[9])
        at = self._read_vocabulary(_HEADER.size)
        at = self._read_normalization(at)
        self._places = self._read_directory(at)

    def values(self, name: str) -> npt.NDArray[np.float32]:
        """An fp32 tensor, flat."""
        return self._tensor(name).view("<f4")

    def blocks(self, name: str) -> Blocks:
        """A matrix of rows of weights (out, in / 32), one row an output."""
        columns = 4 * self.dim if name.endswith(".fo.w") else self.dim
        blocks: Blocks = self._tensor(name).view(_Q4).reshape(-1, columns // BLOCK)
        return blocks

    def _tensor(self, name: str) -> npt.NDArray[np.uint8]:
        place = self._places[name]
        return self._bytes[place.start : place.start + place.size]

    def _take(self, at: int, size: int) -> bytes:
        return self._bytes[at : at + size].tobytes()

    def _read_vocabulary(self, at: int) -> int:
        """Read pieces and log-probabilities; returns where the vocabulary ends."""
        count, self.start, self.end, _, self.unknown, size = _VOCABULARY.unpack(
            self._take(at, _VOCABULARY.size)
        )
        at += _VOCABULARY.size
        edges = np.frombuffer(self._take(at, 4 * (count + 1)), "<u4")
        at += 4 * (count + 1)
        self.log_probabilities = np.frombuffer(self._take(at, 4 * count), "<f4")
        at += 4 * count
        encoded = self._bytes[at : at + size]
        self.pieces = Vocabulary(encoded, edges, self._hash_pieces(encoded, edges))
        return at + int(size)

    def _hash_pieces(self, encoded: Bytes, edges: Places) -> HashTable:
        """Hashes of the pieces: from the cache folder, where these weights have a name there."""
        if not self._keep:
            return HashTable.of(encoded, edges)
        with suppress(OSError):
            folder = keep_folder(
                "e5-vocabulary",
                f"{TABLE_FORM}-{self._keep[:16]}",
                lambda folder: HashTable.of(encoded, edges).write(folder / TABLE),
            )
            return HashTable.read(folder / TABLE)
        return HashTable.of(encoded, edges)

    def _read_normalization(self, at: int) -> int:
        """Read the replacement of each code point; returns where they end."""
        count, size = _NORMALIZATION.unpack(self._take(at, _NORMALIZATION.size))
        at += _NORMALIZATION.size
        entries, place = self._take(at, size), 0
        self.replacements: dict[int, str] = {}
        for _ in range(count):
            point, length = _REPLACEMENT.unpack_from(entries, place)
            place += _REPLACEMENT.size
            points = struct.unpack_from(f"<{length}I", entries, place)
            place += 4 * length
            self.replacements[point] = "".join(map(chr, points))
        return at + int(size)

    def _read_directory(self, at: int) -> dict[str, _Place]:
        (count,) = struct.unpack("<i", self._take(at, 4))
        at += 4
        places = {}
        for _ in range(count):
            (length,) = struct.unpack("<H", self._take(at, 2))
            name = self._take(at + 2, length).decode()
            at += 2 + length
            _, _, start, size = _TENSOR.unpack(self._take(at, _TENSOR.size))
            at += _TENSOR.size
            places[name] = _Place(start, size)
        return places


def unpack_numbers(blocks: Blocks) -> npt.NDArray[np.uint8]:
    """The numbers from 0 to 15 of blocks (..., 32), in the order of the weights."""
    pairs = blocks["pairs"]
    return np.concatenate([pairs & 15, pairs >> 4], axis=-1)


def dequantize(blocks: Blocks) -> Vectors:
    """Weights of blocks: (rows, columns / 32) to (rows, columns) fp32.

    >>> block = np.zeros((1, 1), _Q4)
    >>> block["scale"], block["pairs"][0, 0, 0] = 0.5, 0x9F
    >>> dequantize(block)[0, [0, 16, 1]].tolist()
    [3.5, 0.5, -4.0]
    """
    numbers = unpack_numbers(blocks).astype(np.float32) - 8
    weights: Vectors = numbers * blocks["scale"].astype(np.float32)[..., None]
    return weights.reshape(len(blocks), -1)
