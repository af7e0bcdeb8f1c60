"""Kind of a checkpoint, by its config and files, for an error's message."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from ingest.encoders.checkpoint import Checkpoint, InvalidCheckpoint

RETRIEVAL_PROJECTIONS = ("custom_text_proj", "embedding_proj_layer", "custom_proj")
CHAT = "A vision-language model answers questions as the model transformers:MODEL."
DOWNLOAD = "Download it again, or give a checkpoint in the format of its family."
OWN_CODE = (
    "Code of a checkpoint is never run. Take one that transformers, colpali-engine or open_clip"
    " loads itself; often the -hf version of the same model."
)


def describe_checkpoint(checkpoint: Checkpoint) -> tuple[str, str]:
    """What a checkpoint looks like, with its article, and a hint which name takes it."""
    config = checkpoint.read("config.json") or {}
    library = checkpoint.read("config_sentence_transformers.json") or {}
    kind = str(config.get("model_type"))
    architectures = [str(name) for name in config.get("architectures") or ()]
    first = architectures[0] if architectures else kind
    if checkpoint.read("adapter_config.json") is not None:
        return "an adapter of another base model or format", DOWNLOAD
    if config.get("auto_map"):
        return f"a model with code of its own ({first})", OWN_CODE
    if first.startswith("Bi") and first[2:3].isupper():
        hint = (
            f"Take the late-interaction model of its family: colpali:MODEL with a Col{first[2:]}."
        )
        return f"a bi-encoder ({first}), one vector a page", hint
    if "HF_ColBERT" in architectures or library:
        return f"a text model of another format ({kind})", f"Give it as text:MODEL. {DOWNLOAD}"
    if "text_config" in config and "vision_config" in config:
        return _describe_pair(kind, first, checkpoint)
    return f"a {kind} model ({first}) with other key names", DOWNLOAD


def _describe_pair(kind: str, first: str, checkpoint: Checkpoint) -> tuple[str, str]:
    """Describe a model of images and texts."""
    if "clip" in kind or "siglip" in kind:
        return f"a {kind} model with other key names", f"Give it as clip:MODEL. {DOWNLOAD}"
    if any(name in key for key in _weight_names(checkpoint) for name in RETRIEVAL_PROJECTIONS):
        return f"a retrieval model ({first}) with other key names", DOWNLOAD
    return f"a plain vision-language model ({first}) without a projection for retrieval", CHAT


def _weight_names(checkpoint: Checkpoint) -> set[str]:
    """Names of the tensors in a folder's safetensors files."""
    from safetensors import SafetensorError, safe_open

    names: set[str] = set()
    for path in checkpoint.folder.glob("*.safetensors"):
        with suppress(OSError, SafetensorError), safe_open(path, "pt") as file:
            names.update(file.keys())
    return names


def refuse_unsupported(
    checkpoint: Checkpoint, config: Mapping[str, Any], nearest: Mapping[str, tuple[str, str]]
) -> None:
    """Refuse a family that cannot be run, by its name, with the nearest that can.

    Args:
        nearest: a family's name and what to take in its place, by `model_type` or class.

    Raises:
        InvalidCheckpoint
    """
    for name in (str(config.get("model_type")), *map(str, config.get("architectures") or ())):
        if name not in nearest:
            continue
        family, hint = nearest[name]
        raise InvalidCheckpoint(f"{checkpoint.spec} is {family}.", hint=hint)
