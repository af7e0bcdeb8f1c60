"""Training events, as plain values."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from ingest.error import PageglassError
from ingest.finetune.recall import Recall


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A line of the pairs file was skipped."""

    line: int
    error: PageglassError


@dataclass(frozen=True, slots=True)
class Started:
    """Start of the training at `step`.

    `step` is above 0 if the training is resumed. `cut` captions are truncated.
    """

    train: int
    val: int
    left_out: int
    cut: int
    step: int
    steps: int
    device: str
    dtype: str


@dataclass(frozen=True, slots=True)
class Stepped:
    """A step is done: `step` from 1, and the loss before it."""

    step: int
    loss: float
    rate: float


@dataclass(frozen=True, slots=True)
class Epoch:
    """End of an epoch.

    Epoch 0 is the base model. `loss` is the mean of the epoch's steps. `best` if no
    epoch was better so far; its weights are in the folder.
    """

    number: int
    step: int
    loss: float | None
    recall: Recall | None
    scale: float
    best: bool
    seconds: float


@dataclass(frozen=True, slots=True)
class Trained:
    """The training is finished. `seconds` is the sum of all runs."""

    out: Path
    before: Epoch
    best: Epoch
    left_out: int
    seconds: float


Event = LeftOut | Started | Stepped | Epoch | Trained
