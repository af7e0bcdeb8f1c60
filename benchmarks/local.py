"""Tokens a second of a local vision-language model: prompt and reply.

    python -m benchmarks.local [--pages 3] [--tokens 128] [--device cuda] [--small]

Published configs, random weights, so only speed is meaningful. `--small` runs
all of it with tiny models on a CPU, as a check.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from pathlib import Path
from typing import Any

import torch
from PIL import Image

from benchmarks.models import _save, make_tokenizer
from generation.answer import Usage
from generation.models.captioner import encode
from generation.models.local.hf_model import HfModel
from generation.models.local.transformers import TransformersChatModel
from generation.request import Request, Turn

CHAT = (
    "{% for m in messages %}<|im_start|>{{ m['role'] }}\n"
    "{% for p in m['content'] %}{% if p['type'] == 'image' %}IMAGE{% else %}{{ p['text'] }}{% endif %}{% endfor %}"
    "<|im_end|>\n{% endfor %}{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)
TINY = {"hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 2, "num_attention_heads": 2}  # fmt: skip


def make_qwen(folder: Path, device: str, small: bool) -> None:
    """Qwen2.5-VL-3B, at most 1,280 tokens a picture."""
    from transformers import (
        Qwen2_5_VLConfig,
        Qwen2_5_VLForConditionalGeneration,
        Qwen2_5_VLProcessor,
        Qwen2VLImageProcessor,
        Qwen2VLVideoProcessor,
    )

    marks = ["<|vision_start|>", "<|vision_end|>", "<|image_pad|>", "<|video_pad|>"]
    end = {"eos_token": "<|endoftext|>", "pad_token": "<|endoftext|>"}
    tokenizer = make_tokenizer(end, ["<|im_start|>", "<|im_end|>", *marks])
    size = {"shortest_edge": 56 * 56, "longest_edge": (16 if small else 1_280) * 28 * 28}
    processor = Qwen2_5_VLProcessor(
        image_processor=Qwen2VLImageProcessor(size=size),
        tokenizer=tokenizer,
        video_processor=Qwen2VLVideoProcessor(size=size),
        chat_template=CHAT.replace("IMAGE", "<|vision_start|><|image_pad|><|vision_end|>"),
    )
    text: dict[str, Any] = {"hidden_size": 2048, "intermediate_size": 11008, "num_hidden_layers": 36, "num_attention_heads": 16, "num_key_value_heads": 2, "vocab_size": 151_936, "rope_parameters": {"rope_type": "default", "mrope_section": [16, 24, 24], "rope_theta": 1e6}}  # fmt: skip
    vision: dict[str, Any] = {"depth": 32, "hidden_size": 1280, "intermediate_size": 3420, "num_heads": 16, "out_hidden_size": 2048, "fullatt_block_indexes": [7, 15, 23, 31]}  # fmt: skip
    if small:
        text = {**TINY, "num_key_value_heads": 1, "vocab_size": 600, "rope_parameters": {"rope_type": "default", "mrope_section": [2, 3, 3], "rope_theta": 1e4}}  # fmt: skip
        vision = {"depth": 2, "hidden_size": 32, "intermediate_size": 64, "num_heads": 2, "out_hidden_size": 32, "fullatt_block_indexes": [1]}  # fmt: skip
    start, stop, image, video = map(tokenizer.convert_tokens_to_ids, marks)
    config = Qwen2_5_VLConfig(
        text_config=text,
        vision_config=vision,
        image_token_id=image,
        video_token_id=video,
        vision_start_token_id=start,
        vision_end_token_id=stop,
    )
    _save(Qwen2_5_VLForConditionalGeneration, config, processor, folder, device)


def make_smolvlm(folder: Path, device: str, small: bool) -> None:
    """SmolVLM-256M, in the Idefics3 class that it came in: tiles of 512 pixels and 64 tokens."""
    from transformers import (
        Idefics3Config,
        Idefics3ForConditionalGeneration,
        Idefics3ImageProcessor,
        Idefics3Processor,
    )

    rows = [f"<row_{row}_col_{column}>" for row in range(1, 7) for column in range(1, 7)]
    marks = ["<image>", "<fake_token_around_image>", "<global-img>", "<end_of_utterance>"]
    named = {"bos_token": "<bos>", "eos_token": "<eos>", "pad_token": "<pad>", "unk_token": "<unk>"}
    tokenizer = make_tokenizer(named, ["<|im_start|>", "<|im_end|>", *marks, *rows])
    tile = 64 if small else 512
    processor = Idefics3Processor(
        image_processor=Idefics3ImageProcessor(
            size={"longest_edge": 2 * tile if small else 4 * tile},
            max_image_size={"longest_edge": tile},
        ),
        tokenizer=tokenizer,
        image_seq_len=4 if small else 64,
        chat_template=CHAT.replace("IMAGE", "<image>"),
    )
    vision: dict[str, Any] = {"image_size": tile, "patch_size": 16, **TINY} if small else {"image_size": 512, "patch_size": 16, "hidden_size": 768, "intermediate_size": 3072, "num_hidden_layers": 12, "num_attention_heads": 12}  # fmt: skip
    text: dict[str, Any] = {**TINY, "num_key_value_heads": 1, "vocab_size": 600} if small else {"hidden_size": 576, "intermediate_size": 1536, "num_hidden_layers": 30, "num_attention_heads": 9, "num_key_value_heads": 3, "vocab_size": 49_280}  # fmt: skip
    pad = tokenizer.pad_token_id
    language = {
        "model_type": "llama",
        "pad_token_id": pad,
        "max_position_embeddings": 8_192,
        **text,
    }
    config = Idefics3Config(
        vision_config=vision,
        text_config=language,
        scale_factor=2 if small else 4,
        image_token_id=tokenizer.convert_tokens_to_ids("<image>"),
        pad_token_id=pad,
    )
    _save(Idefics3ForConditionalGeneration, config, processor, folder, device)


MAKERS = {"Qwen2.5-VL-3B": make_qwen, "SmolVLM-256M": make_smolvlm}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--pages", type=int, default=3)
    parser.add_argument("--tokens", type=int, default=128)
    parser.add_argument("--device", default="cuda")
    parser.add_argument("--small", action="store_true")
    args = parser.parse_args()
    device = "cpu" if args.small else args.device
    name = "CPU" if device == "cpu" else torch.cuda.get_device_name(device)
    print(f"{name}, torch {torch.__version__}, {args.pages} pages, {args.tokens} tokens written")
    for model, make in MAKERS.items():
        with tempfile.TemporaryDirectory(prefix="pageglass-local-") as folder:
            make(Path(folder), device, args.small)
            local = TransformersChatModel(HfModel(folder, device))
            # Random weights end when they please.
            local._hf_model.network.generation_config.eos_token_id = None
            measure(local, args.pages, args.tokens, device)
            first, rest, read = measure(local, args.pages, args.tokens, device)
            print(
                f"{model:16} {read} tokens read, {read / first:.0f}/s with the pictures made ready;"
                f" written {(args.tokens - 1) / rest:.1f}/s",
                flush=True,
            )


def measure(
    model: TransformersChatModel, pages: int, tokens: int, device: str
) -> tuple[float, float, int]:
    """Seconds to the first token and from there to the last, and the tokens read."""
    picture = encode(Image.effect_noise((1_024, 1_024), 60))
    turn = Turn("user", (*([picture] * pages), "Question: which page is it?"))
    ends: list[float] = []

    def note(*_: Any) -> None:
        if device != "cpu":
            torch.cuda.synchronize(device)
        ends.append(time.perf_counter())

    hook = model._hf_model.network.register_forward_hook(note)
    started = time.perf_counter()
    *_, usage = model.reply(Request("Answer.", (turn,), max_tokens=tokens))
    hook.remove()
    assert isinstance(usage, Usage)
    assert usage.output_tokens == len(ends) == tokens
    return ends[0] - started, ends[-1] - ends[0], usage.input_tokens


if __name__ == "__main__":
    main()
