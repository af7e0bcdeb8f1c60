"""What a training does at which step: its pairs and its learning rate, from the settings alone.

Nothing here is drawn from a generator that runs along. A training that goes on
after a stop so needs to know its step and nothing else.
"""

from __future__ import annotations

import hashlib
import math
import random
from dataclasses import dataclass
from functools import lru_cache


@dataclass(frozen=True, slots=True)
class TrainSettings:
    """How to train.

    `epochs` is how often each pair is seen; `batch` pairs are computed at once,
    and `accumulate` batches make a step, in which each pair is told from all
    others; `rate` is the highest learning rate and `warmup` the share of the
    steps over which it rises; `decay` is AdamW's; `val_share` of the pictures
    are held back where no line names a split; `dtype` is "auto", "fp32", "fp16"
    or "bf16"; `frozen` towers, of "image" and "text", stay as they are.
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
    """The steps of a training on so many pairs."""

    pairs: int
    settings: TrainSettings

    @property
    def epoch_steps(self) -> int:
        """Steps that see every pair once."""
        return math.ceil(self.pairs / (self.settings.batch * self.settings.accumulate))

    @property
    def steps(self) -> int:
        """All of them."""
        return self.settings.epochs * self.epoch_steps

    def epoch(self, step: int) -> int:
        """The epoch (from 1) that a step (from 0) is part of."""
        return step // self.epoch_steps + 1

    def places(self, step: int) -> list[int]:
        """Which pairs a step sees. An epoch is shuffled and dealt out to steps of one size, give or take one."""
        order = _shuffle(self.pairs, self.seed("order", self.epoch(step)))
        return order[step % self.epoch_steps :: self.epoch_steps]

    def learning_rate(self, step: int) -> float:
        """Linear warm-up, then half a cosine down to nothing (Loshchilov and Hutter 2017, arXiv:1608.03983)."""
        rising = round(self.settings.warmup * self.steps)
        if step < rising:
            return self.settings.rate * (step + 1) / rising
        done = (step - rising) / max(self.steps - rising, 1)
        return self.settings.rate * (1 + math.cos(math.pi * done)) / 2

    def seed(self, *purpose: int | str) -> int:
        """63 random bits that depend on the training's seed and their purpose alone."""
        words = " ".join(map(str, (self.settings.seed, *purpose)))
        return int.from_bytes(hashlib.sha256(words.encode()).digest()[:8]) >> 1


@lru_cache(2)
def _shuffle(count: int, seed: int) -> list[int]:
    order = list(range(count))
    random.Random(seed).shuffle(order)
    return order
