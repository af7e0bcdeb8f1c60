"""What people see while a training runs, on stderr: a bar on a terminal, a line an epoch elsewhere."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Self

from api.cli.terminal import Terminal, plain
from ingest.finetune.training_event import Epoch, Event, LeftOut, Started, Stepped

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID


class TrainingLines:
    """For logs and pipes."""

    def __init__(self, terminal: Terminal) -> None:
        self._terminal = terminal

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        return

    def show(self, event: Event) -> None:
        """Tell of an event."""
        for line in describe(event):
            self._terminal.note(line)


class TrainingBar:
    """For a terminal: steps, the loss, the time left, and a line that stays for each epoch."""

    def __init__(self) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

        self._bar: Progress = Progress(
            TextColumn("{task.description}", markup=False),
            BarColumn(bar_width=None),
            TextColumn("{task.fields[loss]}", markup=False),
            TimeRemainingColumn(),
            console=Console(file=sys.stderr, markup=False, highlight=False),
            transient=True,
        )
        self._task: TaskID = self._bar.add_task("looking at the pairs", total=None, loss="")
        self._steps = 0

    def __enter__(self) -> Self:
        self._bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._bar.stop()

    def show(self, event: Event) -> None:
        """Tell of an event."""
        for line in describe(event):
            self._bar.console.print(line)
        match event:
            case Started():
                self._steps = event.steps
                self._bar.update(self._task, completed=event.step, total=event.steps)
            case Stepped():
                self._bar.update(
                    self._task,
                    completed=event.step,
                    description=f"{event.step}/{self._steps} steps",
                    loss=f"loss {event.loss:.3f}",
                )
            case _:
                pass


def describe(event: Event) -> list[str]:
    """Lines for people; none for a step."""
    match event:
        case LeftOut(line, fault):
            return [f"left out line {line}: {plain(str(fault))}"]
        case Started():
            lines = [
                f"{event.train} pairs to train on, {event.val} to measure with,"
                f" {event.steps} steps on {event.device} in {event.dtype}"
            ]
            if event.step:
                lines.append(f"going on after step {event.step}")
            if event.cut:
                lines.append(f"{event.cut} captions are longer than the model reads; they are cut")
            return lines
        case Epoch():
            parts = [f"epoch {event.number}" if event.number else "base model"]
            if event.loss is not None:
                parts.append(f"loss {event.loss:.3f}")
            if event.recall:
                shares = "/".join(f"{share:.3f}" for share in event.recall.text_to_image)
                back = "/".join(f"{share:.3f}" for share in event.recall.image_to_text)
                parts.append(f"recall@1/5/10 text to image {shares}, image to text {back}")
            return [", ".join(parts) + (" (best)" if event.best and event.recall else "")]
        case _:
            return []
