"""What a training tells of itself while it runs. Plain values; nothing here acts."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from ingest.error import PageglassError
from ingest.finetune.recall import Recall


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A line of the pairs that cannot be used."""

    line: int
    fault: PageglassError


@dataclass(frozen=True, slots=True)
class Started:
    """All is loaded. `step` is 0, or how many steps an earlier run did; `cut` captions are longer than the model reads."""

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
    """The weights have changed once more: `step` from 1, the loss before the change."""

    step: int
    loss: float
    rate: float


@dataclass(frozen=True, slots=True)
class Epoch:
    """Every pair was seen once more. Epoch 0 is the base model; `loss` is the mean of the epoch's steps.

    `best` if no epoch of the training was better so far; its weights are in the folder.
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
    """The folder is finished. `seconds` counts all runs together."""

    out: Path
    before: Epoch
    best: Epoch
    left_out: int
    seconds: float


Event = LeftOut | Started | Stepped | Epoch | Trained
