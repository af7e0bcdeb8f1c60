"""How an index keeps rows: fp16, int8 with a scale a row, and the signs of rows as bits beside either.

int8: a row's largest value becomes 127, so each value is off by at most half a
scale; 2 bytes become 1 and a little. Signs: whether each value is above the
index's centre, a bit each (SimHash: Charikar 2002), eight to a byte; pages are
first scored by their products with the question, and the best of them by their
rows. Knows no files and no questions.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, get_args

import numpy as np
import numpy.typing as npt

from ingest.error import InvalidInputError, StorageError
from ingest.page import Vectors

Quantization = Literal["fp16", "int8", "binary+int8", "binary+fp16"]
QUANTIZATIONS: tuple[Quantization, ...] = get_args(Quantization)
DEFAULT: Quantization = "fp16"
LARGEST = 127
"""Of int8; -128 stays unused, so that a row and its negative are kept alike."""
WORD_BITS = 64
"""Signs are padded with zeros to whole words, which are compared at once."""

SignCodes = npt.NDArray[np.uint8]


class UnknownQuantization(InvalidInputError):
    """There is no such way to keep rows."""

    code = "unknown-quantization"


class LossyConversion(StorageError):
    """What the index holds is too coarse to make the wanted kind of it."""

    code = "lossy-conversion"


@dataclass(frozen=True, slots=True)
class Rows:
    """Rows as they are stored, memory-mapped or not.

    `values` are (n, dim) fp32, fp16 or int8, or sign bits (n, bytes) uint8;
    `scales` (n,) fp32 are what int8 values are multiplied by.
    """

    values: npt.NDArray[Any]
    scales: npt.NDArray[np.float32] | None = None

    def __len__(self) -> int:
        return len(self.values)

    def __getitem__(self, some: slice) -> Rows:
        return Rows(self.values[some], None if self.scales is None else self.scales[some])

    def wide(self) -> npt.NDArray[np.float32]:
        """As fp32 (n, dim), in memory."""
        wide = self.values.astype(np.float32)
        return wide if self.scales is None else wide * self.scales[:, None]


def join(parts: Sequence[Rows]) -> Rows:
    """Rows of one kind after each other, in memory; at least one part."""
    if len(parts) == 1:
        return parts[0]
    scales = [part.scales for part in parts if part.scales is not None]
    values = np.concatenate([part.values for part in parts])
    return Rows(values, np.concatenate(scales) if scales else None)


def parse_quantization(name: str) -> Quantization:
    """A kind by its name.

    Raises:
        UnknownQuantization: there is none of that name.
    """
    for kind in QUANTIZATIONS:
        if kind == name:
            return kind
    raise UnknownQuantization(
        f"There is no storage called {name!r}.", hint=f"Take {_list(QUANTIZATIONS)}."
    )


def has_signs(kind: Quantization) -> bool:
    """Whether sign bits lie beside the rows."""
    return kind.startswith("binary+")


def is_int8(kind: Quantization) -> bool:
    """Whether rows are int8 with scales, else they are fp16."""
    return kind.endswith("int8")


def to_int8(rows: Vectors) -> Rows:
    """Rows (n, dim) as int8 with a scale each; a row of zeros has scale 0."""
    scales = np.abs(rows).max(axis=1, initial=0).astype(np.float32) / np.float32(LARGEST)
    values = np.rint(rows / np.where(scales > 0, scales, 1)[:, None])
    return Rows(np.clip(values, -LARGEST, LARGEST).astype(np.int8), scales)


def quantize_rows(rows: Vectors, kind: Quantization) -> Rows:
    """Rows (n, dim) as a kind keeps them, without its sign bits."""
    return to_int8(rows) if is_int8(kind) else Rows(np.asarray(rows, np.float16))


def pack_signs(rows: Vectors, center: Sequence[float] | Vectors = ()) -> SignCodes:
    """Sign bits (n, sign_bytes(dim)) of rows (n, dim) about a centre (dim,), the origin if () is given."""
    above = rows > (np.asarray(center, np.float32) if len(center) else 0)
    codes = np.zeros((len(rows), sign_bytes(rows.shape[1])), np.uint8)
    bits = np.packbits(above, axis=1)
    codes[:, : bits.shape[1]] = bits
    return codes


def sign_bytes(dim: int) -> int:
    """Bytes of a row's sign bits: whole words."""
    return -(-dim // WORD_BITS) * WORD_BITS // 8


def _list(names: Sequence[str]) -> str:
    return f"{', '.join(names[:-1])} or {names[-1]}"
