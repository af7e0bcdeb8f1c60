"""A model that learns: its weights, and what AdamW remembers of their gradients."""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch.nn.modules.batchnorm import _BatchNorm

from ingest.error import ComputeError
from ingest.finetune.gradient import Batch, Towers, add_gradient
from ingest.finetune.plan import TrainSettings

BETAS, EPS = (0.9, 0.98), 1e-6
"""Of Adam, as CLIP's vision transformers were trained (Radford et al. 2021, table 18)."""
LONGEST = 1.0
"""A gradient longer than this is shortened to it."""
HIGHEST_SCALE = math.log(100)
"""CLIP's own bound on its temperature (section 2.5)."""


class TrainingDiverged(ComputeError):
    """The loss is no number any more."""

    code = "training-diverged"


class Learner:
    """See the module. AdamW as in Loshchilov and Hutter 2019, arXiv:1711.05101.

    Biases, norms and the temperature do not decay. Batch norms keep the
    statistics of the base model: those of small batches are worse.
    """

    def __init__(self, towers: Towers, settings: TrainSettings) -> None:
        self.towers = towers
        self.whole = True
        """False from where a step begins to change the weights; who has counted it sets it back.

        Between, the weights and the count of steps are not to be saved together.
        """
        self._settings = settings
        self._network: Any = towers.network
        self._resting: list[torch.nn.Module] = [
            module for module in self._network.modules() if isinstance(module, _BatchNorm)
        ]
        self._freeze()
        learned = [one for one in self._network.parameters() if one.requires_grad]
        groups: list[dict[str, Any]] = [
            {"params": [one for one in learned if one.ndim > 1], "weight_decay": settings.decay},
            {"params": [one for one in learned if one.ndim <= 1], "weight_decay": 0.0},
        ]
        self._optimizer = torch.optim.AdamW(groups, betas=BETAS, eps=EPS)

    def _freeze(self) -> None:
        learned = {"logit_scale", "logit_bias"}
        for name, weight in self._network.named_parameters():
            side = "image" if name.startswith("visual.") else "text"
            weight.requires_grad_(name in learned or side not in self._settings.frozen)
        for name, module in self._network.named_children():
            if ("image" if name == "visual" else "text") in self._settings.frozen:
                self._resting.append(module)

    @contextmanager
    def _learning(self) -> Iterator[None]:
        """With dropout, where a model has any, but not in what is frozen."""
        self._network.train()
        for module in self._resting:
            module.eval()
        try:
            yield
        finally:
            self._network.eval()

    def learn(self, batch: Batch, rate: float, seed: int) -> float:
        """Take a step; the loss before it.

        Raises:
            Diverged
        """
        with self._learning():
            loss = add_gradient(self.towers, batch, self._settings.batch, seed)
        if not math.isfinite(loss):
            raise TrainingDiverged(
                f"The loss became {loss}.", hint="Lower --lr, or take --dtype bf16 or fp32."
            )
        for group in self._optimizer.param_groups:
            group["lr"] = rate
        scaler = self.towers.scaler
        self.whole = False
        scaler.unscale_(self._optimizer)
        torch.nn.utils.clip_grad_norm_(self._network.parameters(), LONGEST)
        scaler.step(self._optimizer)
        scaler.update()
        self._optimizer.zero_grad()
        if self._network.logit_bias is None:
            with torch.no_grad():
                self._network.logit_scale.clamp_(0, HIGHEST_SCALE)
        return loss

    def state(self) -> dict[str, Any]:
        """All that it has learned."""
        return {
            "network": self._network.state_dict(),
            "optimizer": self._optimizer.state_dict(),
            "scaler": self.towers.scaler.state_dict(),
        }

    def load_state(self, state: dict[str, Any]) -> None:
        """Go on from what `state` gave."""
        self._network.load_state_dict(state["network"])
        self._optimizer.load_state_dict(state["optimizer"])
        # One that scales nothing has no state.
        if state["scaler"] and self.towers.scaler.is_enabled():
            self.towers.scaler.load_state_dict(state["scaler"])
