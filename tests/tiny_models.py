"""Tiny models of the real classes with random weights, saved to a folder."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from tokenizers import Tokenizer, models, pre_tokenizers, trainers
from transformers import PreTrainedTokenizerFast

TEXTS = [
    "the lighthouse keeper climbed two hundred and twelve steps to the lamp",
    "which lighthouse has a red lantern lit every evening at six",
    "describe the image question answer user assistant query photo of a red blue green circle square",
]
SIZES = {
    "hidden_size": 32,
    "intermediate_size": 64,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
}


QWEN_ENDS = {"eos_token": "<|endoftext|>", "pad_token": "<|endoftext|>"}
QWEN_TOKENS = [
    "<|im_start|>",
    "<|im_end|>",
    "<|vision_start|>",
    "<|vision_end|>",
    "<|image_pad|>",
    "<|video_pad|>",
]


def qwen_options(tokenizer: Any) -> dict[str, Any]:
    """Options of a Qwen-VL config: its text model and the ids of its tokens."""
    _, _, start, end, image, video = map(tokenizer.convert_tokens_to_ids, QWEN_TOKENS)
    return {
        "text_config": {
            "vocab_size": len(tokenizer),
            "num_key_value_heads": 1,
            "rope_parameters": {
                "rope_type": "default",
                "mrope_section": [2, 3, 3],
                "rope_theta": 10_000.0,
            },
            **SIZES,
        },
        "image_token_id": image,
        "video_token_id": video,
        "vision_start_token_id": start,
        "vision_end_token_id": end,
    }


def make_tokenizer(special: dict[str, Any], more: list[str] = ()) -> PreTrainedTokenizerFast:
    """A byte-level BPE tokenizer trained on a few sentences, with a model's special tokens."""
    inner = Tokenizer(models.BPE())
    inner.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    named = [token for token in special.values() if isinstance(token, str)]
    trainer = trainers.BpeTrainer(
        vocab_size=400,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        special_tokens=[*dict.fromkeys([*named, *more])],
        show_progress=False,
    )
    inner.train_from_iterator(TEXTS, trainer)
    from tokenizers.decoders import ByteLevel

    inner.decoder = ByteLevel()
    return PreTrainedTokenizerFast(
        tokenizer_object=inner, additional_special_tokens=list(more), **special
    )


def calm(model: torch.nn.Module) -> torch.nn.Module:
    """Weights small enough that nothing overflows, whatever the class's own initialisation leaves out."""
    torch.manual_seed(7)
    with torch.no_grad():
        for name, weight in model.named_parameters():
            if weight.ndim > 1:
                weight.normal_(0, 0.15)
            elif name.endswith("bias"):
                weight.zero_()
    return model.eval()


def make_colpali(folder: Path) -> Path:
    """PaliGemma with 4 x 4 patches."""
    from colpali_engine.models import ColPali, ColPaliProcessor

    processor = make_paligemma_processor(ColPaliProcessor)
    calm(ColPali(make_paligemma_config(processor))).save_pretrained(folder)
    processor.save_pretrained(folder)
    return folder


def make_paligemma_processor(kind: Any) -> Any:
    """A processor of this class for 4 x 4 patches."""
    from transformers import SiglipImageProcessor

    tokenizer = make_tokenizer(
        {"bos_token": "<bos>", "eos_token": "<eos>", "pad_token": "<pad>", "unk_token": "<unk>"},
        ["<image>"],
    )
    images = SiglipImageProcessor(size={"height": 56, "width": 56})
    images.image_seq_length = 16
    return kind(image_processor=images, tokenizer=tokenizer)


def make_paligemma_config(processor: Any) -> Any:
    """A config of PaliGemma for the tokens of a processor."""
    from transformers import GemmaConfig, PaliGemmaConfig, SiglipVisionConfig

    tokenizer = processor.tokenizer
    return PaliGemmaConfig(
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


def make_colqwen2_5(folder: Path) -> Path:
    """Qwen2.5-VL with patches of 14 pixels, merged two by two, as many as the page has."""
    from colpali_engine.models import ColQwen2_5, ColQwen2_5_Processor
    from transformers import Qwen2_5_VLConfig, Qwen2VLImageProcessor, Qwen2VLVideoProcessor

    tokenizer = make_tokenizer(QWEN_ENDS, QWEN_TOKENS)
    size = {"shortest_edge": 56 * 56, "longest_edge": 280 * 280}
    processor = ColQwen2_5_Processor(
        image_processor=Qwen2VLImageProcessor(size=size),
        tokenizer=tokenizer,
        video_processor=Qwen2VLVideoProcessor(size=size),
    )
    config = Qwen2_5_VLConfig(
        vision_config={
            "depth": 2,
            "hidden_size": 32,
            "intermediate_size": 64,
            "num_heads": 2,
            "out_hidden_size": 32,
            "fullatt_block_indexes": [1],
        },
        **qwen_options(tokenizer),
    )
    calm(ColQwen2_5(config)).save_pretrained(folder)
    processor.save_pretrained(folder)
    return folder


def make_colidefics3(folder: Path) -> Path:
    """Idefics3: tiles of 64 pixels with 2 x 2 tokens each, then the whole page once more."""
    from colpali_engine.models import ColIdefics3, ColIdefics3Processor
    from transformers import Idefics3Config, Idefics3ImageProcessor

    rows = [f"<row_{row}_col_{column}>" for row in range(1, 7) for column in range(1, 7)]
    more = [
        "<image>",
        "<fake_token_around_image>",
        "<global-img>",
        "<end_of_utterance>",
        "<|im_start|>",
        *rows,
    ]
    tokenizer = make_tokenizer(
        {
            "bos_token": "<|im_start|>",
            "eos_token": "<eos>",
            "pad_token": "<pad>",
            "unk_token": "<unk>",
        },
        more,
    )
    processor = ColIdefics3Processor(
        image_processor=Idefics3ImageProcessor(
            size={"longest_edge": 192}, max_image_size={"longest_edge": 64}
        ),
        tokenizer=tokenizer,
        image_seq_len=4,
    )
    config = Idefics3Config(
        vision_config={"image_size": 64, "patch_size": 16, **SIZES},
        text_config={
            "model_type": "llama",
            "vocab_size": len(tokenizer),
            "num_key_value_heads": 1,
            "pad_token_id": tokenizer.pad_token_id,
            **SIZES,
        },
        scale_factor=2,
        image_token_id=tokenizer.convert_tokens_to_ids("<image>"),
        pad_token_id=tokenizer.pad_token_id,
    )
    calm(ColIdefics3(config)).save_pretrained(folder)
    processor.save_pretrained(folder)
    return folder
