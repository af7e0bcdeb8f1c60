"""Tiny models of colpali-engine's classes on the backbones of tiny vision-language models."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from tiny_families import make_gemma3, make_qwen2_vl, make_qwen3_vl
from tiny_models import calm


def make_engine(name: str, make_backbone: Callable[[Path], Path], folder: Path) -> Path:
    """The class `name` with the config, the tokenizer and the images of a backbone."""
    from colpali_engine import models
    from transformers import AutoConfig

    config = AutoConfig.from_pretrained(make_backbone(folder))
    calm(getattr(models, name)(config)).save_pretrained(folder)
    return folder


BACKBONES = {"ColQwen2": make_qwen2_vl, "ColQwen3": make_qwen3_vl, "ColGemma3": make_gemma3}
