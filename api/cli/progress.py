"""What people see while an ingest runs, on stderr: a bar on a terminal, a line a document elsewhere."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING, Self

from api.cli.terminal import Terminal, plain
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

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID


class ProgressLines:
    """For logs and pipes: one line a document."""

    def __init__(self, terminal: Terminal) -> None:
        self._terminal = terminal

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        return

    def show(self, event: Event) -> None:
        """Tell of an event."""
        match event:
            case FilesFound():
                self._terminal.note(f"{event.files} files, {event.to_read} to read")
            case Added(document):
                self._terminal.note(f"added {plain(document.name)}, {document.page_count} pages")
            case Indexed(document, encoder):
                self._terminal.note(f"indexed {plain(document.name)} with {encoder}")
            case Tagged(pages):
                self._terminal.note(f"tagged {pages} pages")
            case Captioned(page, pictures, left):
                self._terminal.note(
                    f"captioned {plain(str(page))}, pictures: {pictures}; pages to go: {left}"
                )
            case Dropped(encoder):
                self._terminal.note(f"dropped the index of {encoder}")
            case Quantized(encoder, quantization):
                self._terminal.note(f"the index of {encoder} is kept as {quantization} now")
            case _:
                pass


class ProgressBar:
    """For a terminal: files, pages, pages a second and the time left.

    How many pages there are is known only file by file, so the time left
    counts a file that is not open yet as an average one.
    """

    def __init__(self) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

        self._bar: Progress = Progress(
            TextColumn("{task.fields[files]}", markup=False),
            BarColumn(bar_width=None),
            TextColumn("{task.fields[pages]}", markup=False),
            TimeRemainingColumn(),
            console=Console(file=sys.stderr, markup=False, highlight=False),
            transient=True,
        )
        self._task: TaskID = self._bar.add_task("", total=None, files="looking", pages="")
        self._to_read = self._opened = self._finished = self._known = self._done = 0
        self._captioned = 0
        self._started = time.monotonic()

    def __enter__(self) -> Self:
        self._bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._bar.stop()

    def show(self, event: Event) -> None:
        """Tell of an event."""
        match event:
            case FilesFound():
                self._to_read = event.to_read
                self._started = time.monotonic()
            case FileOpened():
                self._opened += 1
                self._known += event.page_count
            case PagesEncoded():
                self._done += event.pages
            case Added() | DuplicateFound() | Failed(earlier=False):
                self._finished += 1
            case Captioned(left=left):
                self._captioned += 1
                self._bar.update(
                    self._task,
                    completed=self._captioned,
                    total=self._captioned + left,
                    files="captions",
                    pages=f"{left} pages to go",
                )
                return
            case Done():
                self._bar.update(self._task, total=max(self._done, 1), completed=max(self._done, 1))
                return
            case _:
                return
        self._bar.update(
            self._task,
            completed=self._done,
            total=self._estimate(),
            files=f"{self._finished}/{self._to_read} files",
            pages=f"{self._done} pages, {self._rate():.1f} pages/s",
        )

    def _estimate(self) -> float | None:
        """All pages there will be, as far as can be told."""
        if not self._opened:
            return None
        closed = max(self._to_read - max(self._opened, self._finished), 0)
        return max(self._known + closed * self._known / self._opened, self._done)

    def _rate(self) -> float:
        return self._done / max(time.monotonic() - self._started, 1e-3)
