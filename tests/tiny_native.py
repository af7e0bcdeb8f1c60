"""Tiny models of transformers' own retrieval classes (`-hf` checkpoints), random weights."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tiny_models import (
    QWEN_ENDS,
    QWEN_TOKENS,
    SIZES,
    calm,
    make_paligemma_config,
    make_paligemma_processor,
    make_tokenizer,
    qwen_options,
)

DIM = 24
"""Not the 128 of colpali-engine, which has it fixed."""


def _save(folder: Path, network: Any, processor: Any) -> Path:
    calm(network).save_pretrained(folder)
    processor.save_pretrained(folder)
    return folder


def make_native_colpali(folder: Path) -> Path:
    """PaliGemma with 4 x 4 patches."""
    from transformers import ColPaliConfig, ColPaliForRetrieval, ColPaliProcessor

    processor = make_paligemma_processor(ColPaliProcessor)
    config = ColPaliConfig(vlm_config=make_paligemma_config(processor), embedding_dim=DIM)
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

    tokenizer = make_tokenizer(QWEN_ENDS, QWEN_TOKENS)
    tokenizer.padding_side = "left"
    size = {"shortest_edge": 56 * 56, "longest_edge": 280 * 280}
    processor = ColQwen2Processor(Qwen2VLImageProcessor(size=size), tokenizer)
    vlm = Qwen2VLConfig(
        vision_config={"depth": 2, "embed_dim": 32, "num_heads": 2, "hidden_size": 32},
        **qwen_options(tokenizer),
    )
    config = ColQwen2Config(vlm_config=vlm, embedding_dim=dim)
    return _save(folder, ColQwen2ForRetrieval(config), processor)


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
