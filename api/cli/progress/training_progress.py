"""Progress of a training: steps, loss and time left, or a line an epoch."""

from __future__ import annotations

from api.cli.progress.progress import BarProgress, LineProgress, Progress, is_bar_shown
from api.cli.terminal import Terminal
from api.printable import plain
from ingest.finetune.training_event import Epoch, Event, LeftOut, Started, Stepped


def training_progress(terminal: Terminal, quiet: bool) -> Progress[Event]:
    """Progress of a training that fits stderr; it shows nothing if `quiet`."""
    if quiet:
        return Progress()
    return TrainingBar() if is_bar_shown() else LineProgress(terminal, describe)


class TrainingBar(BarProgress[Event]):
    """Progress bar of a training; a line for each epoch stays above it."""

    def __init__(self) -> None:
        super().__init__("reading the pairs")
        self._steps = 0

    def show(self, event: Event) -> None:
        """Show an event."""
        for line in describe(event):
            self.print(line)
        match event:
            case Started():
                self._steps = event.steps
                self.update(event.step, event.steps, "starting")
            case Stepped():
                text = f"{event.step}/{self._steps} steps"
                self.update(event.step, self._steps, text, f"loss {event.loss:.3f}")
            case _:
                pass


def describe(event: Event) -> list[str]:
    """Lines for an event; none for a step."""
    match event:
        case LeftOut(line, error):
            return [f"left out line {line}: {plain(str(error))}"]
        case Started():
            lines = [
                f"{event.train} pairs to train on, {event.val} for validation,"
                f" {event.steps} steps on {event.device} in {event.dtype}"
            ]
            if event.step:
                lines.append(f"continuing after step {event.step}")
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
