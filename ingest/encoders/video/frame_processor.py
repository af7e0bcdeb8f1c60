"""Frame processor: frames of a clip as a model takes them."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from PIL import Image

from ingest.encoders.checkpoint import LOAD_ERRORS, Checkpoint
from ingest.page import Clip

BLANK_SIDE = 224


class FrameProcessor:
    """Image processor of a checkpoint of clips, the model's own.

    Raises:
        InvalidCheckpoint
    """

    def __init__(self, checkpoint: Checkpoint) -> None:
        from transformers import AutoImageProcessor

        try:
            self._processor: Any = AutoImageProcessor.from_pretrained(
                checkpoint.folder, trust_remote_code=False
            )
        except LOAD_ERRORS as error:
            raise checkpoint.load_error(error, "Download the model again.") from error

    def __call__(self, clip: Clip) -> torch.Tensor:
        """Preprocess frames: (frames, 3, height, width)."""
        frames = [Image.fromarray(frame) for frame in clip]
        values: torch.Tensor = self._processor(frames, return_tensors="pt")["pixel_values"]
        return values.reshape(len(clip), *values.shape[-3:])

    @staticmethod
    def blank(frames: int) -> Clip:
        """Clip of white frames."""
        return np.full((frames, BLANK_SIDE, BLANK_SIDE, 3), 255, np.uint8)
