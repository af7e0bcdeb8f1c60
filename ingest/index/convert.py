"""Conversion of vector files from one quantization to another."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from ingest.index.quantization import LossyConversion, Quantization, is_int8
from ingest.index.vector_file import DocumentVectors
from ingest.index.vector_writer import VectorWriter


def check_convertible(held: Quantization, wanted: Quantization) -> None:
    """Check that rows can be converted: fp16 rows cannot be made of int8 rows.

    Raises:
        LossyConversion
    """
    if is_int8(held) and not is_int8(wanted):
        raise LossyConversion(
            f"Rows stored as {held} cannot be converted to {wanted}.",
            hint="Rebuild the index with this quantization, which encodes the library again.",
        )


def convert(
    held: DocumentVectors,
    target: Path,
    aside: Path,
    quantization: Quantization,
    center: Sequence[float],
) -> None:
    """Write a document's vector file again in another quantization, atomically.

    Args:
        center: the index's center (dim,), about which sign bits are taken.

    Raises:
        LossyConversion: fp16 rows are wanted and these are int8.
    """
    check_convertible(held.quantization, quantization)
    dim = held.vectors.values.shape[1]
    writer = VectorWriter(target, aside, dim, quantization, lambda: center)
    try:
        for number in range(1, held.page_count + 1):
            start, end = held.passage_offsets[number - 1 : number + 1]
            writer.append_pooled(
                held.page(number), held.passages[start:end], held.centroids(number)
            )
    except BaseException:
        writer.discard()
        raise
    writer.close()
