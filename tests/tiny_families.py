"""Tiny models of further families of vision-language models, in their published layouts."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tiny_models import (
    SIZES,
    calm,
    make_paligemma_config,
    make_paligemma_processor,
    make_tokenizer,
)
from tiny_vlms import (
    CHAT,
    CHATML,
    LLAMA,
    NAMED,
    SMALL,
    make_bert_like,
    make_blip,
    make_blip2,
    make_blip_vqa,
    make_idefics3,
    make_instructblip,
    make_llava,
    make_llava_next,
    make_qwen2_5_vl,
    save,
)

QWEN_ENDS = {"eos_token": "<|endoftext|>", "pad_token": "<|endoftext|>"}
VISION = ["<|vision_start|>", "<|vision_end|>", "<|image_pad|>", "<|video_pad|>"]
ROPE = {"rope_type": "default", "mrope_section": [2, 3, 3], "rope_theta": 10_000.0}
SIGLIP = {"model_type": "siglip_vision_model", "image_size": 56, "patch_size": 14, **SIZES}
QWEN_TEMPLATE = CHATML.replace("IMAGE", "<|vision_start|><|image_pad|><|vision_end|>")


def _qwen_ids(tokenizer: Any) -> dict[str, int]:
    start, end, image, video = map(tokenizer.convert_tokens_to_ids, VISION)
    return {
        "image_token_id": image,
        "video_token_id": video,
        "vision_start_token_id": start,
        "vision_end_token_id": end,
    }


def _qwen_text(tokenizer: Any) -> dict[str, Any]:
    return {
        "vocab_size": len(tokenizer),
        "num_key_value_heads": 1,
        "max_position_embeddings": 8192,
        "rope_parameters": ROPE,
        **SIZES,
    }


def make_qwen2_vl(folder: Path) -> Path:
    from transformers import (
        Qwen2VLConfig,
        Qwen2VLForConditionalGeneration,
        Qwen2VLImageProcessor,
        Qwen2VLProcessor,
        Qwen2VLVideoProcessor,
    )

    tokenizer = make_tokenizer(QWEN_ENDS, [*CHAT, *VISION])
    size = {"shortest_edge": 56 * 56, "longest_edge": 112 * 112}
    processor = Qwen2VLProcessor(
        image_processor=Qwen2VLImageProcessor(size=size),
        tokenizer=tokenizer,
        video_processor=Qwen2VLVideoProcessor(size=size),
        chat_template=QWEN_TEMPLATE,
    )
    config = Qwen2VLConfig(
        text_config=_qwen_text(tokenizer),
        vision_config={"depth": 2, "embed_dim": 32, "hidden_size": 32, "num_heads": 2},
        **_qwen_ids(tokenizer),
    )
    return save(Qwen2VLForConditionalGeneration(config), processor, folder)


def make_qwen3_vl(folder: Path) -> Path:
    from transformers import (
        Qwen2VLImageProcessor,
        Qwen3VLConfig,
        Qwen3VLForConditionalGeneration,
        Qwen3VLProcessor,
        Qwen3VLVideoProcessor,
    )

    tokenizer = make_tokenizer(QWEN_ENDS, [*CHAT, *VISION])
    size = {"shortest_edge": 64 * 64, "longest_edge": 128 * 128}
    processor = Qwen3VLProcessor(
        image_processor=Qwen2VLImageProcessor(size=size, patch_size=16),
        tokenizer=tokenizer,
        video_processor=Qwen3VLVideoProcessor(size=size, patch_size=16),
        chat_template=QWEN_TEMPLATE,
    )
    config = Qwen3VLConfig(
        text_config={**_qwen_text(tokenizer), "head_dim": 16},
        vision_config={
            "depth": 2,
            "hidden_size": 32,
            "intermediate_size": 64,
            "num_heads": 2,
            "out_hidden_size": 32,
            "num_position_embeddings": 64,
            "deepstack_visual_indexes": [0],
        },
        **_qwen_ids(tokenizer),
    )
    return save(Qwen3VLForConditionalGeneration(config), processor, folder)


def make_smolvlm(folder: Path) -> Path:
    from transformers import (
        SmolVLMConfig,
        SmolVLMForConditionalGeneration,
        SmolVLMImageProcessor,
        SmolVLMProcessor,
        SmolVLMVideoProcessor,
    )

    rows = [f"<row_{row}_col_{column}>" for row in range(1, 7) for column in range(1, 7)]
    more = ["<image>", "<fake_token_around_image>", "<global-img>", "<end_of_utterance>"]
    tokenizer = make_tokenizer(NAMED, [*CHAT, *more, *rows])
    sizes: dict[str, Any] = {
        "size": {"longest_edge": 128},
        "max_image_size": {"longest_edge": 64},
    }
    processor = SmolVLMProcessor(
        image_processor=SmolVLMImageProcessor(**sizes),
        tokenizer=tokenizer,
        video_processor=SmolVLMVideoProcessor(
            **sizes, video_sampling={"fps": 1, "max_frames": 4, "video_size": {"longest_edge": 64}}
        ),
        image_seq_len=4,
        chat_template=CHATML.replace("IMAGE", "<image>"),
    )
    config = SmolVLMConfig(
        vision_config={"image_size": 64, "patch_size": 16, **SIZES},
        text_config={"vocab_size": len(tokenizer), **LLAMA, "pad_token_id": tokenizer.pad_token_id},
        scale_factor=2,
        image_token_id=tokenizer.convert_tokens_to_ids("<image>"),
        pad_token_id=tokenizer.pad_token_id,
    )
    return save(SmolVLMForConditionalGeneration(config), processor, folder)


def make_llava_onevision(folder: Path) -> Path:
    from transformers import (
        LlavaOnevisionConfig,
        LlavaOnevisionForConditionalGeneration,
        LlavaOnevisionImageProcessor,
        LlavaOnevisionProcessor,
        LlavaOnevisionVideoProcessor,
    )

    tokenizer = make_tokenizer(NAMED, [*CHAT, "<image>", "<video>"])
    grid = [[56, 112], [112, 56], [112, 112]]
    processor = LlavaOnevisionProcessor(
        image_processor=LlavaOnevisionImageProcessor(size=SMALL, image_grid_pinpoints=grid),
        tokenizer=tokenizer,
        video_processor=LlavaOnevisionVideoProcessor(size=SMALL),
        num_image_tokens=16,
        vision_feature_select_strategy="full",
        chat_template=CHATML.replace("IMAGE", "<image>\n"),
    )
    config = LlavaOnevisionConfig(
        vision_config={**SIGLIP, "vision_use_head": False},
        text_config={"vocab_size": len(tokenizer), **LLAMA, "model_type": "qwen2"},
        image_token_index=tokenizer.convert_tokens_to_ids("<image>"),
        video_token_index=tokenizer.convert_tokens_to_ids("<video>"),
        image_grid_pinpoints=grid,
        vision_feature_layer=-1,
    )
    return save(LlavaOnevisionForConditionalGeneration(config), processor, folder)


def make_internvl(folder: Path) -> Path:
    from transformers import (
        GotOcr2ImageProcessor,
        InternVLConfig,
        InternVLForConditionalGeneration,
        InternVLProcessor,
        InternVLVideoProcessor,
    )

    marks = {
        "start_image_token": "<img>",
        "end_image_token": "</img>",
        "context_image_token": "<IMG_CONTEXT>",
        "video_token": "<video>",
    }
    tokenizer = make_tokenizer({**NAMED, **marks}, CHAT)
    processor = InternVLProcessor(
        image_processor=GotOcr2ImageProcessor(size=SMALL, crop_to_patches=False),
        tokenizer=tokenizer,
        video_processor=InternVLVideoProcessor(size=SMALL),
        image_seq_length=4,
        chat_template=CHATML.replace("IMAGE", "<IMG_CONTEXT>\n"),
    )
    config = InternVLConfig(
        vision_config={"image_size": [56, 56], "patch_size": [14, 14], **SIZES},
        text_config={"vocab_size": len(tokenizer), **LLAMA, "model_type": "qwen2"},
        image_token_id=tokenizer.convert_tokens_to_ids("<IMG_CONTEXT>"),
        image_seq_length=4,
    )
    return save(InternVLForConditionalGeneration(config), processor, folder)


def make_gemma3(folder: Path) -> Path:
    from transformers import (
        Gemma3Config,
        Gemma3ForConditionalGeneration,
        Gemma3ImageProcessor,
        Gemma3Processor,
    )

    marks = {
        "boi_token": "<start_of_image>",
        "eoi_token": "<end_of_image>",
        "image_token": "<image_soft_token>",
    }
    tokenizer = make_tokenizer({**NAMED, **marks}, CHAT)
    processor = Gemma3Processor(
        image_processor=Gemma3ImageProcessor(size=SMALL),
        tokenizer=tokenizer,
        image_seq_length=4,
        chat_template=CHATML.replace("IMAGE", "<start_of_image>"),
    )
    config = Gemma3Config(
        vision_config=SIGLIP,
        text_config={
            "vocab_size": len(tokenizer),
            "num_key_value_heads": 1,
            "head_dim": 16,
            "max_position_embeddings": 8192,
            "sliding_window": 64,
            "pad_token_id": tokenizer.pad_token_id,
            **SIZES,
        },
        mm_tokens_per_image=4,
        boi_token_index=tokenizer.boi_token_id,
        eoi_token_index=tokenizer.eoi_token_id,
        image_token_index=tokenizer.image_token_id,
    )
    return save(Gemma3ForConditionalGeneration(config), processor, folder)


def _pixtral(merge: int) -> tuple[Any, Any]:
    """Tokenizer and processor of Pixtral and Mistral 3."""
    from transformers import PixtralImageProcessor, PixtralProcessor

    tokenizer = make_tokenizer(NAMED, [*CHAT, "[IMG]", "[IMG_BREAK]", "[IMG_END]"])
    images = PixtralImageProcessor(size={"longest_edge": 112}, patch_size=14 * merge)
    processor = PixtralProcessor(
        image_processor=images,
        tokenizer=tokenizer,
        patch_size=14,
        spatial_merge_size=merge,
        chat_template=CHATML.replace("IMAGE", "[IMG]"),
    )
    return tokenizer, processor


PIXTRAL = {"model_type": "pixtral", "image_size": 112, "patch_size": 14, "head_dim": 16, **SIZES}


def make_pixtral(folder: Path) -> Path:
    """Pixtral in the layout of mistral-community/pixtral-12b: a LLaVA."""
    from transformers import LlavaConfig, LlavaForConditionalGeneration

    tokenizer, processor = _pixtral(1)
    config = LlavaConfig(
        vision_config=PIXTRAL,
        text_config={"vocab_size": len(tokenizer), **LLAMA, "model_type": "mistral"},
        image_token_index=tokenizer.convert_tokens_to_ids("[IMG]"),
        vision_feature_layer=-1,
        vision_feature_select_strategy="full",
    )
    return save(LlavaForConditionalGeneration(config), processor, folder)


def make_mistral3(folder: Path) -> Path:
    from transformers import Mistral3Config, Mistral3ForConditionalGeneration

    tokenizer, processor = _pixtral(2)
    config = Mistral3Config(
        vision_config=PIXTRAL,
        text_config={"vocab_size": len(tokenizer), **LLAMA, "model_type": "mistral"},
        image_token_index=tokenizer.convert_tokens_to_ids("[IMG]"),
        spatial_merge_size=2,
        vision_feature_layer=-1,
    )
    return save(Mistral3ForConditionalGeneration(config), processor, folder)


def make_git(folder: Path) -> Path:
    from transformers import CLIPImageProcessor, GitConfig, GitForCausalLM, GitProcessor

    tokenizer = make_bert_like()
    config = GitConfig(
        vision_config={"image_size": 56, "patch_size": 14, **SIZES},
        vocab_size=len(tokenizer),
        bos_token_id=tokenizer.cls_token_id,
        eos_token_id=tokenizer.sep_token_id,
        pad_token_id=tokenizer.pad_token_id,
        **SIZES,
    )
    images = CLIPImageProcessor(size={"shortest_edge": 56}, crop_size=SMALL)
    return save(GitForCausalLM(config), GitProcessor(images, tokenizer), folder)


def make_paligemma(folder: Path) -> Path:
    from transformers import PaliGemmaForConditionalGeneration, PaliGemmaProcessor

    processor = make_paligemma_processor(PaliGemmaProcessor)
    network = PaliGemmaForConditionalGeneration(make_paligemma_config(processor))
    return save(calm(network), processor, folder)


ANSWERING = {
    "qwen2_vl": make_qwen2_vl,
    "qwen2_5_vl": make_qwen2_5_vl,
    "qwen3_vl": make_qwen3_vl,
    "smolvlm": make_smolvlm,
    "idefics3": make_idefics3,
    "llava": make_llava,
    "llava_next": make_llava_next,
    "llava_onevision": make_llava_onevision,
    "pixtral": make_pixtral,
    "mistral3": make_mistral3,
    "internvl": make_internvl,
    "gemma3": make_gemma3,
    "blip-2": make_blip2,
    "instructblip": make_instructblip,
    "blip-vqa": make_blip_vqa,
}
CAPTIONING = {"blip": make_blip, "git": make_git, "paligemma": make_paligemma}
