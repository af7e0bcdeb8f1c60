"""Training loop: steps, epochs, checkpoints and the choice of the best epoch."""

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
from ingest.finetune.contrastive_loss import match_matrix
from ingest.finetune.crop import CropRequest
from ingest.finetune.folder import Folder
from ingest.finetune.gradient import Batch, image_size, stack_pixels
from ingest.finetune.image_reader import ImageReader, ReaderProcessDied
from ingest.finetune.learner import Learner
from ingest.finetune.pairs import Pair
from ingest.finetune.plan import Plan
from ingest.finetune.recall import Recall
from ingest.finetune.training_event import Epoch, Event, Stepped
from ingest.finetune.validation import ValidationSet

SAVE_INTERVAL = 60.0
"""Seconds between two checkpoints within an epoch, at least."""
SAVE_COST = 20
"""Checkpoints take at most one part in so many of the time."""


@dataclass(slots=True)
class Progress:
    """Progress of a training, saved in its checkpoint."""

    step: int = 0
    losses: list[float] = field(default_factory=list)
    epochs: list[dict[str, Any]] = field(default_factory=list)
    """See `Epoch`, as plain values."""
    seconds: float = 0.0


class Run:
    """Training run; see the module.

    Args:
        identity: the settings that a resumed training must share.
    """

    def __init__(
        self,
        dual_encoder: OpenClip,
        learner: Learner,
        plan: Plan,
        pairs: Sequence[Pair],
        validation: ValidationSet,
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
        self._validation, self._folder, self._identity = validation, folder, identity
        self._size = image_size(dual_encoder)
        self._images = _number([pair.image for pair in pairs])
        self._texts = _number([pair.words for pair in pairs])
        self._began = self._saved = time.monotonic()
        self._save_took = 0.0

    def load(self) -> None:
        """Resume from the folder's checkpoint.

        Raises:
            InvalidCheckpoint, TrainingMismatch
        """
        state = self._folder.load(self._identity)
        self._learner.load_state(state["learner"])
        self.progress = Progress(**state["progress"])

    def save(self) -> None:
        """Save a checkpoint to resume from."""
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
        """Write the log and the plot."""
        self._folder.save_log(self.progress.epochs, self.progress.losses)

    def train(self, reader: ImageReader) -> Iterator[Event]:
        """Do the remaining steps; an interrupted step is repeated by a resumed run.

        Raises:
            UnreadableFile, ReaderProcessDied, OutOfDeviceMemory, TrainingDiverged
        """
        plan, progress = self._plan, self.progress
        ahead = reader.read(self._requests(step) for step in range(progress.step, plan.steps))
        try:
            while True:
                done, within = divmod(progress.step, plan.epoch_steps)
                if not within and len(progress.epochs) == done:
                    yield self._close_epoch(reader)
                if progress.step == plan.steps:
                    return
                yield self._take_step(next(ahead))
        except (KeyboardInterrupt, GeneratorExit, UnreadableFile, ReaderProcessDied):
            self._save_if_consistent()
            raise
        except torch.OutOfMemoryError:
            self._save_if_consistent()
            raise OutOfDeviceMemory(
                f"{self._learner.model.device} has too little memory for"
                f" {plan.settings.batch} pairs at once.",
                hint="Use smaller batches and accumulate more of them: the steps stay the same, and"
                " the training resumes where it stopped.",
            ) from None

    def _save_if_consistent(self) -> None:
        if self._learner.consistent:
            self.save()

    def _requests(self, step: int) -> list[CropRequest]:
        epoch = self._plan.epoch(step)
        return [
            CropRequest(self._pairs[place].path, self._size, self._plan.seed("crop", epoch, place))
            for place in self._plan.places(step)
        ]

    def _take_step(self, images: Sequence[Image.Image]) -> Stepped:
        step, progress = self.progress.step, self.progress
        places = self._plan.places(step)
        batch = Batch(
            stack_pixels(self._dual_encoder, images),
            self._dual_encoder.tokenizer([self._pairs[place].text for place in places]),
            match_matrix(self._images[places], self._texts[places]),
        )
        rate = self._plan.learning_rate(step)
        loss = self._learner.step(batch, rate, self._plan.seed("dropout", step))
        progress.losses.append(loss)
        progress.step = step + 1
        self._learner.consistent = True
        if time.monotonic() - self._saved > max(SAVE_INTERVAL, SAVE_COST * self._save_took):
            self.save()
        return Stepped(progress.step, loss, rate)

    def _close_epoch(self, reader: ImageReader) -> Epoch:
        """Measure recall, keep the best model, and save."""
        progress = self.progress
        recall = self._validation.measure(
            self._dual_encoder, self._learner.model, reader, self._plan.settings.batch
        )
        number, losses = len(progress.epochs), progress.losses[-self._plan.epoch_steps :]
        earlier = [read_epoch(epoch) for epoch in progress.epochs[1:]]
        # Of equal epochs the later is kept, which has seen more pairs.
        best = number > 0 and not any(_beats(epoch.recall, recall) for epoch in earlier)
        if best:
            self._folder.save_model(self._dual_encoder, recall.cosine_range if recall else None)
        epoch = Epoch(
            number,
            progress.step,
            sum(losses) / len(losses) if losses else None,
            recall,
            float(self._learner.model.network.logit_scale.detach().exp()),
            best,
            round(progress.seconds + time.monotonic() - self._began, 3),
        )
        progress.epochs.append(asdict(epoch))
        self.save()
        self.save_log()
        return epoch


def read_epoch(values: Mapping[str, Any]) -> Epoch:
    """Read an epoch from its JSON values."""
    recall = Recall(**values["recall"]) if values["recall"] else None
    return Epoch(**{**values, "recall": recall})


def _beats(one: Recall | None, other: Recall | None) -> bool:
    return one is not None and other is not None and one.merit > other.merit


def _number(names: Sequence[str]) -> torch.Tensor:
    """Number names: equal names get equal numbers."""
    numbers: dict[str, int] = {}
    return torch.tensor([numbers.setdefault(name, len(numbers)) for name in names])
