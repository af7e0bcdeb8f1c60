"""Ingest status: what a running ingest is doing, and how far it is."""

from __future__ import annotations

import os
import time
from collections.abc import Callable

from api.printable import count_of, plain
from ingest.event import (
    Added,
    Captioned,
    Done,
    DuplicateFound,
    Event,
    Failed,
    FileFetched,
    FileOpened,
    FilesFound,
    FolderListed,
    LoadingModels,
    PagesEncoded,
    PagesRead,
)
from ingest.library.documents import readable


class IngestStatus:
    """Phase and progress of an ingest.

    The number of pages is known only file by file, so the total counts a file that
    is not open yet as an average one.

    Args:
        clock: seconds; for the rate and the time left.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self.phase = "looking for files"
        self.done_pages = 0
        self._clock = clock
        self._to_read = self._opened = self._finished = self._failed = 0
        self._known_pages = self._captioned = self._to_caption = 0
        self._ended = False
        self._started = clock()

    def take(self, event: Event) -> bool:
        """Take an event into account; whether it changes what is shown."""
        match event:
            case FolderListed(url) | FileFetched(url):
                self.phase = f"fetching {plain(url)}"
            case FilesFound():
                self._to_read = event.to_read
                self._started = self._clock()
            case LoadingModels():
                self.phase = "loading models"
            case FileOpened():
                self._opened += 1
                self._known_pages += event.page_count
            case PagesRead(path, number, page_count):
                name = plain(readable(os.path.basename(path)))
                page = f", page {number} of {page_count}" if page_count > 1 else ""
                self.phase = f"reading {name}{page}"
            case PagesEncoded():
                self.done_pages += event.pages
            case Added() | DuplicateFound():
                self._finished += 1
            case Failed(earlier=False):
                self._finished += 1
                self._failed += 1
            case Captioned(left=left):
                self.phase = "captioning"
                self._captioned += 1
                self._to_caption = left
            case Done():
                self._ended = True
            case _:
                return False
        return True

    @property
    def total(self) -> float | None:
        """Pages of all files as far as they can be told; None before the first is open."""
        if self._captioned:
            return self._captioned + self._to_caption
        if self._ended:
            return max(self.done_pages, 1)
        if not self._opened:
            return None
        unopened = max(self._to_read - max(self._opened, self._finished), 0)
        known = self._known_pages + unopened * self._known_pages / self._opened
        return max(known, self.done_pages)

    @property
    def completed(self) -> int:
        """Pages that are done, of `total`."""
        return self._captioned or self.done_pages

    def counts(self) -> str:
        """Files, pages, pages a second and failures so far."""
        if self._captioned:
            return f"{count_of(self._to_caption, 'page')} to go"
        rate = self.done_pages / max(self._clock() - self._started, 1e-3)
        parts = [
            f"{self._finished} of {count_of(self._to_read, 'file')}",
            f"{count_of(self.done_pages, 'page')}, {rate:.1f} a second",
        ]
        if self._failed:
            parts.append(f"{self._failed} failed")
        return ", ".join(parts)

    def seconds_left(self) -> float | None:
        """Estimate of the seconds left; None where there is nothing to go by."""
        if not self.total or not self.completed:
            return None
        past = self._clock() - self._started
        return past / self.completed * (self.total - self.completed)
