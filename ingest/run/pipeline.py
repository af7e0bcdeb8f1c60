"""Encoding thread: one batch is encoded while others are stored and read.

Meanwhile the rest of the program stores the previous batch and reads the next.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor

from ingest.encoders.encoder import Encoder
from ingest.page import PageVectors, Rendered

Encodings = dict[str, list[PageVectors]]
"""What each encoder, by name, made of each page of a batch."""


class Pipeline:
    """One batch is being encoded and one waits, at most: memory stays bounded."""

    def __init__(self) -> None:
        self._thread = ThreadPoolExecutor(1, "encode")
        self._batch: Sequence[Rendered] = ()
        self._coming: Future[Encodings] | None = None

    def swap(
        self, batch: Sequence[Rendered], encoders: Sequence[Encoder]
    ) -> tuple[Sequence[Rendered], Future[Encodings]] | None:
        """Put in the next batch and take out the last, which may still be in work."""
        before, coming = self._batch, self._coming
        self._batch, self._coming = (), None
        if batch:
            self._batch, self._coming = batch, self._thread.submit(_encode, batch, encoders)
        return (before, coming) if coming else None

    def close(self) -> None:
        """Wait for the batch under way; what becomes of it is lost."""
        self._thread.shutdown(cancel_futures=True)


def _encode(batch: Sequence[Rendered], encoders: Sequence[Encoder]) -> Encodings:
    return {encoder.name: encoder.encode_pages(batch) for encoder in encoders}
