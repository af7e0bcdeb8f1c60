"""Gradient of a contrastive loss, by gradient caching.

Batches may be larger than memory. The loss depends on all pairs of a batch, so that
the losses of its parts do not add up to it. Gradient caching is exact (Gao et al.
2021, arXiv:2101.06983): encode every part without a graph, compute the loss and its
gradient with respect to the rows of the whole batch, then encode each part again
and backpropagate the gradient of its rows.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from typing import Any

import torch
from PIL import Image
from torch.nn.functional import normalize

from ingest.encoders.open_clip_model import OpenClip
from ingest.finetune.contrastive_loss import contrastive_loss


@dataclass(frozen=True, slots=True)
class Batch:
    """Batch of pairs on the host.

    Shapes: `pixels` (n, 3, height, width), `tokens` (n, length), `matches` (n, n).
    """

    pixels: torch.Tensor
    tokens: torch.Tensor
    matches: torch.Tensor


class DeviceNetwork:
    """Network of open_clip on a device, with mixed precision.

    Args:
        dtype: of matrix products; weights and loss stay fp32 (Micikevicius
            et al. 2018, arXiv:1710.03740).
    """

    def __init__(self, network: Any, device: torch.device, dtype: torch.dtype) -> None:
        self.network, self.device, self.dtype = network, device, dtype
        # The range of fp16 is so small that gradients underflow unless scaled.
        self.scaler = torch.amp.GradScaler(device.type, enabled=dtype is torch.float16)

    def images(self, pixels: torch.Tensor) -> torch.Tensor:
        """Encode preprocessed images: unit rows (n, dim) fp32."""
        return self._rows(self.network.encode_image, pixels)

    def texts(self, tokens: torch.Tensor) -> torch.Tensor:
        """Encode tokens: unit rows (n, dim) fp32."""
        return self._rows(self.network.encode_text, tokens)

    def _rows(self, encode: Callable[..., torch.Tensor], inputs: torch.Tensor) -> torch.Tensor:
        there = inputs.to(self.device, non_blocking=True)
        half = self.dtype is not torch.float32
        with torch.autocast(self.device.type, self.dtype) if half else nullcontext():
            rows = encode(there, normalize=False)
        return normalize(rows.float(), dim=-1)

    def loss(
        self, images: torch.Tensor, texts: torch.Tensor, matches: torch.Tensor
    ) -> torch.Tensor:
        """Compute the loss; see `contrastive_loss`."""
        scale, bias = self.network.logit_scale.exp(), self.network.logit_bias
        return contrastive_loss(images, texts, matches.to(self.device), scale, bias)


def stack_pixels(dual_encoder: OpenClip, images: Sequence[Image.Image]) -> torch.Tensor:
    """Preprocess images for a model of open_clip: (n, 3, height, width), on the host."""
    return torch.stack([dual_encoder.prepare(image)["image"] for image in images])


def image_size(dual_encoder: OpenClip) -> tuple[int, int]:
    """Width and height of a model's input images."""
    *_, height, width = stack_pixels(dual_encoder, [Image.new("RGB", (8, 8))]).shape
    return width, height


def add_gradient(model: DeviceNetwork, batch: Batch, part: int, seed: int) -> float:
    """Accumulate the gradient of a batch's loss in the weights.

    The gradient is scaled by the gradient scaler.

    Args:
        part: pairs encoded at once; apart from rounding, the result does not depend on it.
        seed: of dropout, which must be equal in both passes.

    Returns:
        The loss.
    """
    sides = (
        _Side(model.images, batch.pixels, seed),
        _Side(model.texts, batch.tokens, seed + 1),
    )
    spans = [slice(start, start + part) for start in range(0, len(batch.tokens), part)]
    devices = [model.device] if model.device.type == "cuda" else []
    with torch.random.fork_rng(devices):
        if len(spans) == 1:
            images, texts = (side.encode(spans[0]) for side in sides)
            loss = model.loss(images, texts, batch.matches)
            model.scaler.scale(loss).backward()  # type: ignore[no-untyped-call]
            return float(loss.detach())
        with torch.no_grad():
            first = [torch.cat([side.encode(span) for span in spans]) for side in sides]
        rows = [one.requires_grad_() for one in first]
        loss = model.loss(rows[0], rows[1], batch.matches)
        model.scaler.scale(loss).backward()  # type: ignore[no-untyped-call]
        for side, one in zip(sides, rows, strict=True):
            for span in spans:
                again = side.encode(span)
                if again.requires_grad:  # not if the encoder is frozen
                    assert one.grad is not None
                    again.backward(one.grad[span])  # type: ignore[no-untyped-call]
        return float(loss.detach())


@dataclass(frozen=True, slots=True)
class _Side:
    """One of the two encoders and its inputs."""

    encoder: Callable[[torch.Tensor], torch.Tensor]
    inputs: torch.Tensor
    seed: int

    def encode(self, span: slice) -> torch.Tensor:
        torch.manual_seed(self.seed ^ span.start << 1)
        return self.encoder(self.inputs[span])
