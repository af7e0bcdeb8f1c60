"""Progress of an ingest: files, pages and pages a second, or a line a document."""

from __future__ import annotations

import time

from api.cli.progress import BarProgress, LineProgress, Progress, is_bar_shown
from api.cli.terminal import Terminal
from api.printable import plain
from ingest.event import (
    Added,
    Captioned,
    Done,
    Dropped,
    DuplicateFound,
    Event,
    Failed,
    FileOpened,
    FilesFound,
    Indexed,
    PagesEncoded,
    Quantized,
    Tagged,
)


def ingest_progress(terminal: Terminal, quiet: bool) -> Progress[Event]:
    """Progress of an ingest that fits stderr; it shows nothing if `quiet`."""
    if quiet:
        return Progress()
    return IngestBar() if is_bar_shown() else LineProgress(terminal, describe)


def describe(event: Event) -> list[str]:
    """Lines for an event; none for most."""
    match event:
        case FilesFound():
            return [f"{event.files} files, {event.to_read} to read"]
        case Added(document):
            return [f"added {plain(document.name)}, {document.page_count} pages"]
        case Indexed(document, encoder):
            return [f"indexed {plain(document.name)} with {encoder}"]
        case Tagged(pages):
            return [f"tagged {pages} pages"]
        case Captioned(page, images, left):
            return [f"captioned {plain(str(page))}, images: {images}; pages to go: {left}"]
        case Dropped(encoder):
            return [f"dropped the index of {encoder}"]
        case Quantized(encoder, quantization):
            return [f"the index of {encoder} is kept as {quantization} now"]
        case _:
            return []


class IngestBar(BarProgress[Event]):
    """Progress bar of an ingest: files, pages, pages a second and the time left.

    The number of pages is known only file by file, so the time left counts a
    file that is not open yet as an average one.
    """

    def __init__(self) -> None:
        super().__init__("looking for files")
        self._to_read = self._opened = self._finished = 0
        self._known_pages = self._done_pages = self._captioned = 0
        self._started = time.monotonic()

    def show(self, event: Event) -> None:
        """Show an event."""
        match event:
            case FilesFound():
                self._to_read = event.to_read
                self._started = time.monotonic()
            case FileOpened():
                self._opened += 1
                self._known_pages += event.page_count
            case PagesEncoded():
                self._done_pages += event.pages
            case Added() | DuplicateFound() | Failed(earlier=False):
                self._finished += 1
            case Captioned(left=left):
                self._captioned += 1
                self.update(
                    self._captioned, self._captioned + left, "captions", f"{left} pages to go"
                )
                return
            case Done():
                self._update(max(self._done_pages, 1))
                return
            case _:
                return
        self._update(self._total())

    def _update(self, total: float | None) -> None:
        rate = self._done_pages / max(time.monotonic() - self._started, 1e-3)
        self.update(
            self._done_pages,
            total,
            f"{self._finished}/{self._to_read} files",
            f"{self._done_pages} pages, {rate:.1f} pages/s",
        )

    def _total(self) -> float | None:
        """Estimate of all pages, the unopened files included."""
        if not self._opened:
            return None
        unopened = max(self._to_read - max(self._opened, self._finished), 0)
        return max(
            self._known_pages + unopened * self._known_pages / self._opened, self._done_pages
        )
