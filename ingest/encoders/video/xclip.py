"""X-CLIP: clips and texts in one space (Ni et al. 2022, arXiv:2208.02816).

The vector of a text is that of its tower, without what the model adds to it for one clip:
an index knows no clip when a text is encoded.
"""

from __future__ import annotations

from collections.abc import Sequence
from importlib.metadata import version
from typing import Any

import torch

from ingest.encoders.checkpoint import LOAD_ERRORS
from ingest.encoders.dual_encoder import read_logits, unit_rows, warn_truncated
from ingest.encoders.loading.load_report import check_missing
from ingest.encoders.video.clip_checkpoint import HINT, find_clip_checkpoint, load_clip_network
from ingest.encoders.video.frame_processor import FrameProcessor
from ingest.page import Clip


class XClip:
    """X-CLIP as a `ClipNetwork`.

    Raises:
        WeightsMissing, InvalidCheckpoint
    """

    def __init__(self, model: str, device: torch.device, dtype: torch.dtype) -> None:
        from transformers import AutoTokenizer, XCLIPModel

        checkpoint = find_clip_checkpoint(model, "xclip")
        network, report = load_clip_network(checkpoint, XCLIPModel)
        try:
            self._tokenizer: Any = AutoTokenizer.from_pretrained(
                checkpoint.folder, trust_remote_code=False
            )
        except LOAD_ERRORS as error:
            raise checkpoint.load_error(error, HINT) from error
        self.spec, self.title = checkpoint.spec, f"transformers {checkpoint.title}"
        self.provenance = {"transformers": version("transformers"), "frames": "even"}
        self.frames = int(network.config.vision_config.num_frames)
        self.dim = int(network.config.projection_dim)
        self.cosine_range = read_logits(network)[1]
        positions = int(network.config.text_config.max_position_embeddings)
        self._length = min(positions, self._tokenizer.model_max_length)
        self._processor = FrameProcessor(checkpoint)
        self._network = network.to(device=device, dtype=dtype).eval()
        self._device, self._dtype = device, dtype
        check_missing(checkpoint, report, self._network, self._probe)

    def _probe(self) -> list[torch.Tensor]:
        clip = self.prepare(self._processor.blank(self.frames))
        return [self.encode_clips([clip]), self.encode_texts(["a clip"])]

    def prepare(self, clip: Clip) -> torch.Tensor:
        """See `ClipNetwork`."""
        return self._processor(clip)

    @torch.inference_mode()
    def encode_clips(self, prepared: Sequence[torch.Tensor]) -> torch.Tensor:
        """See `ClipNetwork`."""
        batch = torch.stack(list(prepared)).to(self._device, self._dtype)
        return unit_rows(_pooled(self._network.get_video_features(pixel_values=batch)))

    @torch.inference_mode()
    def encode_texts(self, texts: Sequence[str]) -> torch.Tensor:
        """See `ClipNetwork`. Too long a text is truncated, with a warning."""
        for text in texts:
            if len(self._tokenizer(text, verbose=False)["input_ids"]) > self._length:
                warn_truncated(text, self._length)
        batch = self._tokenizer(
            list(texts),
            padding="max_length",
            truncation=True,
            max_length=self._length,
            return_tensors="pt",
        ).to(self._device)
        inputs = {name: batch[name] for name in ("input_ids", "attention_mask") if name in batch}
        return unit_rows(_pooled(self._network.get_text_features(**inputs)))


def _pooled(features: Any) -> torch.Tensor:
    """The vectors, which transformers returns as a tensor or inside an output object."""
    pooled: torch.Tensor = getattr(features, "pooler_output", features)
    return pooled
