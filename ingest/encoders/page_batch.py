"""Page batches: pages that are encoded at once, bounded by number and by text."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from ingest.page import Rendered

BATCH_CHARACTERS = 200_000
"""Text encoded at once: its rows, at most one a character, are held in memory."""

BATCH_CLIPS = 16
"""Clips encoded at once: each has some 4 MB of frames."""


def is_full(pages: Sequence[Rendered], batch_pages: int) -> bool:
    """Whether pages make a batch, by their number, their clips or their characters."""
    if len(pages) >= batch_pages or sum(page.clip is not None for page in pages) >= BATCH_CLIPS:
        return True
    return sum(len(w.text) for page in pages for w in page.searchable_words) >= BATCH_CHARACTERS


def batched_pages(pages: Iterable[Rendered], batch_pages: int) -> Iterator[list[Rendered]]:
    """Split pages into batches, in order."""
    batch: list[Rendered] = []
    for page in pages:
        batch.append(page)
        if is_full(batch, batch_pages):
            yield batch
            batch = []
    if batch:
        yield batch
