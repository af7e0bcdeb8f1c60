"""Unsupported vision-language models: families, and what to take in their place."""

from __future__ import annotations

UNSUPPORTED_HINT = (
    "Take a vision-language model that transformers itself knows (AutoModelForImageTextToText),"
    " or download it anew."
)
_CHAT = "Take one that answers questions about images, such as Qwen2.5-VL, SmolVLM or LLaVA."
UNSUPPORTED = {
    "phi3_v": ("Phi-3-vision, which runs by code of its own, and that is never run", _CHAT),
    "phi4mm": ("Phi-4-multimodal, which runs by code of its own, and that is never run", _CHAT),
    "phi4_multimodal": (
        "Phi-4-multimodal, which reads images by an adapter that is not loaded here",
        _CHAT,
    ),
    "internvl_chat": (
        "InternVL in its authors' layout, which runs by code of its own, and that is never run",
        "Take its -hf version, such as OpenGVLab/InternVL3-1B-hf.",
    ),
    **dict.fromkeys(
        ("LlavaLlamaForCausalLM", "LlavaMistralForCausalLM", "LlavaQwenForCausalLM"),
        (
            "LLaVA in its authors' layout, which runs by code of its own, and that is never run",
            "Take its version of llava-hf, such as llava-hf/llava-onevision-qwen2-0.5b-ov-hf.",
        ),
    ),
    "molmo": ("Molmo, which runs by code of its own, and that is never run", _CHAT),
    "ovis": ("Ovis, which runs by code of its own, and that is never run", _CHAT),
    "kimi_vl": ("Kimi-VL, which runs by code of its own, and that is never run", _CHAT),
    "deepseek_vl_v2": ("DeepSeek-VL2, which runs by code of its own, and that is never run", _CHAT),
    "xgenmm": ("xGen-MM (BLIP-3), which runs by code of its own, and that is never run", _CHAT),
    "moondream3": ("moondream, which runs by code of its own, and that is never run", _CHAT),
    "moondream1": ("moondream, which runs by code of its own, and that is never run", _CHAT),
    "minicpmv": ("MiniCPM-V, which runs by code of its own, and that is never run", _CHAT),
    "minicpmo": ("MiniCPM-o, which runs by code of its own, and that is never run", _CHAT),
    "florence2": ("Florence-2, which takes task tokens and no questions", _CHAT),
}
"""Families that cannot be asked, by `model_type` or class: what they are, and what to take."""
