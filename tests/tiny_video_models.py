"""Tiny VideoMAE and X-CLIP models with random weights, saved to a folder."""

from __future__ import annotations

from pathlib import Path

from tiny_clip import LENGTH, PIXELS, make_clip
from tiny_models import SIZES, calm

FRAMES = {"videomae": 16, "xclip": 8}


def make_videomae(folder: Path, *, pretraining: bool = False) -> Path:
    """VideoMAE as it is published: the network alone, or with the decoder of its training."""
    from transformers import (
        VideoMAEConfig,
        VideoMAEForPreTraining,
        VideoMAEImageProcessor,
        VideoMAEModel,
    )

    config = VideoMAEConfig(
        image_size=PIXELS,
        patch_size=8,
        num_frames=FRAMES["videomae"],
        use_mean_pooling=False,
        decoder_num_attention_heads=2,
        decoder_hidden_size=16,
        decoder_num_hidden_layers=1,
        decoder_intermediate_size=16,
        **SIZES,
    )
    network = VideoMAEForPreTraining(config) if pretraining else VideoMAEModel(config)
    calm(network).save_pretrained(folder)
    sides = {"height": PIXELS, "width": PIXELS}
    VideoMAEImageProcessor(size={"shortest_edge": PIXELS}, crop_size=sides).save_pretrained(folder)
    return folder


def make_xclip(folder: Path) -> Path:
    """X-CLIP with the tokenizer and the image processor of a tiny CLIP."""
    from transformers import CLIPTokenizer, XCLIPConfig, XCLIPModel

    make_clip(folder)
    tokenizer = CLIPTokenizer.from_pretrained(folder)
    mit = {
        "mit_hidden_size": 24,
        "mit_intermediate_size": 32,
        "mit_num_hidden_layers": 1,
        "mit_num_attention_heads": 2,
    }
    config = XCLIPConfig(
        text_config={
            "vocab_size": len(tokenizer),
            "max_position_embeddings": LENGTH,
            "bos_token_id": tokenizer.bos_token_id,
            "eos_token_id": tokenizer.eos_token_id,
            "pad_token_id": tokenizer.pad_token_id,
            **SIZES,
        },
        vision_config={
            "image_size": PIXELS,
            "patch_size": 8,
            "num_frames": FRAMES["xclip"],
            **SIZES,
            **mit,
        },
        projection_dim=24,
        prompt_layers=1,
        prompt_num_attention_heads=2,
    )
    calm(XCLIPModel(config)).save_pretrained(folder)
    return folder
