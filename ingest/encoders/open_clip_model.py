"""OpenCLIP models, from pretrained tags or from folders.

A folder holds an `open_clip_config.json`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from typing import Any

import torch
from PIL import Image

from ingest.encoders.checkpoint import (
    METADATA,
    OPEN_CLIP_CONFIG,
    Checkpoint,
    fetch,
    without_weights,
)
from ingest.encoders.dual_encoder import (
    PreparedImage,
    read_logits,
    stack_images,
    unit_rows,
)
from ingest.encoders.loading.open_clip_network import create_network
from ingest.encoders.loading.query_truncated import warn_truncated

OPEN_CLIP_WEIGHTS = ("open_clip_model.safetensors", "open_clip_pytorch_model.bin")
COSINE_RANGE = "cosine_range"
"""The key in the config of the range that `ingest.finetune` has measured."""


@dataclass(frozen=True, slots=True)
class OpenClipParts:
    """Parts of an open_clip model: network, preprocessing, tokenizer, architecture."""

    spec: str
    title: str
    network: Any
    preprocess: Callable[[Image.Image], torch.Tensor]
    tokenizer: Any
    config: dict[str, Any]
    """The architecture, as open_clip describes it."""
    cosine_range: tuple[float, float] | None = None
    """As `ingest.finetune` has measured it, if it has."""


class OpenClip:
    """A dual encoder of open_clip."""

    def __init__(self, parts: OpenClipParts, device: torch.device, dtype: torch.dtype) -> None:
        self.spec, self.title = parts.spec, parts.title
        # Read before the cast: bf16 would round them.
        self.logit_scale, cosine_range = read_logits(parts.network)
        self.cosine_range = parts.cosine_range or cosine_range
        self.network = parts.network.to(device=device, dtype=dtype).eval()
        self.tokenizer, self.config = parts.tokenizer, parts.config
        self.prepare: Callable[[Image.Image], PreparedImage] = _OpenClipPreparer(parts.preprocess)
        self._device, self._dtype = device, dtype
        self.provenance = {"open_clip_torch": version("open_clip_torch")}
        self.dim = self.encode_texts(["a photo"]).shape[1]

    @torch.inference_mode()
    def encode_images(self, prepared: Sequence[PreparedImage]) -> torch.Tensor:
        """See `DualEncoder`."""
        return unit_rows(
            self.network.encode_image(**stack_images(prepared, self._device, self._dtype))
        )

    @torch.inference_mode()
    def encode_texts(self, texts: Sequence[str]) -> torch.Tensor:
        """See `DualEncoder`."""
        tokens = self.tokenizer(list(texts))
        for text in texts:
            if self.length(text) > tokens.shape[1]:
                warn_truncated(text, tokens.shape[1])
        return unit_rows(self.network.encode_text(tokens.to(self._device)))

    def length(self, text: str) -> int:
        """Count the tokens of a text, start and end tokens included."""
        inner = getattr(self.tokenizer, "tokenizer", None)
        if inner is None:
            return len(self.tokenizer.encode(text)) + 2
        return len(inner(self.tokenizer.clean_fn(text), verbose=False)["input_ids"])


@dataclass(frozen=True, slots=True)
class _OpenClipPreparer:
    preprocess: Callable[[Image.Image], torch.Tensor]

    def __call__(self, image: Image.Image) -> PreparedImage:
        return {"image": self.preprocess(image)}


def is_pretrained_tag(arch: str, tag: str) -> bool:
    """Whether open_clip knows pretrained weights of this architecture and tag."""
    import open_clip

    return tag in open_clip.list_pretrained_tags_by_model(arch)


def load_tag(arch: str, tag: str, fallback: str) -> OpenClipParts:
    """Load the pretrained weights of a tag.

    Fetched here and not by open_clip, which retries for a minute without a network.

    Args:
        fallback: see `find_checkpoint`.

    Raises:
        WeightsMissing, InvalidCheckpoint
    """
    import open_clip

    settings = open_clip.get_pretrained_cfg(arch, tag)
    repository, _, file = settings["hf_hub"].rpartition("/")
    for name in (file,) if file else OPEN_CLIP_WEIGHTS:
        checkpoint = fetch(f"{arch}/{tag}", repository, [name, *METADATA], fallback)
        if (checkpoint.folder / name).is_file():
            break
    if (checkpoint.folder / OPEN_CLIP_CONFIG).is_file():
        return load_folder(checkpoint)
    network, preprocess, tokenizer = create_network(
        checkpoint,
        arch,
        f"Give another model. {without_weights(fallback)}",
        pretrained=str(checkpoint.folder / name),
        force_quick_gelu=settings.get("quick_gelu", False),
        **{
            f"image_{key}": settings[key] for key in ("mean", "std", "interpolation", "resize_mode")
        },
    )
    quick = {"quick_gelu": True} if settings.get("quick_gelu") else {}
    config = open_clip.get_model_config(arch) | quick
    title = f"open_clip {checkpoint.title}"
    return OpenClipParts(checkpoint.spec, title, network, preprocess, tokenizer, config)


def load_folder(checkpoint: Checkpoint) -> OpenClipParts:
    """Load a model from a folder with open_clip's own config.

    Raises:
        InvalidCheckpoint
    """
    network, preprocess, tokenizer = create_network(
        checkpoint, f"local-dir:{checkpoint.folder}", "Download or save the model again."
    )
    title, config = f"open_clip {checkpoint.title}", checkpoint.read(OPEN_CLIP_CONFIG) or {}
    cosine_range = tuple(config[COSINE_RANGE]) if COSINE_RANGE in config else None
    return OpenClipParts(
        checkpoint.spec, title, network, preprocess, tokenizer, config["model_cfg"], cosine_range
    )
