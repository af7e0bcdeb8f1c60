"""Dual encoder protocol: images and texts to unit vectors in one space.

Radford et al. 2021 (arXiv:2103.00020), figure 1. Implementations are chosen by
`ingest.encoders.load_dual_encoder`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

import torch
from PIL import Image

CLIP_COSINE_RANGE = (0.20, 0.29)
RARE = 6.9
"""The logit of a probability of one in a thousand."""
PreparedImage = Mapping[str, torch.Tensor]
"""The keyword arguments of a model for one image: tensors on the host, without a batch axis."""


class DualEncoder(Protocol):
    """A pair of encoders, of images and of texts, on a device."""

    title: str
    """The library, the model and its fingerprint, as an index records them."""
    spec: str
    """The model as the user named it."""
    dim: int
    logit_scale: float
    """The factor on cosines before a softmax over labels, learned in training."""
    cosine_range: tuple[float, float]
    """See `Encoder`."""
    provenance: dict[str, str]

    prepare: Callable[[Image.Image], PreparedImage]
    """Preprocesses an image. Holds no weights and pickles, so that workers can run it."""

    def encode_images(self, prepared: Sequence[PreparedImage]) -> torch.Tensor:
        """Encode images: unit vectors (n, dim), fp32, on the device."""
        ...

    def encode_texts(self, texts: Sequence[str]) -> torch.Tensor:
        """Encode texts: unit vectors (n, dim), fp32, on the device.

        Warns:
            QueryTruncated: a text is too long and was truncated.
        """
        ...


def estimate_cosine_range(scale: float, bias: float | None) -> tuple[float, float]:
    """Estimate the mean cosines of unrelated and of matching pairs.

    A model trained with a sigmoid loss (SigLIP, Zhai et al. 2023, arXiv:2303.15343)
    has a bias that gives them: the cosines of a probability of one in a thousand
    and of one half. For CLIP's softmax they are those of ViT-B/32's own vectors of
    50 photos and 1,203 names (docs/retrieval.md).
    """
    if bias is None:
        return CLIP_COSINE_RANGE
    even = -bias / scale
    return even - RARE / scale, even


def read_logits(network: Any) -> tuple[float, tuple[float, float]]:
    """Read a model's learned logit scale and its cosine range.

    The cosine range follows from the scale and the bias.
    """
    scale = network.logit_scale.detach().exp().item()
    bias = getattr(network, "logit_bias", None)
    return scale, estimate_cosine_range(scale, None if bias is None else bias.item())


def stack_images(
    prepared: Sequence[PreparedImage], device: torch.device, dtype: torch.dtype
) -> dict[str, torch.Tensor]:
    """Stack prepared images into one batch on the device.

    Integer tensors keep their dtype.
    """
    batch = {name: torch.stack([one[name] for one in prepared]) for name in prepared[0]}
    if device.type == "cuda":
        # Only a copy from pinned memory is asynchronous.
        batch = {name: values.pin_memory() for name, values in batch.items()}
    return {
        name: values.to(device, dtype if values.is_floating_point() else None, non_blocking=True)
        for name, values in batch.items()
    }


def unit_rows(rows: torch.Tensor) -> torch.Tensor:
    """Normalize rows to length one in fp32: half precision is not exact enough."""
    return torch.nn.functional.normalize(rows.float(), dim=-1)
