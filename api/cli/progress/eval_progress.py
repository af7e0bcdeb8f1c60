"""Progress of an evaluation: its ingest, then a bar of questions on a terminal."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from api.cli.progress.ingest_progress import ingest_progress
from api.cli.progress.progress import BarProgress, is_bar_shown
from api.cli.terminal import Terminal
from api.evaluation.evaluate_sets import EvaluationProgress
from api.printable import plain
from ingest.event import Event, Failed


class TerminalEvaluationProgress(EvaluationProgress):
    """Progress of an evaluation on stderr; `quiet` leaves only what failed."""

    def __init__(self, terminal: Terminal, quiet: bool) -> None:
        self._terminal = terminal
        self._quiet = quiet

    @contextmanager
    def ingesting(self) -> Iterator[Callable[[Event], None]]:
        """Show events, and each file that failed."""
        with ingest_progress(self._terminal, self._quiet) as progress:

            def show(event: Event) -> None:
                progress.show(event)
                if isinstance(event, Failed):
                    failure = event.failure
                    self.note(f"not read: {failure.path}: {failure.reason}")

            yield show

    @contextmanager
    def querying(self, name: str, total: int) -> Iterator[Callable[[], None]]:
        """Show a bar of questions on a terminal."""
        if self._quiet or not is_bar_shown():
            yield lambda: None
            return
        done = 0
        with BarProgress[None](f"questions of {plain(name)}") as bar:

            def advance() -> None:
                nonlocal done
                done += 1
                bar.update(done, total, f"questions of {plain(name)}")

            yield advance

    def note(self, text: str) -> None:
        """Print a message on stderr."""
        self._terminal.note(plain(text))
