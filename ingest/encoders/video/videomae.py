"""VideoMAE: the mean of a clip's patches (Tong et al. 2022, arXiv:2203.12602)."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.metadata import version

import torch

from ingest.encoders.dual_encoder import unit_rows
from ingest.encoders.loading.load_report import check_missing
from ingest.encoders.video.clip_checkpoint import find_clip_checkpoint, load_clip_network
from ingest.encoders.video.frame_processor import FrameProcessor
from ingest.page import Clip


class VideoMae:
    """VideoMAE as a `ClipNetwork`; of a classifier the network below its head.

    Raises:
        WeightsMissing, InvalidCheckpoint
    """

    cosine_range = (0.0, 1.0)

    def __init__(self, model: str, device: torch.device, dtype: torch.dtype) -> None:
        from transformers import VideoMAEModel

        checkpoint = find_clip_checkpoint(model, "videomae")
        network, report = load_clip_network(checkpoint, VideoMAEModel)
        self.spec, self.title = checkpoint.spec, f"transformers {checkpoint.title}"
        self.provenance = {"transformers": version("transformers"), "frames": "even"}
        self.frames, self.dim = int(network.config.num_frames), int(network.config.hidden_size)
        self._processor = FrameProcessor(checkpoint)
        self._network = network.to(device=device, dtype=dtype).eval()
        self._device, self._dtype = device, dtype
        check_missing(checkpoint, report, self._network, lambda: [self._probe()])

    def _probe(self) -> torch.Tensor:
        return self.encode_clips([self.prepare(self._processor.blank(self.frames))])

    def prepare(self, clip: Clip) -> torch.Tensor:
        """See `ClipNetwork`."""
        return self._processor(clip)

    @torch.inference_mode()
    def encode_clips(self, prepared: Sequence[torch.Tensor]) -> torch.Tensor:
        """See `ClipNetwork`."""
        batch = torch.stack(list(prepared)).to(self._device, self._dtype)
        return unit_rows(self._network(pixel_values=batch).last_hidden_state.float().mean(dim=1))

    def encode_texts(self, texts: Sequence[str]) -> None:
        """VideoMAE reads no text."""
        return
