"""Rotary positions of patches for transformers' own ColQwen2."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch


def add_positions(network: Any, batch: Mapping[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """Add `position_ids` (3, pages, tokens) to a batch of pages.

    Its forward embeds the tokens itself and gives none of them to the backbone, which
    then numbers patches one by one. The model was trained with a time, row and column
    for each (M-RoPE, Wang et al. 2024, arXiv:2409.12191).
    """
    images = (batch["input_ids"] == network.config.vlm_config.image_token_id).int()
    positions, _ = network.vlm.get_rope_index(
        batch["input_ids"],
        mm_token_type_ids=images,
        image_grid_thw=batch["image_grid_thw"],
        attention_mask=batch["attention_mask"],
    )
    return {**batch, "position_ids": positions}
