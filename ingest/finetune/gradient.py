"""The gradient of a batch, also of one larger than the device holds at once.

A contrastive loss looks at all pairs together, so the losses of parts do not
add up to the loss of the whole. Gradient caching does it exactly (Gao et al.
2021, arXiv:2101.06983): encode every part without a graph, take the loss and
its gradient for the rows of the whole batch, then encode each part once more
and send the gradient of its rows on into the weights.
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
from ingest.finetune.contrast import contrast


@dataclass(frozen=True, slots=True)
class Batch:
    """Pairs, on the host: `pixels` (n, 3, height, width), `tokens` (n, length), `matches` (n, n)."""

    pixels: torch.Tensor
    tokens: torch.Tensor
    matches: torch.Tensor


class Towers:
    """A network of open_clip with where and in what numbers it computes.

    Args:
        dtype: of matrix products; weights and the loss stay fp32 (Micikevicius
            et al. 2018, arXiv:1710.03740).
    """

    def __init__(self, network: Any, device: torch.device, dtype: torch.dtype) -> None:
        self.network, self.device, self.dtype = network, device, dtype
        # fp16 has so small a range that gradients vanish unless scaled up.
        self.scaler = torch.amp.GradScaler(device.type, enabled=dtype is torch.float16)

    def images(self, pixels: torch.Tensor) -> torch.Tensor:
        """Unit rows (n, dim), fp32, of prepared pictures."""
        return self._rows(self.network.encode_image, pixels)

    def texts(self, tokens: torch.Tensor) -> torch.Tensor:
        """Unit rows (n, dim), fp32, of tokens."""
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
        """See `contrast`."""
        scale, bias = self.network.logit_scale.exp(), self.network.logit_bias
        return contrast(images, texts, matches.to(self.device), scale, bias)


def stack_pixels(dual_encoder: OpenClip, pictures: Sequence[Image.Image]) -> torch.Tensor:
    """Pictures as a model of open_clip takes them (n, 3, height, width), on the host."""
    return torch.stack([dual_encoder.prepare(picture)["image"] for picture in pictures])


def picture_size(dual_encoder: OpenClip) -> tuple[int, int]:
    """Width and height of the pictures that a model takes."""
    *_, height, width = stack_pixels(dual_encoder, [Image.new("RGB", (8, 8))]).shape
    return width, height


def add_gradient(towers: Towers, batch: Batch, part: int, seed: int) -> float:
    """Add the gradient of a batch's loss to the weights' own, scaled by the towers' scaler.

    Args:
        part: pairs computed at once; the result does not depend on it but by rounding.
        seed: of dropout, which must fall alike in both passes.

    Returns:
        The loss.
    """
    sides = (
        _Side(towers.images, batch.pixels, seed),
        _Side(towers.texts, batch.tokens, seed + 1),
    )
    spans = [slice(start, start + part) for start in range(0, len(batch.tokens), part)]
    devices = [towers.device] if towers.device.type == "cuda" else []
    with torch.random.fork_rng(devices):
        if len(spans) == 1:
            images, texts = (side.encode(spans[0]) for side in sides)
            loss = towers.loss(images, texts, batch.matches)
            towers.scaler.scale(loss).backward()  # type: ignore[no-untyped-call]
            return float(loss.detach())
        with torch.no_grad():
            first = [torch.cat([side.encode(span) for span in spans]) for side in sides]
        rows = [one.requires_grad_() for one in first]
        loss = towers.loss(rows[0], rows[1], batch.matches)
        towers.scaler.scale(loss).backward()  # type: ignore[no-untyped-call]
        for side, one in zip(sides, rows, strict=True):
            for span in spans:
                again = side.encode(span)
                if again.requires_grad:  # a frozen tower learns nothing
                    assert one.grad is not None
                    again.backward(one.grad[span])  # type: ignore[no-untyped-call]
        return float(loss.detach())


@dataclass(frozen=True, slots=True)
class _Side:
    """One tower and what it is to encode."""

    dual_encoder: Callable[[torch.Tensor], torch.Tensor]
    inputs: torch.Tensor
    seed: int

    def encode(self, span: slice) -> torch.Tensor:
        torch.manual_seed(self.seed ^ span.start << 1)
        return self.dual_encoder(self.inputs[span])
