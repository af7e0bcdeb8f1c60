"""Tiny CLIP and SigLIP models with random weights, saved to a folder: open_clip's and transformers' classes."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import torch
from tiny_models import SIZES, TEXTS, calm, make_tokenizer
from tokenizers import Tokenizer, models, pre_tokenizers, processors, trainers
from transformers import PreTrainedTokenizerFast

LENGTH = 16
"""Tokens that a text tower reads."""
PIXELS = 32
SCALE = 100.0
BIAS = -10.0


def make_open_clip(folder: Path) -> Path:
    """A ViT and a text tower as OpenAI's: open_clip's own words, a softmax's scale."""
    config = {
        "embed_dim": 24,
        "vision_cfg": VISION,
        "text_cfg": {"context_length": LENGTH, "vocab_size": 49_408, **TEXT},
    }
    return _save_open_clip(folder, config)


def make_open_clip_siglip(folder: Path) -> Path:
    """As open_clip keeps SigLIP: a tokenizer of transformers' beside the weights, a sigmoid's bias."""
    tokenizer = make_ended_tokenizer()
    config = {
        "embed_dim": 24,
        "init_logit_bias": BIAS,
        "custom_text": True,
        "vision_cfg": VISION,
        "text_cfg": {
            "context_length": LENGTH,
            "vocab_size": len(tokenizer),
            "hf_tokenizer_name": "the/one-beside-the-weights",
            "tokenizer_kwargs": {"clean": "canonicalize"},
            "no_causal_mask": True,
            "pool_type": "last",
            **TEXT,
        },
    }
    tokenizer.save_pretrained(folder)
    return _save_open_clip(folder, config)


def make_clip(folder: Path) -> Path:
    """transformers' CLIP with words trained on the spot, its special tokens last as in OpenAI's."""
    from transformers import CLIPConfig, CLIPImageProcessor, CLIPModel, CLIPProcessor, CLIPTokenizer

    words, merges = _train_clip_words()
    ends = ("<|startoftext|>", "<|endoftext|>")
    vocabulary = {word: i for i, word in enumerate([*words, *ends])}
    tokenizer = CLIPTokenizer(vocab=vocabulary, merges=merges)
    size, crop = {"shortest_edge": PIXELS}, {"height": PIXELS, "width": PIXELS}
    processor = CLIPProcessor(CLIPImageProcessor(size=size, crop_size=crop), tokenizer)
    config = CLIPConfig(
        text_config={
            "vocab_size": len(tokenizer),
            "max_position_embeddings": LENGTH,
            "bos_token_id": tokenizer.bos_token_id,
            "eos_token_id": tokenizer.eos_token_id,
            "pad_token_id": tokenizer.pad_token_id,
            **SIZES,
        },
        vision_config={"image_size": PIXELS, "patch_size": 8, **SIZES},
        projection_dim=24,
    )
    return _save(folder, CLIPModel(config), processor)


def make_siglip(folder: Path) -> Path:
    """transformers' SigLIP; its padding is its end token, which is not 0."""
    from transformers import SiglipConfig, SiglipImageProcessor, SiglipModel, SiglipProcessor

    tokenizer = make_ended_tokenizer()
    images = SiglipImageProcessor(size={"height": PIXELS, "width": PIXELS})
    config = SiglipConfig(
        text_config={
            "vocab_size": len(tokenizer),
            "max_position_embeddings": LENGTH,
            "pad_token_id": tokenizer.pad_token_id,
            **SIZES,
        },
        vision_config={"image_size": PIXELS, "patch_size": 8, **SIZES},
    )
    return _save(folder, SiglipModel(config), SiglipProcessor(images, tokenizer))


def make_siglip2(folder: Path) -> Path:
    """transformers' SigLIP 2 of pictures as they are ("NaFlex"): up to 16 patches of 8 pixels, in the picture's own shape."""
    from transformers import Siglip2Config, Siglip2ImageProcessor, Siglip2Model, Siglip2Processor

    tokenizer = make_ended_tokenizer()
    images = Siglip2ImageProcessor(patch_size=8, max_num_patches=16)
    config = Siglip2Config(
        text_config={
            "vocab_size": len(tokenizer),
            "max_position_embeddings": LENGTH,
            "pad_token_id": tokenizer.pad_token_id,
            **SIZES,
        },
        vision_config={"num_patches": 16, "patch_size": 8, **SIZES},
    )
    return _save(folder, Siglip2Model(config), Siglip2Processor(images, tokenizer))


def make_ended_tokenizer() -> PreTrainedTokenizerFast:
    """A byte-level BPE tokenizer that ends a text with `</s>`, and pads with it too."""
    tokenizer = make_tokenizer({"unk_token": "<unk>", "eos_token": "</s>", "pad_token": "</s>"})
    end = ("</s>", tokenizer.eos_token_id)
    template = processors.TemplateProcessing("$A </s>", "$A </s> $B </s>", [end])
    tokenizer.backend_tokenizer.post_processor = template
    return tokenizer


VISION = {"image_size": PIXELS, "patch_size": 8, "layers": 2, "width": 32, "head_width": 16}
TEXT = {"layers": 2, "width": 32, "heads": 2}


def _save_open_clip(folder: Path, config: dict[str, Any]) -> Path:
    import open_clip
    from safetensors.torch import save_model

    kind = open_clip.CustomTextCLIP if config.get("custom_text") else open_clip.CLIP
    own = {name: value for name, value in config.items() if name != "custom_text"}
    whole = {"model_cfg": config, "preprocess_cfg": {"mean": [0.5] * 3, "std": [0.5] * 3}}
    save_model(_calm(kind(**own)), folder / "open_clip_model.safetensors")
    (folder / "open_clip_config.json").write_text(json.dumps(whole))
    return folder


def _save(folder: Path, model: Any, processor: Any) -> Path:
    _calm(model).save_pretrained(folder)
    processor.save_pretrained(folder)
    return folder


def _calm(model: Any) -> Any:
    """Calm weights, and a scale and a bias as training leaves them."""
    calm(model)
    with torch.no_grad():
        model.logit_scale.fill_(math.log(SCALE))
        if getattr(model, "logit_bias", None) is not None:
            model.logit_bias.fill_(BIAS)
    return model


def _train_clip_words() -> tuple[list[str], list[tuple[str, str]]]:
    """Bytes, bytes that end a word, and what was merged of them."""
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    inner = Tokenizer(models.BPE(end_of_word_suffix="</w>"))
    inner.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Whitespace(),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )
    trainer = trainers.BpeTrainer(
        vocab_size=500, end_of_word_suffix="</w>", initial_alphabet=alphabet, show_progress=False
    )
    inner.train_from_iterator(TEXTS, trainer)
    trained = json.loads(inner.to_str())["model"]
    words = [*alphabet, *(f"{byte}</w>" for byte in alphabet), *trained["vocab"]]
    return list(dict.fromkeys(words)), [tuple(pair) for pair in trained["merges"]]
