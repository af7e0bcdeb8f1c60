"""A training under way: its steps and epochs, and how far it is at any moment."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import torch
from PIL import Image

from ingest.encoders.encoder import OutOfDeviceMemory
from ingest.encoders.open_clip_model import OpenClip
from ingest.files.source import UnreadableFile
from ingest.finetune.contrast import match
from ingest.finetune.crop import Glance
from ingest.finetune.folder import Folder
from ingest.finetune.gallery import Gallery
from ingest.finetune.gradient import Batch, picture_size, stack_pixels
from ingest.finetune.learner import Learner
from ingest.finetune.pairs import Pair
from ingest.finetune.picture_reader import Reader, ReaderProcessDied
from ingest.finetune.plan import Plan
from ingest.finetune.recall import Recall
from ingest.finetune.training_event import Epoch, Event, Stepped

PAUSE = 60.0
"""Seconds between two saves within an epoch, at least."""
SPARE = 20
"""Saving takes at most one part in so many of the time."""


@dataclass(slots=True)
class Progress:
    """How far a training is; saved and loaded with what its learner has learned."""

    step: int = 0
    losses: list[float] = field(default_factory=list)
    epochs: list[dict[str, Any]] = field(default_factory=list)
    """See `Epoch`, as plain values."""
    seconds: float = 0.0


class Run:
    """See the module.

    Args:
        identity: what makes this training another than others.
    """

    def __init__(
        self,
        dual_encoder: OpenClip,
        learner: Learner,
        plan: Plan,
        pairs: Sequence[Pair],
        gallery: Gallery,
        folder: Folder,
        identity: Mapping[str, Any],
    ) -> None:
        self.progress = Progress()
        self._dual_encoder, self._learner, self._plan, self._pairs = (
            dual_encoder,
            learner,
            plan,
            pairs,
        )
        self._gallery, self._folder, self._identity = gallery, folder, identity
        self._size = picture_size(dual_encoder)
        self._images = _number([pair.image for pair in pairs])
        self._texts = _number([pair.words for pair in pairs])
        self._began = self._saved = time.monotonic()
        self._save_took = 0.0

    def load(self) -> None:
        """Go on from the folder's state.

        Raises:
            InvalidCheckpoint, TrainingMismatch
        """
        state = self._folder.load(self._identity)
        self._learner.load_state(state["learner"])
        self.progress = Progress(**state["progress"])

    def save(self) -> None:
        """Write down everything, so that a later run goes on from here."""
        started = time.monotonic()
        self.progress.seconds += started - self._began
        self._began = started
        self._folder.save_state(
            {
                "identity": dict(self._identity),
                "learner": self._learner.state(),
                "progress": asdict(self.progress),
            }
        )
        self._saved = time.monotonic()
        self._save_took = self._saved - started

    def save_log(self) -> None:
        """Write down what it was like so far, for people."""
        self._folder.save_log(self.progress.epochs, self.progress.losses)

    def go(self, reader: Reader) -> Iterator[Event]:
        """All steps that are left; an interrupted one is done again by a later run.

        Raises:
            UnreadableFile, ReaderProcessDied, OutOfDeviceMemory, Diverged
        """
        plan, progress = self._plan, self.progress
        ahead = reader.read(self._glances(step) for step in range(progress.step, plan.steps))
        try:
            while True:
                done, within = divmod(progress.step, plan.epoch_steps)
                if not within and len(progress.epochs) == done:
                    yield self._close_epoch(reader)
                if progress.step == plan.steps:
                    return
                yield self._take_step(next(ahead))
        except (KeyboardInterrupt, GeneratorExit, UnreadableFile, ReaderProcessDied):
            self._save_if_whole()
            raise
        except torch.OutOfMemoryError:
            self._save_if_whole()
            raise OutOfDeviceMemory(
                f"{self._learner.towers.device} has too little memory for"
                f" {plan.settings.batch} pairs at once.",
                hint="Lower --batch and raise --accumulate as much: the steps stay the same, and"
                " the training goes on where it stopped.",
            ) from None

    def _save_if_whole(self) -> None:
        if self._learner.whole:
            self.save()

    def _glances(self, step: int) -> list[Glance]:
        epoch = self._plan.epoch(step)
        return [
            Glance(self._pairs[place].path, self._size, self._plan.seed("crop", epoch, place))
            for place in self._plan.places(step)
        ]

    def _take_step(self, pictures: Sequence[Image.Image]) -> Stepped:
        step, progress = self.progress.step, self.progress
        places = self._plan.places(step)
        batch = Batch(
            stack_pixels(self._dual_encoder, pictures),
            self._dual_encoder.tokenizer([self._pairs[place].text for place in places]),
            match(self._images[places], self._texts[places]),
        )
        rate = self._plan.learning_rate(step)
        loss = self._learner.learn(batch, rate, self._plan.seed("dropout", step))
        progress.losses.append(loss)
        progress.step = step + 1
        self._learner.whole = True
        if time.monotonic() - self._saved > max(PAUSE, SPARE * self._save_took):
            self.save()
        return Stepped(progress.step, loss, rate)

    def _close_epoch(self, reader: Reader) -> Epoch:
        """Measure, keep the best, and write everything down."""
        progress = self.progress
        recall = self._gallery.measure(
            self._dual_encoder, self._learner.towers, reader, self._plan.settings.batch
        )
        number, losses = len(progress.epochs), progress.losses[-self._plan.epoch_steps :]
        earlier = [read_epoch(epoch) for epoch in progress.epochs[1:]]
        # Of equals the later is kept: it has seen more.
        best = number > 0 and not any(_beats(epoch.recall, recall) for epoch in earlier)
        if best:
            self._folder.save_model(self._dual_encoder, recall.cosine_range if recall else None)
        epoch = Epoch(
            number,
            progress.step,
            sum(losses) / len(losses) if losses else None,
            recall,
            float(self._learner.towers.network.logit_scale.detach().exp()),
            best,
            round(progress.seconds + time.monotonic() - self._began, 3),
        )
        progress.epochs.append(asdict(epoch))
        self.save()
        self.save_log()
        return epoch


def read_epoch(values: Mapping[str, Any]) -> Epoch:
    """An epoch from its plain values."""
    recall = Recall(**values["recall"]) if values["recall"] else None
    return Epoch(**{**values, "recall": recall})


def _beats(one: Recall | None, other: Recall | None) -> bool:
    return one is not None and other is not None and one.merit > other.merit


def _number(names: Sequence[str]) -> torch.Tensor:
    """A number for each name, the same for the same."""
    numbers: dict[str, int] = {}
    return torch.tensor([numbers.setdefault(name, len(numbers)) for name in names])
