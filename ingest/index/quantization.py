"""Quantization of rows: fp16, or int8 with a scale a row, and sign bits.

Sign bits are stored beside either. int8: a row's largest absolute value becomes
127, so that the error of a value is at most half a scale. Sign bits: whether each
value is above the index's center, one bit each (SimHash: Charikar 2002). Pages are
scored by their sign bits first, and the best of them again by their rows.
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
INT8_MAX = 127
"""-128 is not used, so that the quantization is symmetric."""
WORD_BITS = 64
"""Sign bits are padded with zeros to whole words of this size."""

SignCodes = npt.NDArray[np.uint8]
"""Sign bits of rows (n, bytes)."""


class UnknownQuantization(InvalidInputError):
    """There is no quantization of this name."""

    code = "unknown-quantization"


class LossyConversion(StorageError):
    """The stored rows are too coarse to convert to the wanted quantization."""

    code = "lossy-conversion"


@dataclass(frozen=True, slots=True)
class Rows:
    """Quantized rows, memory-mapped or in memory.

    `values` are (n, dim) fp32, fp16 or int8, or sign bits (n, bytes) uint8;
    `scales` (n,) fp32 are the factors of int8 values.
    """

    values: npt.NDArray[Any]
    scales: npt.NDArray[np.float32] | None = None

    def __len__(self) -> int:
        return len(self.values)

    def __getitem__(self, some: slice) -> Rows:
        return Rows(self.values[some], None if self.scales is None else self.scales[some])

    def dequantize(self) -> npt.NDArray[np.float32]:
        """Dequantize to fp32 (n, dim)."""
        values = self.values.astype(np.float32)
        return values if self.scales is None else values * self.scales[:, None]


def concatenate(parts: Sequence[Rows]) -> Rows:
    """Concatenate rows of one quantization; at least one part."""
    if len(parts) == 1:
        return parts[0]
    scales = [part.scales for part in parts if part.scales is not None]
    values = np.concatenate([part.values for part in parts])
    return Rows(values, np.concatenate(scales) if scales else None)


def parse_quantization(name: str) -> Quantization:
    """Parse the name of a quantization.

    Raises:
        UnknownQuantization: there is none of this name.
    """
    for quantization in QUANTIZATIONS:
        if quantization == name:
            return quantization
    raise UnknownQuantization(
        f"There is no quantization {name!r}.", hint=f"Give {_list(QUANTIZATIONS)}."
    )


def has_signs(quantization: Quantization) -> bool:
    """Whether sign bits are stored beside the rows."""
    return quantization.startswith("binary+")


def is_int8(quantization: Quantization) -> bool:
    """Whether rows are int8 with scales and not fp16."""
    return quantization.endswith("int8")


def to_int8(rows: Vectors) -> Rows:
    """Quantize rows (n, dim) to int8 with a scale each; a row of zeros has scale 0.

    >>> rows = to_int8(np.array([[0.5, -1.0], [0.0, 0.0]], np.float32))
    >>> rows.values.tolist()
    [[64, -127], [0, 0]]
    >>> rows.dequantize().round(2).tolist() == np.array([[0.5, -1], [0, 0]], np.float32).tolist()
    True
    """
    scales = np.abs(rows).max(axis=1, initial=0).astype(np.float32) / np.float32(INT8_MAX)
    values = np.rint(rows / np.where(scales > 0, scales, 1)[:, None])
    return Rows(np.clip(values, -INT8_MAX, INT8_MAX).astype(np.int8), scales)


def quantize_rows(rows: Vectors, quantization: Quantization) -> Rows:
    """Quantize rows (n, dim) to fp16 or int8, without sign bits."""
    return to_int8(rows) if is_int8(quantization) else Rows(np.asarray(rows, np.float16))


def pack_signs(rows: Vectors, center: Sequence[float] | Vectors = ()) -> SignCodes:
    """Pack the sign bits of rows (n, dim) about a center (dim,): (n, sign_bytes(dim)).

    A center of () is the origin.
    """
    above = rows > (np.asarray(center, np.float32) if len(center) else 0)
    codes = np.zeros((len(rows), sign_bytes(rows.shape[1])), np.uint8)
    bits = np.packbits(above, axis=1)
    codes[:, : bits.shape[1]] = bits
    return codes


def sign_bytes(dim: int) -> int:
    """Bytes of a row's sign bits, padded to whole words."""
    return -(-dim // WORD_BITS) * WORD_BITS // 8


def _list(names: Sequence[str]) -> str:
    return f"{', '.join(names[:-1])} or {names[-1]}"
