"""Dual encoder loader: a CLIP or SigLIP model by its name.

A model is one of:

- `ARCH/TAG`, an open_clip architecture and the tag of its weights (`ViT-B-32/laion2b_s34b_b79k`);
- a folder or a hub id with open_clip's own config (`open_clip_config.json`);
- a folder or a hub id of a transformers CLIP or SigLIP model.
"""

from __future__ import annotations

import torch

from ingest.encoders.checkpoint import OPEN_CLIP_CONFIG, InvalidCheckpoint, find_checkpoint
from ingest.encoders.dual_encoder import DualEncoder

FALLBACK = "conse"


def load_dual_encoder(model: str, device: torch.device, dtype: torch.dtype) -> DualEncoder:
    """Load a dual encoder by name onto a device; see the module.

    Raises:
        WeightsMissing, InvalidCheckpoint
    """
    from ingest.encoders.open_clip_model import (
        OpenClip,
        is_pretrained_tag,
        load_folder,
        load_tag,
    )
    from ingest.encoders.transformers_clip import TransformersClip

    arch, _, tag = model.partition("/")
    if arch and tag and is_pretrained_tag(arch, tag):
        return OpenClip(load_tag(arch, tag, FALLBACK), device, dtype)
    checkpoint = find_checkpoint(model, FALLBACK)
    if (checkpoint.folder / OPEN_CLIP_CONFIG).is_file():
        return OpenClip(load_folder(checkpoint), device, dtype)
    if checkpoint.read("config.json"):
        return TransformersClip(checkpoint, device, dtype)
    raise InvalidCheckpoint(
        f"{checkpoint.folder} holds neither {OPEN_CLIP_CONFIG} nor config.json.",
        hint="Give the folder that a CLIP model was saved to.",
    )
