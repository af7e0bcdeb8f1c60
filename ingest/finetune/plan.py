"""Training plan: the pairs and the learning rate of each step.

The plan follows from the settings alone. Random numbers depend on the seed and the
step, not on a generator's state, so that a resumed training needs to know its step
only.
"""

from __future__ import annotations

import hashlib
import math
import random
from dataclasses import dataclass
from functools import lru_cache


@dataclass(frozen=True, slots=True)
class TrainSettings:
    """Training settings.

    `epochs` is passes over the pairs; `batch` pairs are encoded at once, and
    `accumulate` batches make a step, whose pairs are contrasted with each other;
    `rate` is the peak learning rate and `warmup` the share of steps over which it
    rises; `decay` is AdamW's weight decay; `val_share` is the share of images for
    validation if no line names a split; `dtype` is "auto", "fp32", "fp16" or
    "bf16"; `frozen` encoders, "image" or "text", are not trained.
    """

    epochs: int = 10
    batch: int = 64
    accumulate: int = 1
    rate: float = 1e-5
    warmup: float = 0.1
    decay: float = 0.1
    val_share: float = 0.1
    seed: int = 0
    dtype: str = "auto"
    frozen: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Plan:
    """Steps of a training on so many pairs."""

    pairs: int
    settings: TrainSettings

    @property
    def epoch_steps(self) -> int:
        """Steps an epoch."""
        return math.ceil(self.pairs / (self.settings.batch * self.settings.accumulate))

    @property
    def steps(self) -> int:
        """Steps of all epochs."""
        return self.settings.epochs * self.epoch_steps

    def epoch(self, step: int) -> int:
        """The epoch (from 1) of a step (from 0)."""
        return step // self.epoch_steps + 1

    def places(self, step: int) -> list[int]:
        """Positions of the pairs of a step.

        The pairs of an epoch are shuffled and divided into steps of equal size.
        """
        order = _shuffle(self.pairs, self.seed("order", self.epoch(step)))
        return order[step % self.epoch_steps :: self.epoch_steps]

    def learning_rate(self, step: int) -> float:
        """Learning rate: linear warm-up, then cosine decay to 0.

        Loshchilov and Hutter 2017 (arXiv:1608.03983).
        """
        warmup = round(self.settings.warmup * self.steps)
        if step < warmup:
            return self.settings.rate * (step + 1) / warmup
        done = (step - warmup) / max(self.steps - warmup, 1)
        return self.settings.rate * (1 + math.cos(math.pi * done)) / 2

    def seed(self, *purpose: int | str) -> int:
        """Derive a 63-bit seed for a purpose from the training's seed."""
        words = " ".join(map(str, (self.settings.seed, *purpose)))
        return int.from_bytes(hashlib.sha256(words.encode()).digest()[:8]) >> 1


@lru_cache(2)
def _shuffle(count: int, seed: int) -> list[int]:
    order = list(range(count))
    random.Random(seed).shuffle(order)
    return order
