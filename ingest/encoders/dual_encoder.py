"""Two towers that speak one space: pictures and texts to unit vectors, from open_clip or transformers checkpoints.

A model is one of:

- `ARCH/TAG`, an open_clip architecture and the tag of its weights (`ViT-B-32/laion2b_s34b_b79k`);
- a folder, or a hub id, with open_clip's own config (`open_clip_config.json`);
- a folder, or a hub id, of a transformers CLIP or SigLIP model.
"""

from __future__ import annotations

import json
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from typing import Any, Protocol

import torch
from PIL import Image

from ingest.encoders.checkpoint import (
    OTHERS,
    UNLOADABLE,
    Checkpoint,
    InvalidCheckpoint,
    fetch,
    find_checkpoint,
)

INSTEAD = "--images conse"
CLIP_COSINE_RANGE = (0.20, 0.29)
RARE = 6.9
"""The logit of one in a thousand."""
PAIR = ("get_image_features", "get_text_features", "logit_scale")
"""What a model of transformers has if it is a pair of towers."""
OPEN_CLIP_CONFIG = "open_clip_config.json"
OPEN_CLIP_WEIGHTS = ("open_clip_model.safetensors", "open_clip_pytorch_model.bin")
Prepared = Mapping[str, torch.Tensor]
"""A picture as a model takes it, by the names it takes it by, on the host."""


class QueryTruncated(UserWarning):
    """A text is longer than the model reads; its end was left out."""


class DualEncoder(Protocol):
    """A pair of encoders of one space, on a device."""

    title: str
    spec: str
    dim: int
    logit_scale: float
    """What cosines are multiplied with before a softmax over labels: learned in training."""
    cosine_range: tuple[float, float]
    """See `Encoder`."""
    provenance: dict[str, str]

    prepare: Callable[[Image.Image], Prepared]
    """Makes a picture ready. Knows no weights and pickles, so that workers can do it."""

    def encode_images(self, prepared: Sequence[Prepared]) -> torch.Tensor:
        """Unit vectors (n, dim) of pictures, fp32, on the device."""
        ...

    def encode_texts(self, texts: Sequence[str]) -> torch.Tensor:
        """Unit vectors (n, dim) of texts, fp32, on the device. Too long a text is cut, with a warning."""
        ...


def load_dual_encoder(model: str, device: torch.device, dtype: torch.dtype) -> DualEncoder:
    """Load a model by name, see the module.

    Raises:
        WeightsMissing, InvalidCheckpoint
    """
    arch, _, tag = model.partition("/")
    if arch and tag and _is_open_clip(arch, tag):
        return OpenClip(_from_tag(arch, tag), device, dtype)
    checkpoint = find_checkpoint(model, INSTEAD)
    if (checkpoint.folder / OPEN_CLIP_CONFIG).is_file():
        return OpenClip(_from_folder(checkpoint), device, dtype)
    if checkpoint.read("config.json"):
        return TransformersClip(checkpoint, device, dtype)
    raise InvalidCheckpoint(
        f"{checkpoint.folder} holds neither {OPEN_CLIP_CONFIG} nor config.json.",
        hint="Give the folder that a CLIP model was saved to.",
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
    cosine_range: tuple[float, float] | None = None
    """Where `ingest.finetune` has measured it."""


def _is_open_clip(arch: str, tag: str) -> bool:
    import open_clip

    return tag in open_clip.list_pretrained_tags_by_model(arch)


def _from_tag(arch: str, tag: str) -> Loaded:
    """The weights of a tag, fetched here: without a network open_clip itself tries again for a minute."""
    import open_clip

    how = open_clip.get_pretrained_cfg(arch, tag)
    repository, _, file = how["hf_hub"].rpartition("/")
    for name in (file,) if file else OPEN_CLIP_WEIGHTS:
        checkpoint = fetch(f"{arch}/{tag}", repository, [name, *OTHERS], INSTEAD)
        if (checkpoint.folder / name).is_file():
            break
    if (checkpoint.folder / OPEN_CLIP_CONFIG).is_file():
        return _from_folder(checkpoint)
    try:
        network, preprocess = open_clip.create_model_from_pretrained(
            arch,
            pretrained=str(checkpoint.folder / name),
            force_quick_gelu=how.get("quick_gelu", False),
            **{f"image_{key}": how[key] for key in ("mean", "std", "interpolation", "resize_mode")},
        )
        tokenizer = open_clip.get_tokenizer(arch)
    except UNLOADABLE as error:
        raise checkpoint.unloadable(error, f"Take another. {INSTEAD} works as it is.") from error
    quick = {"quick_gelu": True} if how.get("quick_gelu") else {}
    config = open_clip.get_model_config(arch) | quick
    title = f"open_clip {checkpoint.title}"
    return Loaded(checkpoint.spec, title, network, preprocess, tokenizer, config)


def _from_folder(checkpoint: Checkpoint) -> Loaded:
    import open_clip

    name = f"local-dir:{checkpoint.folder}"
    try:
        network, preprocess = open_clip.create_model_from_pretrained(name)
        tokenizer = open_clip.get_tokenizer(name)
    except UNLOADABLE as error:
        raise checkpoint.unloadable(error, "Download or save the model anew.") from error
    title, config = f"open_clip {checkpoint.title}", checkpoint.read(OPEN_CLIP_CONFIG) or {}
    cosine_range = tuple(config["reach"]) if "reach" in config else None
    return Loaded(
        checkpoint.spec, title, network, preprocess, tokenizer, config["model_cfg"], cosine_range
    )


class OpenClip:
    """A model of open_clip."""

    def __init__(self, loaded: Loaded, device: torch.device, dtype: torch.dtype) -> None:
        self.spec, self.title = loaded.spec, loaded.title
        # Read before the cast: bf16 would round them.
        self.logit_scale, cosine_range = _read_logits(loaded.network)
        self.cosine_range = loaded.cosine_range or cosine_range
        self.network = loaded.network.to(device=device, dtype=dtype).eval()
        self.tokenizer, self.config = loaded.tokenizer, loaded.config
        self.prepare: Callable[[Image.Image], Prepared] = _ByOpenClip(loaded.preprocess)
        self._device, self._dtype = device, dtype
        self.provenance = {"open_clip_torch": version("open_clip_torch")}
        self.dim = self.encode_texts(["a photo"]).shape[1]

    @torch.inference_mode()
    def encode_images(self, prepared: Sequence[Prepared]) -> torch.Tensor:
        """See `DualEncoder`."""
        return _unit(self.network.encode_image(**_stack(prepared, self._device, self._dtype)))

    @torch.inference_mode()
    def encode_texts(self, texts: Sequence[str]) -> torch.Tensor:
        """See `DualEncoder`."""
        tokens = self.tokenizer(list(texts))
        for text in texts:
            if self.length(text) > tokens.shape[1]:
                _warn(text, tokens.shape[1])
        return _unit(self.network.encode_text(tokens.to(self._device)))

    def length(self, text: str) -> int:
        """How many tokens a text is, start and end with it."""
        inner = getattr(self.tokenizer, "tokenizer", None)
        if inner is None:
            return len(self.tokenizer.encode(text)) + 2
        return len(inner(self.tokenizer.clean_fn(text), verbose=False)["input_ids"])


class TransformersClip:
    """A CLIP or SigLIP model of transformers."""

    def __init__(self, checkpoint: Checkpoint, device: torch.device, dtype: torch.dtype) -> None:
        from transformers import AutoModel, AutoProcessor

        anew = "Download the model anew."
        try:
            network: Any = AutoModel.from_pretrained(checkpoint.folder)
        except UNLOADABLE as error:
            raise checkpoint.unloadable(error, anew) from error
        if not all(hasattr(network, name) for name in PAIR):
            raise InvalidCheckpoint(
                f"{checkpoint.spec} is a {type(network).__name__}, which has no picture and text towers.",
                hint="Take a CLIP or SigLIP model.",
            )
        try:
            processor: Any = AutoProcessor.from_pretrained(checkpoint.folder)  # type: ignore[no-untyped-call]
            self.prepare: Callable[[Image.Image], Prepared] = _ByTransformers(
                processor.image_processor
            )
            self._tokenizer = processor.tokenizer
        except UNLOADABLE as error:
            raise checkpoint.unloadable(error, anew) from error
        self.spec, self.title = checkpoint.spec, f"transformers {checkpoint.title}"
        self.logit_scale, self.cosine_range = _read_logits(network)
        self._network = network.to(device=device, dtype=dtype).eval()
        self._device, self._dtype = device, dtype
        places = int(network.config.text_config.max_position_embeddings)
        self._length = min(places, self._tokenizer.model_max_length)
        self.provenance = {"transformers": version("transformers")}
        self.dim = self.encode_texts(["a photo"]).shape[1]

    @torch.inference_mode()
    def encode_images(self, prepared: Sequence[Prepared]) -> torch.Tensor:
        """See `DualEncoder`."""
        batch = _stack(prepared, self._device, self._dtype)
        return _unit(_pooled(self._network.get_image_features(**batch)))

    @torch.inference_mode()
    def encode_texts(self, texts: Sequence[str]) -> torch.Tensor:
        """See `DualEncoder`. Padded to the full length, as SigLIP was trained; CLIP does not mind."""
        for text in texts:
            if len(self._tokenizer(text, verbose=False)["input_ids"]) > self._length:
                _warn(text, self._length)
        batch = self._tokenizer(
            list(texts),
            padding="max_length",
            truncation=True,
            max_length=self._length,
            return_tensors="pt",
        ).to(self._device)
        known = {name: batch[name] for name in ("input_ids", "attention_mask") if name in batch}
        return _unit(_pooled(self._network.get_text_features(**known)))


@dataclass(frozen=True, slots=True)
class _ByOpenClip:
    preprocess: Callable[[Image.Image], torch.Tensor]

    def __call__(self, picture: Image.Image) -> Prepared:
        return {"image": self.preprocess(picture)}


@dataclass(frozen=True, slots=True)
class _ByTransformers:
    processor: Any

    def __call__(self, picture: Image.Image) -> Prepared:
        batch = self.processor(images=picture, return_tensors="pt")
        return {name: values[0] for name, values in batch.items()}


def estimate_cosine_range(scale: float, bias: float | None) -> tuple[float, float]:
    """Cosines of strangers and of a match.

    A model trained with a sigmoid (SigLIP, Zhai et al. 2023, arXiv:2303.15343) says
    so itself: a chance of one in a thousand, and of one half. For CLIP's softmax
    they are those of ViT-B/32's own vectors of 50 photos and 1,203 names (docs/retrieval.md).
    """
    if bias is None:
        return CLIP_COSINE_RANGE
    even = -bias / scale
    return even - RARE / scale, even


def _read_logits(network: Any) -> tuple[float, tuple[float, float]]:
    """A model's learned scale, and the reach that it makes with the bias, if it has one."""
    scale = network.logit_scale.detach().exp().item()
    bias = getattr(network, "logit_bias", None)
    return scale, estimate_cosine_range(scale, None if bias is None else bias.item())


def _stack(
    prepared: Sequence[Prepared], device: torch.device, dtype: torch.dtype
) -> dict[str, torch.Tensor]:
    """Pictures as one batch on the device; what counts or masks stays whole numbers."""
    batch = {name: torch.stack([one[name] for one in prepared]) for name in prepared[0]}
    if device.type == "cuda":
        # Only from pinned memory does a copy not wait.
        batch = {name: values.pin_memory() for name, values in batch.items()}
    return {
        name: values.to(device, dtype if values.is_floating_point() else None, non_blocking=True)
        for name, values in batch.items()
    }


def _pooled(features: Any) -> torch.Tensor:
    """The vectors, whether transformers hands them out bare or inside an output."""
    pooled: torch.Tensor = getattr(features, "pooler_output", features)
    return pooled


def _unit(rows: torch.Tensor) -> torch.Tensor:
    """Rows of length one, in fp32: half a number's digits are not enough for that."""
    return torch.nn.functional.normalize(rows.float(), dim=-1)


def _warn(text: str, length: int) -> None:
    warnings.warn(
        f"The model reads {length} tokens; the end of {json.dumps(text[:60])}... is left out.",
        QueryTruncated,
        stacklevel=3,
    )
