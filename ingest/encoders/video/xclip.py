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
from ingest.encoders.dual_encoder import read_logits, unit_rows
from ingest.encoders.loading.load_report import check_missing
from ingest.encoders.transformers_clip import pooled_features, tokenize_padded
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
        return unit_rows(pooled_features(self._network.get_video_features(pixel_values=batch)))

    @torch.inference_mode()
    def encode_texts(self, texts: Sequence[str]) -> torch.Tensor:
        """See `ClipNetwork`. Too long a text is truncated, with a warning."""
        inputs = tokenize_padded(self._tokenizer, texts, self._length).to(self._device)
        return unit_rows(pooled_features(self._network.get_text_features(**inputs)))
