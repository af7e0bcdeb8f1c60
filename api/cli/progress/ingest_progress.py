"""Progress of an ingest: a bar on a terminal, elsewhere lines."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Self

from api.cli.progress.ingest_status import IngestStatus
from api.cli.progress.progress import BarProgress, Progress, is_bar_shown
from api.cli.terminal import Terminal
from api.printable import count_of, plain
from ingest.event import (
    Added,
    Captioned,
    Dropped,
    Event,
    FileFetched,
    FilesFound,
    FolderListed,
    Indexed,
    LoadingModels,
    Quantized,
    Tagged,
)

LINE_SECONDS = 10.0
"""Time between two lines about how far an ingest is."""


def ingest_progress(terminal: Terminal, quiet: bool) -> Progress[Event]:
    """Progress of an ingest that fits stderr; it shows nothing if `quiet`."""
    if quiet:
        return Progress()
    return IngestBar() if is_bar_shown() else IngestLines(terminal.note)


def describe(event: Event) -> list[str]:
    """Lines for an event; none for most."""
    match event:
        case FolderListed(url, files):
            return [f"{plain(url)}: {count_of(files, 'file')}"]
        case FileFetched(url):
            return [f"fetched {plain(url)}"]
        case FilesFound():
            return [f"{count_of(event.files, 'file')}, {event.to_read} to read"]
        case LoadingModels(encoders):
            return [f"loading models: {', '.join(encoders)}"]
        case Added(document):
            return [f"added {plain(document.name)}, {count_of(document.page_count, 'page')}"]
        case Indexed(document, encoder):
            return [f"indexed {plain(document.name)} with {encoder}"]
        case Tagged(pages):
            return [f"tagged {count_of(pages, 'page')}"]
        case Captioned(page, images, left):
            return [f"captioned {plain(str(page))}, images: {images}; pages to go: {left}"]
        case Dropped(encoder):
            return [f"dropped the index of {encoder}"]
        case Quantized(encoder, quantization):
            return [f"the index of {encoder} is kept as {quantization} now"]
        case _:
            return []


class IngestLines(Progress[Event]):
    """Lines for logs and pipes: events of note, and the status every ten seconds."""

    def __init__(self, write: Callable[[str], None], seconds: float = LINE_SECONDS) -> None:
        self._write = write
        self._seconds = seconds
        self._status = IngestStatus()
        self._ended = threading.Event()
        self._ticker = threading.Thread(target=self._tick, daemon=True)

    def __enter__(self) -> Self:
        self._ticker.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._ticker.join()

    def show(self, event: Event) -> None:
        """Print the event's lines."""
        self._status.take(event)
        for line in describe(event):
            self._write(line)

    def _tick(self) -> None:
        while not self._ended.wait(self._seconds):
            status = self._status
            left = status.seconds_left()
            time_left = "" if left is None else f", about {left:.0f} s left"
            self._write(f"{status.phase}: {status.counts()}{time_left}")


class IngestBar(BarProgress[Event]):
    """Progress bar of an ingest: phase, files, pages, their rate and the time left."""

    def __init__(self) -> None:
        self._status = IngestStatus()
        super().__init__(self._status.phase)

    def show(self, event: Event) -> None:
        """Show an event."""
        status = self._status
        if status.take(event):
            self.update(status.completed, status.total, status.phase, status.counts())
