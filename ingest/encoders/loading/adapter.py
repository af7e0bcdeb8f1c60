"""LoRA adapters, merged into the base model: no forward computes them apart."""

from __future__ import annotations

from typing import Any

import torch


def merge_adapter(network: torch.nn.Module) -> None:
    """Merge the LoRA layers that transformers has put into a model.

    A layer's weight becomes W + scale * B A, computed in fp32 and rounded once.
    """
    from peft.tuners.tuners_utils import BaseTunerLayer

    layers: list[tuple[str, Any]] = [
        (name, layer)
        for name, layer in network.named_modules()
        if isinstance(layer, BaseTunerLayer)
    ]
    for name, layer in layers:
        base = layer.get_base_layer()
        dtype = base.weight.dtype
        layer.float()
        layer.merge(safe_merge=True)
        base.to(dtype)
        parent, _, leaf = name.rpartition(".")
        setattr(network.get_submodule(parent), leaf, base)
