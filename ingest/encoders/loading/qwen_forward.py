"""Forward of ColQwen models without a wait for the GPU at each page.

Their own forwards read the number of a page's patches, and the runs of its image tokens,
from the device: a synchronization each. Both are known on the host.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch


def add_positions(network: Any, batch: Mapping[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """Add `position_ids` (3, pages, tokens) to a batch of pages on the host.

    Patches have a time, row and column each (M-RoPE, Wang et al. 2024, arXiv:2409.12191).
    The forward of transformers' own ColQwen2 embeds the tokens itself and gives none of
    them to the backbone, which would number patches one by one.
    """
    backbone = getattr(network, "vlm", network)
    images = (batch["input_ids"] == backbone.config.image_token_id).int()
    positions, _ = backbone.get_rope_index(
        batch["input_ids"],
        mm_token_type_ids=images,
        image_grid_thw=batch["image_grid_thw"],
        attention_mask=batch["attention_mask"],
    )
    return {**batch, "position_ids": positions}


def remove_padding(batch: Mapping[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """Remove padding on the host: patches (pages, patches, dim) to (patches, dim)."""
    counts = batch["image_grid_thw"].prod(-1).tolist()
    pages = zip(batch["pixel_values"], counts, strict=True)
    return {**batch, "pixel_values": torch.cat([patches[:count] for patches, count in pages])}


def project(network: Any, batch: Mapping[str, torch.Tensor]) -> torch.Tensor:
    """Rows (pages, tokens, dim) of colpali-engine's ColQwen models, zeros for padding.

    As its forward, which removes the padding of patches that are on the device.
    """
    hidden = super(type(network), network).forward(**batch, use_cache=False).last_hidden_state
    rows: torch.Tensor = network.custom_text_proj(hidden)
    return rows * batch["attention_mask"].unsqueeze(-1)
