"""Tiny vision-language models of the real classes with random weights."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tiny_models import SIZES, calm, make_tokenizer

CHATML = (
    "{% for m in messages %}<|im_start|>{{ m['role'] }}\n"
    "{% for p in m['content'] %}{% if p['type'] == 'image' %}IMAGE{% else %}{{ p['text'] }}{% endif %}{% endfor %}"
    "<|im_end|>\n{% endfor %}{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)
VIDEO = "{% elif p['type'] == 'video' %}<|vision_start|><|video_pad|><|vision_end|>{% else %}"
CHAT = ["<|im_start|>", "<|im_end|>"]
NAMED = {"eos_token": "<eos>", "pad_token": "<pad>", "unk_token": "<unk>", "bos_token": "<bos>"}
LLAMA = {"model_type": "llama", "num_key_value_heads": 1, "max_position_embeddings": 8192, **SIZES}
CLIP = {"model_type": "clip_vision_model", "image_size": 56, "patch_size": 14, **SIZES}
SMALL = {"height": 56, "width": 56}


def save(network: Any, processor: Any, folder: Path) -> Path:
    calm(network).save_pretrained(folder)
    processor.save_pretrained(folder)
    return folder


def make_qwen2_5_vl(folder: Path, template: str = CHATML, more: tuple[str, ...] = ()) -> Path:
    from transformers import (
        Qwen2_5_VLConfig,
        Qwen2_5_VLForConditionalGeneration,
        Qwen2_5_VLProcessor,
        Qwen2VLImageProcessor,
        Qwen2VLVideoProcessor,
    )

    vision = ["<|vision_start|>", "<|vision_end|>", "<|image_pad|>", "<|video_pad|>"]
    tokenizer = make_tokenizer(
        {"eos_token": "<|endoftext|>", "pad_token": "<|endoftext|>"}, [*CHAT, *vision, *more]
    )
    size = {"shortest_edge": 56 * 56, "longest_edge": 112 * 112}
    processor = Qwen2_5_VLProcessor(
        image_processor=Qwen2VLImageProcessor(size=size),
        tokenizer=tokenizer,
        video_processor=Qwen2VLVideoProcessor(size=size),
        chat_template=template.replace(
            "IMAGE", "<|vision_start|><|image_pad|><|vision_end|>"
        ).replace("{% else %}", VIDEO),
    )
    start, end, image, video = map(tokenizer.convert_tokens_to_ids, vision)
    config = Qwen2_5_VLConfig(
        text_config={
            "vocab_size": len(tokenizer),
            "num_key_value_heads": 1,
            "max_position_embeddings": 8192,
            "rope_parameters": {
                "rope_type": "default",
                "mrope_section": [2, 3, 3],
                "rope_theta": 10_000.0,
            },
            **SIZES,
        },
        vision_config={
            "depth": 2,
            "hidden_size": 32,
            "intermediate_size": 64,
            "num_heads": 2,
            "out_hidden_size": 32,
            "fullatt_block_indexes": [1],
        },
        image_token_id=image,
        video_token_id=video,
        vision_start_token_id=start,
        vision_end_token_id=end,
    )
    return save(Qwen2_5_VLForConditionalGeneration(config), processor, folder)


def make_thinking(folder: Path) -> Path:
    """Qwen3-VL-Thinking's way: special think tags, the first of them written by the template."""
    template = CHATML.replace("assistant\n{% endif %}", "assistant\n<think>\n{% endif %}")
    return make_qwen2_5_vl(folder, template, ("<think>", "</think>"))


def make_llava_next(folder: Path) -> Path:
    from transformers import (
        LlavaNextConfig,
        LlavaNextForConditionalGeneration,
        LlavaNextImageProcessor,
        LlavaNextProcessor,
    )

    tokenizer = make_tokenizer(NAMED, [*CHAT, "<image>"])
    grid = [[56, 112], [112, 56], [112, 112]]
    processor = LlavaNextProcessor(
        image_processor=LlavaNextImageProcessor(
            size={"shortest_edge": 56}, crop_size=SMALL, image_grid_pinpoints=grid
        ),
        tokenizer=tokenizer,
        patch_size=14,
        vision_feature_select_strategy="default",
        num_additional_image_tokens=1,
        chat_template=CHATML.replace("IMAGE", "<image>\n"),
    )
    config = LlavaNextConfig(
        vision_config=CLIP,
        text_config={"vocab_size": len(tokenizer), **LLAMA},
        image_token_index=tokenizer.convert_tokens_to_ids("<image>"),
        image_grid_pinpoints=grid,
        vision_feature_layer=-1,
    )
    return save(LlavaNextForConditionalGeneration(config), processor, folder)


def make_llava(folder: Path, context: int = 1_500) -> Path:
    """LLaVA-1.5's layout: a short context, and a template that puts pictures first."""
    from transformers import (
        CLIPImageProcessor,
        LlavaConfig,
        LlavaForConditionalGeneration,
        LlavaProcessor,
    )

    tokenizer = make_tokenizer(NAMED, [*CHAT, "<image>"])
    processor = LlavaProcessor(
        image_processor=CLIPImageProcessor(size={"shortest_edge": 56}, crop_size=SMALL),
        tokenizer=tokenizer,
        patch_size=14,
        vision_feature_select_strategy="default",
        num_additional_image_tokens=1,
        chat_template=(
            "{% for m in messages %}{{ m['role'] }}: "
            "{% for p in m['content'] %}{% if p['type'] == 'image' %}<image>\n{% endif %}{% endfor %}"
            "{% for p in m['content'] %}{% if p['type'] == 'text' %}{{ p['text'] }}{% endif %}{% endfor %}"
            "\n{% endfor %}{% if add_generation_prompt %}ASSISTANT:{% endif %}"
        ),
    )
    config = LlavaConfig(
        vision_config=CLIP,
        text_config={"vocab_size": len(tokenizer), **LLAMA, "max_position_embeddings": context},
        image_token_index=tokenizer.convert_tokens_to_ids("<image>"),
        vision_feature_layer=-1,
    )
    return save(LlavaForConditionalGeneration(config), processor, folder)


def make_idefics3(folder: Path) -> Path:
    from transformers import (
        Idefics3Config,
        Idefics3ForConditionalGeneration,
        Idefics3ImageProcessor,
        Idefics3Processor,
    )

    rows = [f"<row_{row}_col_{column}>" for row in range(1, 7) for column in range(1, 7)]
    more = ["<image>", "<fake_token_around_image>", "<global-img>", "<end_of_utterance>"]
    tokenizer = make_tokenizer(NAMED, [*CHAT, *more, *rows])
    processor = Idefics3Processor(
        image_processor=Idefics3ImageProcessor(
            size={"longest_edge": 128}, max_image_size={"longest_edge": 64}
        ),
        tokenizer=tokenizer,
        image_seq_len=4,
        chat_template=CHATML.replace("IMAGE", "<image>"),
    )
    config = Idefics3Config(
        vision_config={"image_size": 64, "patch_size": 16, **SIZES},
        text_config={"vocab_size": len(tokenizer), **LLAMA, "pad_token_id": tokenizer.pad_token_id},
        scale_factor=2,
        image_token_id=tokenizer.convert_tokens_to_ids("<image>"),
        pad_token_id=tokenizer.pad_token_id,
    )
    return save(Idefics3ForConditionalGeneration(config), processor, folder)


def _q_former(vocabulary: int) -> dict[str, Any]:
    return {"vocab_size": vocabulary, "encoder_hidden_size": 32, "max_position_embeddings": 512, **SIZES}  # fmt: skip


def make_blip2(folder: Path) -> Path:
    from transformers import (
        Blip2Config,
        Blip2ForConditionalGeneration,
        Blip2Processor,
        BlipImageProcessor,
    )

    tokenizer = make_tokenizer(NAMED, ["<image>"])
    processor = Blip2Processor(BlipImageProcessor(size=SMALL), tokenizer, num_query_tokens=4)
    config = Blip2Config(
        vision_config={"image_size": 56, "patch_size": 14, **SIZES},
        qformer_config=_q_former(len(tokenizer)),
        text_config=_opt(tokenizer),
        num_query_tokens=4,
        image_token_index=tokenizer.convert_tokens_to_ids("<image>"),
    )
    return save(Blip2ForConditionalGeneration(config), processor, folder)


def make_instructblip(folder: Path) -> Path:
    from transformers import (
        BlipImageProcessor,
        InstructBlipConfig,
        InstructBlipForConditionalGeneration,
        InstructBlipProcessor,
    )

    tokenizer = make_tokenizer(NAMED, ["<image>"])
    processor = InstructBlipProcessor(
        BlipImageProcessor(size=SMALL), tokenizer, make_tokenizer(NAMED), num_query_tokens=4
    )
    config = InstructBlipConfig(
        vision_config={"image_size": 56, "patch_size": 14, **SIZES},
        qformer_config=_q_former(len(tokenizer)),
        text_config=_opt(tokenizer),
        num_query_tokens=4,
        image_token_index=tokenizer.convert_tokens_to_ids("<image>"),
    )
    return save(InstructBlipForConditionalGeneration(config), processor, folder)


def _opt(tokenizer: Any) -> dict[str, Any]:
    return {
        "model_type": "opt",
        "vocab_size": len(tokenizer),
        "hidden_size": 32,
        "word_embed_proj_dim": 32,
        "ffn_dim": 64,
        "num_hidden_layers": 2,
        "num_attention_heads": 2,
        "max_position_embeddings": 512,
        "bos_token_id": tokenizer.bos_token_id,
        "eos_token_id": tokenizer.eos_token_id,
        "pad_token_id": tokenizer.pad_token_id,
    }


def make_bert_like() -> Any:
    """Tokenizer that begins a text with <cls> and ends it with <sep>."""
    from tokenizers.processors import TemplateProcessing

    tokenizer = make_tokenizer({**NAMED, "sep_token": "<sep>", "cls_token": "<cls>"})
    ends = [(mark, tokenizer.convert_tokens_to_ids(mark)) for mark in ("<cls>", "<sep>")]
    tokenizer.backend_tokenizer.post_processor = TemplateProcessing(
        single="<cls> $A <sep>", special_tokens=ends
    )
    return tokenizer


def make_blip(folder: Path) -> Path:
    from transformers import (
        BlipConfig,
        BlipForConditionalGeneration,
        BlipImageProcessor,
        BlipProcessor,
    )

    tokenizer = make_bert_like()
    config = BlipConfig(
        vision_config={"image_size": 56, "patch_size": 14, **SIZES},
        text_config={
            "vocab_size": len(tokenizer),
            "encoder_hidden_size": 32,
            "bos_token_id": tokenizer.bos_token_id,
            "eos_token_id": tokenizer.eos_token_id,
            "sep_token_id": tokenizer.sep_token_id,
            "pad_token_id": tokenizer.pad_token_id,
            **SIZES,
        },
        projection_dim=32,
    )
    network = BlipForConditionalGeneration(config)
    return save(network, BlipProcessor(BlipImageProcessor(size=SMALL), tokenizer), folder)


def make_blip_vqa(folder: Path) -> Path:
    """BLIP for questions: an encoder of the question beside the decoder of the answer."""
    from transformers import BlipConfig, BlipForQuestionAnswering, BlipImageProcessor, BlipProcessor

    config = BlipConfig.from_pretrained(make_blip(folder))
    network = BlipForQuestionAnswering(config)
    return save(network, BlipProcessor(BlipImageProcessor(size=SMALL), make_bert_like()), folder)


CHATTING = {
    "qwen2_5_vl": make_qwen2_5_vl,
    "llava_next": make_llava_next,
    "idefics3": make_idefics3,
}
PAGE_BY_PAGE = {"blip-2": make_blip2, "instructblip": make_instructblip}
