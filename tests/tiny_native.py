"""Tiny models of transformers' own retrieval classes (`-hf` checkpoints), random weights."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tiny_models import SIZES, calm, make_tokenizer

DIM = 24
"""Not the 128 of colpali-engine, which has it fixed."""


def _save(folder: Path, network: Any, processor: Any) -> Path:
    calm(network).save_pretrained(folder)
    processor.save_pretrained(folder)
    return folder


def make_native_colpali(folder: Path) -> Path:
    """PaliGemma with 4 x 4 patches."""
    from transformers import (
        ColPaliConfig,
        ColPaliForRetrieval,
        ColPaliProcessor,
        GemmaConfig,
        PaliGemmaConfig,
        SiglipImageProcessor,
        SiglipVisionConfig,
    )

    special = {
        "bos_token": "<bos>",
        "eos_token": "<eos>",
        "pad_token": "<pad>",
        "unk_token": "<unk>",
    }
    tokenizer = make_tokenizer(special, ["<image>"])
    images = SiglipImageProcessor(size={"height": 56, "width": 56})
    images.image_seq_length = 16
    processor = ColPaliProcessor(image_processor=images, tokenizer=tokenizer)
    vlm = PaliGemmaConfig(
        vision_config=SiglipVisionConfig(image_size=56, patch_size=14, projection_dim=32, **SIZES),
        text_config=GemmaConfig(
            vocab_size=len(tokenizer),
            num_key_value_heads=1,
            head_dim=16,
            pad_token_id=tokenizer.pad_token_id,
            **SIZES,
        ),
        image_token_index=processor.image_token_id,
        projection_dim=32,
        hidden_size=32,
    )
    config = ColPaliConfig(vlm_config=vlm, embedding_dim=DIM)
    return _save(folder, ColPaliForRetrieval(config), processor)


def make_native_colqwen2(folder: Path, dim: int = DIM) -> Path:
    """Qwen2-VL with patches of 14 pixels, merged two by two, as many as the page has."""
    from transformers import (
        ColQwen2Config,
        ColQwen2ForRetrieval,
        ColQwen2Processor,
        Qwen2VLConfig,
        Qwen2VLImageProcessor,
    )

    more = [
        "<|im_start|>",
        "<|im_end|>",
        "<|vision_start|>",
        "<|vision_end|>",
        "<|image_pad|>",
        "<|video_pad|>",
    ]
    special = {"eos_token": "<|endoftext|>", "pad_token": "<|endoftext|>"}
    tokenizer = make_tokenizer(special, more)
    tokenizer.padding_side = "left"
    size = {"shortest_edge": 56 * 56, "longest_edge": 280 * 280}
    processor = ColQwen2Processor(Qwen2VLImageProcessor(size=size), tokenizer)
    ids = {token: tokenizer.convert_tokens_to_ids(token) for token in more}
    vlm = Qwen2VLConfig(
        text_config={
            "vocab_size": len(tokenizer),
            "num_key_value_heads": 1,
            "rope_parameters": {
                "rope_type": "default",
                "mrope_section": [2, 3, 3],
                "rope_theta": 10_000.0,
            },
            **SIZES,
        },
        vision_config={"depth": 2, "embed_dim": 32, "num_heads": 2, "hidden_size": 32},
        image_token_id=ids["<|image_pad|>"],
        video_token_id=ids["<|video_pad|>"],
        vision_start_token_id=ids["<|vision_start|>"],
        vision_end_token_id=ids["<|vision_end|>"],
    )
    return _save(
        folder, ColQwen2ForRetrieval(ColQwen2Config(vlm_config=vlm, embedding_dim=dim)), processor
    )


def make_native_colmodernvbert(folder: Path) -> Path:
    """ModernVBERT: tiles of 64 pixels with 2 x 2 tokens each, then the whole page once more."""
    from transformers import (
        ColModernVBertConfig,
        ColModernVBertForRetrieval,
        ColModernVBertProcessor,
        Idefics3ImageProcessor,
        ModernVBertConfig,
    )

    rows = [f"<row_{row}_col_{column}>" for row in range(1, 7) for column in range(1, 7)]
    more = [
        "<image>",
        "<fake_token_around_image>",
        "<global-img>",
        "<end_of_utterance>",
        "<|begin_of_text|>",
        *rows,
    ]
    special = {
        "cls_token": "[CLS]",
        "sep_token": "[SEP]",
        "pad_token": "[PAD]",
        "unk_token": "[UNK]",
    }
    tokenizer = make_tokenizer(special, more)
    processor = ColModernVBertProcessor(
        Idefics3ImageProcessor(size={"longest_edge": 192}, max_image_size={"longest_edge": 64}),
        tokenizer,
        image_seq_len=4,
    )
    marks = {f"{kind}_token_id": 1 for kind in ("cls", "sep", "bos", "eos")}
    vlm = ModernVBertConfig(
        text_config={
            "model_type": "modernbert",
            "vocab_size": len(tokenizer),
            "pad_token_id": tokenizer.pad_token_id,
            **marks,
            **SIZES,
        },
        vision_config={
            "model_type": "siglip_vision_model",
            "image_size": 64,
            "patch_size": 16,
            **SIZES,
        },
        pixel_shuffle_factor=2,
        image_token_id=tokenizer.convert_tokens_to_ids("<image>"),
    )
    return _save(
        folder,
        ColModernVBertForRetrieval(ColModernVBertConfig(vlm_config=vlm, embedding_dim=DIM)),
        processor,
    )
