"""Progress on stderr: a bar on a terminal, lines elsewhere, nothing with --quiet."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from typing import Generic, Self, TypeVar

from api.cli.terminal import Terminal

Event = TypeVar("Event", contravariant=True)


class Progress(Generic[Event]):
    """Progress that shows nothing; the base of the others."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        return

    def show(self, event: Event) -> None:
        """Show an event."""


class LineProgress(Progress[Event]):
    """Progress as lines, for logs and pipes; `describe` gives the lines of an event."""

    def __init__(self, terminal: Terminal, describe: Callable[[Event], Sequence[str]]) -> None:
        self._terminal = terminal
        self._describe = describe

    def show(self, event: Event) -> None:
        """Print the event's lines."""
        for line in self._describe(event):
            self._terminal.note(line)


class BarProgress(Progress[Event]):
    """Progress bar on a terminal, with a text on either side and the time left."""

    def __init__(self, text: str) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, TextColumn, TimeRemainingColumn
        from rich.progress import Progress as RichProgress

        self._bar = RichProgress(
            TextColumn("{task.fields[before]}", markup=False),
            BarColumn(bar_width=None),
            TextColumn("{task.fields[after]}", markup=False),
            TimeRemainingColumn(),
            console=Console(file=sys.stderr, markup=False, highlight=False),
            transient=True,
        )
        self._task = self._bar.add_task("", total=None, before=text, after="")

    def __enter__(self) -> Self:
        self._bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._bar.stop()

    def update(self, completed: float, total: float | None, before: str, after: str = "") -> None:
        """Move the bar and change its texts."""
        self._bar.update(self._task, completed=completed, total=total, before=before, after=after)

    def print(self, line: str) -> None:
        """Print a line above the bar, where it stays."""
        self._bar.console.print(line)


def is_bar_shown() -> bool:
    """Whether stderr is a terminal."""
    return sys.stderr.isatty()
