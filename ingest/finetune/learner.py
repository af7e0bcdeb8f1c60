"""Optimizer step: AdamW with gradient clipping, frozen parts and mixed precision."""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch.nn.modules.batchnorm import _BatchNorm

from ingest.error import ComputeError
from ingest.finetune.gradient import Batch, DeviceNetwork, add_gradient
from ingest.finetune.plan import TrainSettings

BETAS, EPS = (0.9, 0.98), 1e-6
"""Of AdamW, as for CLIP's vision transformers (Radford et al. 2021, table 18)."""
MAX_GRADIENT_NORM = 1.0
MAX_LOGIT_SCALE = math.log(100)
"""Of the logarithm of the logit scale, as in CLIP (section 2.5)."""


class TrainingDiverged(ComputeError):
    """The loss is NaN or infinite."""

    code = "training-diverged"


class Learner:
    """Model and optimizer: AdamW (Loshchilov and Hutter 2019, arXiv:1711.05101).

    Biases, norms and the temperature have no weight decay. Batch norms keep the
    statistics of the base model, since those of small batches are worse.
    """

    def __init__(self, model: DeviceNetwork, settings: TrainSettings) -> None:
        self.model = model
        self.consistent = True
        """False while a step changes the weights; the caller sets it when it has counted the step.

        Meanwhile weights and step count are inconsistent and are not saved.
        """
        self._settings = settings
        self._network: Any = model.network
        self._eval_modules: list[torch.nn.Module] = [
            module for module in self._network.modules() if isinstance(module, _BatchNorm)
        ]
        self._freeze()
        trained = [one for one in self._network.parameters() if one.requires_grad]
        groups: list[dict[str, Any]] = [
            {"params": [one for one in trained if one.ndim > 1], "weight_decay": settings.decay},
            {"params": [one for one in trained if one.ndim <= 1], "weight_decay": 0.0},
        ]
        self._optimizer = torch.optim.AdamW(groups, betas=BETAS, eps=EPS)

    def _freeze(self) -> None:
        trained = {"logit_scale", "logit_bias"}
        for name, weight in self._network.named_parameters():
            side = "image" if name.startswith("visual.") else "text"
            weight.requires_grad_(name in trained or side not in self._settings.frozen)
        for name, module in self._network.named_children():
            if ("image" if name == "visual" else "text") in self._settings.frozen:
                self._eval_modules.append(module)

    @contextmanager
    def _training_mode(self) -> Iterator[None]:
        """Context in which the network is in training mode, except for frozen modules."""
        self._network.train()
        for module in self._eval_modules:
            module.eval()
        try:
            yield
        finally:
            self._network.eval()

    def step(self, batch: Batch, rate: float, seed: int) -> float:
        """Do one optimizer step; returns the loss before it.

        Raises:
            TrainingDiverged
        """
        with self._training_mode():
            loss = add_gradient(self.model, batch, self._settings.batch, seed)
        if not math.isfinite(loss):
            raise TrainingDiverged(
                f"The loss became {loss}.", hint="Lower the learning rate, or use bf16 or fp32."
            )
        for group in self._optimizer.param_groups:
            group["lr"] = rate
        scaler = self.model.scaler
        self.consistent = False
        scaler.unscale_(self._optimizer)
        torch.nn.utils.clip_grad_norm_(self._network.parameters(), MAX_GRADIENT_NORM)
        scaler.step(self._optimizer)
        scaler.update()
        self._optimizer.zero_grad()
        if self._network.logit_bias is None:
            with torch.no_grad():
                self._network.logit_scale.clamp_(0, MAX_LOGIT_SCALE)
        return loss

    def state(self) -> dict[str, Any]:
        """The state of network, optimizer and scaler."""
        return {
            "network": self._network.state_dict(),
            "optimizer": self._optimizer.state_dict(),
            "scaler": self.model.scaler.state_dict(),
        }

    def load_state(self, state: dict[str, Any]) -> None:
        """Restore a `state`."""
        self._network.load_state_dict(state["network"])
        self._optimizer.load_state_dict(state["optimizer"])
        # A disabled scaler has no state.
        if state["scaler"] and self.model.scaler.is_enabled():
            self.model.scaler.load_state_dict(state["scaler"])
