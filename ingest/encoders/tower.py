"""Two towers that speak one space: pictures and texts to unit vectors, from open_clip or transformers checkpoints.

A model is one of:

- `ARCH/TAG`, an open_clip architecture and the tag of its weights (`ViT-B-32/laion2b_s34b_b79k`);
- a folder, or a hub id, with open_clip's own config (`open_clip_config.json`);
- a folder, or a hub id, of a transformers CLIP or SigLIP model.
"""

from __future__ import annotations

import json
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from typing import Any, Protocol

import torch
from PIL import Image

from ingest.encoders.checkpoint import BadCheckpoint, Checkpoint, find_checkpoint
from ingest.weights import WeightsMissing

INSTEAD = "--images conse"
CLIP_REACH = (0.20, 0.29)
RARE = 6.9
"""The logit of one in a thousand."""
OPEN_CLIP_CONFIG = "open_clip_config.json"


class QueryTruncated(UserWarning):
    """A text is longer than the model reads; its end was left out."""


class Tower(Protocol):
    """A pair of encoders of one space, on a device."""

    title: str
    spec: str
    dim: int
    logit_scale: float
    """What cosines are multiplied with before a softmax over labels: learned in training."""
    reach: tuple[float, float]
    """See `Encoder`."""
    made: dict[str, str]

    def prepare(self, picture: Image.Image) -> torch.Tensor:
        """A picture as the model takes it, on the host."""
        ...

    def pictures(self, batch: torch.Tensor) -> torch.Tensor:
        """Unit vectors (n, dim) of prepared pictures (n, ...), on the device."""
        ...

    def texts(self, texts: Sequence[str]) -> torch.Tensor:
        """Unit vectors (n, dim) of texts."""
        ...


def load_tower(model: str, device: torch.device, dtype: torch.dtype) -> Tower:
    """Load a model by name, see the module.

    Raises:
        WeightsMissing, BadCheckpoint
    """
    arch, _, tag = model.partition("/")
    if tag and _is_open_clip(arch, tag):
        return OpenClip(_from_tag(arch, tag), device, dtype)
    checkpoint = find_checkpoint(model, INSTEAD)
    if (checkpoint.folder / OPEN_CLIP_CONFIG).is_file():
        return OpenClip(_from_folder(checkpoint), device, dtype)
    if checkpoint.read("config.json"):
        return Transformers(checkpoint, device, dtype)
    raise BadCheckpoint(
        f"{checkpoint.folder} holds neither {OPEN_CLIP_CONFIG} nor config.json.",
        remedy="Give the folder that a CLIP model was saved to.",
    )


@dataclass(frozen=True, slots=True)
class Loaded:
    """What open_clip gives for a model."""

    spec: str
    title: str
    network: Any
    preprocess: Callable[[Image.Image], torch.Tensor]
    tokenizer: Any
    config: dict[str, Any]
    """The architecture, as open_clip describes it."""
    reach: tuple[float, float] | None = None
    """Where `ingest.finetune` has measured it."""


def _is_open_clip(arch: str, tag: str) -> bool:
    import open_clip

    return tag in open_clip.list_pretrained_tags_by_model(arch)


def _from_tag(arch: str, tag: str) -> Loaded:
    import open_clip

    # Some weights of an architecture were trained with another activation than its plain name has.
    quick = bool(open_clip.get_pretrained_cfg(arch, tag).get("quick_gelu"))
    try:
        network, _, preprocess = open_clip.create_model_and_transforms(
            arch, pretrained=tag, force_quick_gelu=quick
        )
    except (OSError, RuntimeError, ValueError) as error:
        raise WeightsMissing(
            f"The weights {tag} of {arch} cannot be had: {str(error).splitlines()[0]}.",
            remedy="Check the network, or save the model where there is one and give its folder:"
            f" clip:FOLDER. Without it, {INSTEAD} works as it is.",
        ) from error
    spec = f"{arch}/{tag}"
    config = open_clip.get_model_config(arch) | ({"quick_gelu": True} if quick else {})
    tokenizer = open_clip.get_tokenizer(arch)
    return Loaded(spec, f"open_clip {spec}", network, preprocess, tokenizer, config)


def _from_folder(checkpoint: Checkpoint) -> Loaded:
    import open_clip

    name = f"local-dir:{checkpoint.folder}"
    try:
        network, preprocess = open_clip.create_model_from_pretrained(name)
        tokenizer = open_clip.get_tokenizer(name)
    except (OSError, RuntimeError, ValueError, KeyError) as error:
        raise BadCheckpoint(
            f"{checkpoint.folder} cannot be loaded by open_clip: {str(error).splitlines()[0]}.",
            remedy="Download or save the model anew.",
        ) from error
    title, config = f"open_clip {checkpoint.title}", checkpoint.read(OPEN_CLIP_CONFIG) or {}
    reach = tuple(config["reach"]) if "reach" in config else None
    return Loaded(
        checkpoint.spec, title, network, preprocess, tokenizer, config["model_cfg"], reach
    )


class OpenClip:
    """A model of open_clip."""

    def __init__(self, loaded: Loaded, device: torch.device, dtype: torch.dtype) -> None:
        self.spec, self.title = loaded.spec, loaded.title
        self.network = loaded.network.to(device=device, dtype=dtype).eval()
        self.tokenizer, self.config = loaded.tokenizer, loaded.config
        self._preprocess = loaded.preprocess
        self._device, self._dtype = device, dtype
        self.logit_scale = float(self.network.logit_scale.detach().exp())
        self.reach = loaded.reach or find_reach(self.logit_scale, self.network.logit_bias)
        self.made = {"open_clip_torch": version("open_clip_torch")}
        self.dim = self.texts(["a photo"]).shape[1]

    def prepare(self, picture: Image.Image) -> torch.Tensor:
        """See `Tower`."""
        return self._preprocess(picture)

    @torch.inference_mode()
    def pictures(self, batch: torch.Tensor) -> torch.Tensor:
        """See `Tower`."""
        there = batch.to(self._device, self._dtype, non_blocking=True)
        rows: torch.Tensor = self.network.encode_image(there, normalize=True)
        return rows

    @torch.inference_mode()
    def texts(self, texts: Sequence[str]) -> torch.Tensor:
        """See `Tower`."""
        tokens = self.tokenizer(list(texts))
        for text in texts:
            if self.length(text) > tokens.shape[1]:
                _warn(text, tokens.shape[1])
        rows: torch.Tensor = self.network.encode_text(tokens.to(self._device), normalize=True)
        return rows

    def length(self, text: str) -> int:
        """How many tokens a text is, start and end with it."""
        inner = getattr(self.tokenizer, "tokenizer", None)
        return len(inner(text)["input_ids"]) if inner else len(self.tokenizer.encode(text)) + 2


class Transformers:
    """A CLIP or SigLIP model of transformers."""

    def __init__(self, checkpoint: Checkpoint, device: torch.device, dtype: torch.dtype) -> None:
        from transformers import AutoModel, AutoProcessor

        try:
            network = AutoModel.from_pretrained(checkpoint.folder, dtype=dtype)
            self._processor: Any = AutoProcessor.from_pretrained(checkpoint.folder)  # type: ignore[no-untyped-call]
        except (OSError, ValueError) as error:
            raise BadCheckpoint(
                f"{checkpoint.folder} cannot be loaded: {str(error).splitlines()[0]}.",
                remedy="Download the model anew.",
            ) from error
        if not hasattr(network, "get_image_features"):
            raise BadCheckpoint(
                f"{checkpoint.spec} is a {type(network).__name__}, which has no picture and text towers.",
                remedy="Take a CLIP or SigLIP model.",
            )
        self.spec, self.title = checkpoint.spec, f"transformers {checkpoint.title}"
        self._network: Any = network.to(device).eval()
        self._device, self._dtype = device, dtype
        self._length = int(self._network.config.text_config.max_position_embeddings)
        self.logit_scale = float(self._network.logit_scale.detach().exp())
        bias = getattr(self._network, "logit_bias", None)
        self.reach = find_reach(self.logit_scale, bias)
        self.made = {"transformers": version("transformers")}
        self.dim = self.texts(["a photo"]).shape[1]

    def prepare(self, picture: Image.Image) -> torch.Tensor:
        """See `Tower`."""
        batch = self._processor.image_processor(images=picture, return_tensors="pt")
        pixels: torch.Tensor = batch["pixel_values"][0]
        return pixels

    @torch.inference_mode()
    def pictures(self, batch: torch.Tensor) -> torch.Tensor:
        """See `Tower`."""
        there = batch.to(self._device, self._dtype, non_blocking=True)
        return _unit(_pooled(self._network.get_image_features(pixel_values=there)))

    @torch.inference_mode()
    def texts(self, texts: Sequence[str]) -> torch.Tensor:
        """See `Tower`. Padded to the full length, as SigLIP was trained; CLIP does not mind."""
        tokenizer = self._processor.tokenizer
        for text in texts:
            if len(tokenizer(text)["input_ids"]) > self._length:
                _warn(text, self._length)
        batch = tokenizer(
            list(texts),
            padding="max_length",
            truncation=True,
            max_length=self._length,
            return_tensors="pt",
        ).to(self._device)
        known = {name: batch[name] for name in ("input_ids", "attention_mask") if name in batch}
        return _unit(_pooled(self._network.get_text_features(**known)))


def find_reach(scale: float, bias: torch.Tensor | None) -> tuple[float, float]:
    """Cosines of strangers and of a match.

    A model trained with a sigmoid (SigLIP, Zhai et al. 2023, arXiv:2303.15343) says
    so itself: a chance of one in a thousand, and of one half. For CLIP's softmax
    they are those of ViT-B/32's own vectors of 50 photos and 1,203 names (docs/retrieval.md).
    """
    if bias is None:
        return CLIP_REACH
    even = -float(bias.detach()) / scale
    return even - RARE / scale, even


def _pooled(features: Any) -> torch.Tensor:
    """The vectors, whether transformers hands them out bare or inside an output."""
    pooled: torch.Tensor = getattr(features, "pooler_output", features)
    return pooled


def _unit(rows: torch.Tensor) -> torch.Tensor:
    return torch.nn.functional.normalize(rows, dim=-1)


def _warn(text: str, length: int) -> None:
    warnings.warn(
        f"The model reads {length} tokens; the end of {json.dumps(text[:60])}... is left out.",
        QueryTruncated,
        stacklevel=3,
    )
