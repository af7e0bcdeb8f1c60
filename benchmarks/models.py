"""Models of real sizes with random weights, for speed.

The configs are the published ones of the backbones. The tokenizers are trained
here on a few sentences, which does not change the time a page takes.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import torch
from tokenizers import Tokenizer, models, pre_tokenizers, trainers
from transformers import PreTrainedTokenizerFast


def make_tokenizer(special: dict[str, str], more: list[str]) -> PreTrainedTokenizerFast:
    """A byte-level tokenizer with a model's special tokens."""
    inner = Tokenizer(models.BPE())
    inner.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    trainer = trainers.BpeTrainer(
        vocab_size=400,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        special_tokens=[*dict.fromkeys([*special.values(), *more])],
        show_progress=False,
    )
    inner.train_from_iterator(["describe the image", "a question about the page"], trainer)
    return PreTrainedTokenizerFast(
        tokenizer_object=inner, additional_special_tokens=more, **special
    )


def make_colpali(folder: Path, device: str, small: bool) -> str:
    """ColPali-3B: SigLIP-So400m/14 at 448 pixels and Gemma-2B, as PaliGemma-3B has them."""
    from colpali_engine.models import ColPali, ColPaliProcessor
    from transformers import GemmaConfig, PaliGemmaConfig, SiglipImageProcessor, SiglipVisionConfig

    side = 56 if small else 448
    special = {
        "bos_token": "<bos>",
        "eos_token": "<eos>",
        "pad_token": "<pad>",
        "unk_token": "<unk>",
    }
    tokenizer = make_tokenizer(special, ["<image>"])
    images = SiglipImageProcessor(size={"height": side, "width": side})
    images.image_seq_length = (side // 14) ** 2
    processor = ColPaliProcessor(image_processor=images, tokenizer=tokenizer)
    vision = {
        "hidden_size": 1152,
        "intermediate_size": 4304,
        "num_hidden_layers": 27,
        "num_attention_heads": 16,
    }
    text = {"hidden_size": 2048, "intermediate_size": 16384, "num_hidden_layers": 18, "num_attention_heads": 8,
            "num_key_value_heads": 1, "head_dim": 256, "vocab_size": 257_216}  # fmt: skip
    if small:
        vision, text = (
            _small(),
            {**_small(), "num_key_value_heads": 1, "head_dim": 16, "vocab_size": 2_000},
        )
    config = PaliGemmaConfig(
        vision_config=SiglipVisionConfig(
            image_size=side, patch_size=14, projection_dim=text["hidden_size"], **vision
        ),
        text_config=GemmaConfig(pad_token_id=tokenizer.pad_token_id, **text),
        image_token_index=processor.image_token_id,
        projection_dim=text["hidden_size"],
        hidden_size=text["hidden_size"],
    )
    return _save(ColPali, config, processor, folder, device)


def make_colqwen2_5(folder: Path, device: str, small: bool) -> str:
    """ColQwen2.5-3B at 768 visual tokens, as its published checkpoints are used."""
    from colpali_engine.models import ColQwen2_5, ColQwen2_5_Processor
    from transformers import Qwen2_5_VLConfig, Qwen2VLImageProcessor, Qwen2VLVideoProcessor

    more = [
        "<|im_start|>",
        "<|im_end|>",
        "<|vision_start|>",
        "<|vision_end|>",
        "<|image_pad|>",
        "<|video_pad|>",
    ]
    tokenizer = make_tokenizer({"eos_token": "<|endoftext|>", "pad_token": "<|endoftext|>"}, more)
    size = {"shortest_edge": 56 * 56, "longest_edge": (16 if small else 768) * 28 * 28}
    processor = ColQwen2_5_Processor(
        image_processor=Qwen2VLImageProcessor(size=size),
        tokenizer=tokenizer,
        video_processor=Qwen2VLVideoProcessor(size=size),
    )
    ids = {token: tokenizer.convert_tokens_to_ids(token) for token in more}
    text = {"hidden_size": 2048, "intermediate_size": 11008, "num_hidden_layers": 36, "num_attention_heads": 16,
            "num_key_value_heads": 2, "vocab_size": 151_936,
            "rope_parameters": {"rope_type": "default", "mrope_section": [16, 24, 24], "rope_theta": 1e6}}  # fmt: skip
    vision = {"depth": 32, "hidden_size": 1280, "intermediate_size": 3420, "num_heads": 16, "out_hidden_size": 2048,
              "fullatt_block_indexes": [7, 15, 23, 31]}  # fmt: skip
    if small:
        text = {**text, **_small(), "num_key_value_heads": 1, "vocab_size": 600,
                "rope_parameters": {"rope_type": "default", "mrope_section": [2, 3, 3], "rope_theta": 1e4}}  # fmt: skip
        vision = {"depth": 2, "hidden_size": 32, "intermediate_size": 64, "num_heads": 2, "out_hidden_size": 32,
                  "fullatt_block_indexes": [1]}  # fmt: skip
    config = Qwen2_5_VLConfig(
        text_config=text,
        vision_config=vision,
        image_token_id=ids["<|image_pad|>"],
        video_token_id=ids["<|video_pad|>"],
        vision_start_token_id=ids["<|vision_start|>"],
        vision_end_token_id=ids["<|vision_end|>"],
    )
    return _save(ColQwen2_5, config, processor, folder, device)


def make_colsmol(folder: Path, device: str, small: bool) -> str:
    """ColSmol-256M: SigLIP-base/16 at 512 pixels and SmolLM2-135M, tiles of 64 tokens."""
    from colpali_engine.models import ColIdefics3, ColIdefics3Processor
    from transformers import Idefics3Config, Idefics3ImageProcessor

    rows = [f"<row_{row}_col_{column}>" for row in range(1, 7) for column in range(1, 7)]
    more = ["<image>", "<fake_token_around_image>", "<global-img>", "<end_of_utterance>", *rows]
    special = {
        "bos_token": "<|im_start|>",
        "eos_token": "<eos>",
        "pad_token": "<pad>",
        "unk_token": "<unk>",
    }
    tokenizer = make_tokenizer(special, more)
    tile = 64 if small else 512
    processor = ColIdefics3Processor(
        image_processor=Idefics3ImageProcessor(
            size={"longest_edge": 3 * tile if small else 4 * tile},
            max_image_size={"longest_edge": tile},
        ),
        tokenizer=tokenizer,
        image_seq_len=4 if small else 64,
    )
    vision = {"image_size": 512, "patch_size": 16, "hidden_size": 768, "intermediate_size": 3072,
              "num_hidden_layers": 12, "num_attention_heads": 12}  # fmt: skip
    text = {"hidden_size": 576, "intermediate_size": 1536, "num_hidden_layers": 30, "num_attention_heads": 9,
            "num_key_value_heads": 3, "vocab_size": 49_280}  # fmt: skip
    if small:
        vision = {"image_size": 64, "patch_size": 16, **_small()}
        text = {**_small(), "num_key_value_heads": 1, "vocab_size": 600}
    config = Idefics3Config(
        vision_config=vision,
        text_config={"model_type": "llama", "pad_token_id": tokenizer.pad_token_id, **text},
        scale_factor=2 if small else 4,
        image_token_id=tokenizer.convert_tokens_to_ids("<image>"),
        pad_token_id=tokenizer.pad_token_id,
    )
    return _save(ColIdefics3, config, processor, folder, device)


def make_clip(folder: Path, device: str, small: bool) -> str:
    """CLIP ViT-L/14 as open_clip has it."""
    import open_clip
    from safetensors.torch import save_file

    config = open_clip.get_model_config("ViT-L-14")
    if small:
        config["embed_dim"] = 32
        config["vision_cfg"] = {"image_size": 64, "layers": 2, "width": 64, "patch_size": 16}
        config["text_cfg"].update(width=64, heads=2, layers=2)
    name = "pageglass-benchmark"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{name}.json").write_text(json.dumps(config))
    open_clip.add_model_config(folder / f"{name}.json")
    model = open_clip.create_model(name, device=device)
    (folder / f"{name}.json").unlink()
    save_file(model.state_dict(), folder / "open_clip_model.safetensors")
    (folder / "open_clip_config.json").write_text(
        json.dumps({"model_cfg": config, "preprocess_cfg": {}})
    )
    return f"clip:{folder}"


MAKERS = {
    "ColPali-3B": make_colpali,
    "ColQwen2.5-3B": make_colqwen2_5,
    "ColSmol-256M": make_colsmol,
    "CLIP ViT-L/14": make_clip,
}


def _small() -> dict[str, Any]:
    return {
        "hidden_size": 32,
        "intermediate_size": 64,
        "num_hidden_layers": 2,
        "num_attention_heads": 2,
    }


def _save(kind: Any, config: Any, processor: Any, folder: Path, device: str) -> str:
    """Random weights that stay finite through every layer, in the number format of published checkpoints."""
    before = torch.get_default_dtype()
    torch.set_default_dtype(torch.float32 if device == "cpu" else torch.bfloat16)
    try:
        with torch.device(device):
            model = kind(config)
    finally:
        torch.set_default_dtype(before)
    with torch.no_grad():
        for name, weight in model.named_parameters():
            if weight.ndim > 1:
                weight.normal_(0, 0.02)
            elif name.endswith("bias"):
                weight.zero_()
    model.save_pretrained(folder)
    processor.save_pretrained(folder)
    return f"colpali:{folder}"
