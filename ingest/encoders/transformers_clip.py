"""CLIP and SigLIP checkpoints of transformers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from typing import Any

import torch
from PIL import Image

from ingest.encoders.checkpoint import LOAD_ERRORS, Checkpoint, InvalidCheckpoint
from ingest.encoders.dual_encoder import (
    PreparedImage,
    read_logits,
    stack_images,
    unit_rows,
)
from ingest.encoders.loading.load_report import LoadReport, check_missing
from ingest.encoders.loading.query_truncated import warn_truncated

DUAL_ENCODER_ATTRIBUTES = ("get_image_features", "get_text_features", "logit_scale")
"""What a dual encoder of transformers has, and other models lack."""


class TransformersClip:
    """A dual encoder of transformers: CLIP or SigLIP.

    Raises:
        InvalidCheckpoint: the checkpoint is broken, or another kind of model.
    """

    def __init__(self, checkpoint: Checkpoint, device: torch.device, dtype: torch.dtype) -> None:
        from transformers import AutoModel, AutoProcessor

        hint = "Download the model again."
        try:
            network, info = AutoModel.from_pretrained(
                checkpoint.folder, output_loading_info=True, trust_remote_code=False
            )
        except LOAD_ERRORS as error:
            raise checkpoint.load_error(error, hint) from error
        if not all(hasattr(network, name) for name in DUAL_ENCODER_ATTRIBUTES):
            raise InvalidCheckpoint(
                f"{checkpoint.spec} is a {type(network).__name__}, which is no dual encoder of images and texts.",
                hint="Give a CLIP or SigLIP model.",
            )
        try:
            processor: Any = AutoProcessor.from_pretrained(
                checkpoint.folder, trust_remote_code=False
            )
            self.image_processor = processor.image_processor
            self.prepare: Callable[[Image.Image], PreparedImage] = _TransformersPreparer(
                self.image_processor
            )
            self.tokenizer = processor.tokenizer
            self.lowercase = _is_siglip2(network, checkpoint)
        except LOAD_ERRORS as error:
            raise checkpoint.load_error(error, hint) from error
        self.checkpoint = checkpoint
        self.spec, self.title = checkpoint.spec, f"transformers {checkpoint.title}"
        self.logit_scale, self.cosine_range = read_logits(network)
        self.network = network.to(device=device, dtype=dtype).eval()
        self._device, self._dtype = device, dtype
        positions = int(network.config.text_config.max_position_embeddings)
        self.length = min(positions, self.tokenizer.model_max_length)
        self.provenance = {"transformers": version("transformers")}
        self.dim = self.encode_texts(["a photo"]).shape[1]
        check_missing(checkpoint, LoadReport.read(info), self.network, self._probe)

    def _probe(self) -> list[torch.Tensor]:
        """Rows of an image and of a text, to see which weights they depend on."""
        image = self.prepare(Image.new("RGB", (64, 64), "white"))
        return [self.encode_images([image]), self.encode_texts(["a photo"])]

    @torch.inference_mode()
    def encode_images(self, prepared: Sequence[PreparedImage]) -> torch.Tensor:
        """See `DualEncoder`."""
        batch = stack_images(prepared, self._device, self._dtype)
        return unit_rows(pooled_features(self.network.get_image_features(**batch)))

    @torch.inference_mode()
    def encode_texts(self, texts: Sequence[str]) -> torch.Tensor:
        """Encode texts: see `DualEncoder`.

        Texts are padded to the full length, as SigLIP was trained; CLIP masks the
        padding.
        """
        texts = [text.lower() for text in texts] if self.lowercase else texts
        inputs = tokenize_padded(self.tokenizer, texts, self.length).to(self._device)
        return unit_rows(pooled_features(self.network.get_text_features(**inputs)))


@dataclass(frozen=True, slots=True)
class _TransformersPreparer:
    processor: Any

    def __call__(self, image: Image.Image) -> PreparedImage:
        batch = self.processor(images=image, return_tensors="pt")
        return {name: values[0] for name, values in batch.items()}


def _is_siglip2(network: Any, checkpoint: Checkpoint) -> bool:
    """Whether a model is SigLIP 2, which was trained on text in small letters.

    Most are published as `siglip`; the tokenizer, Gemma's, tells them apart.
    """
    tokenizer = (checkpoint.read("tokenizer_config.json") or {}).get("tokenizer_class") or ""
    kind = str(network.config.model_type)
    return kind == "siglip2" or (kind == "siglip" and "gemma" in str(tokenizer).lower())


def tokenize_padded(tokenizer: Any, texts: Sequence[str], length: int) -> Any:
    """Token ids and mask of texts (n, length).

    Too long a text is truncated, with a warning.
    """
    for text in texts:
        if len(tokenizer(text, verbose=False)["input_ids"]) > length:
            warn_truncated(text, length)
    batch = tokenizer(
        list(texts),
        padding="max_length",
        truncation=True,
        max_length=length,
        return_tensors="pt",
    )
    for name in set(batch) - {"input_ids", "attention_mask"}:
        del batch[name]
    return batch


def pooled_features(features: Any) -> torch.Tensor:
    """The vectors, which transformers returns as a tensor or inside an output object."""
    pooled: torch.Tensor = getattr(features, "pooler_output", features)
    return pooled
