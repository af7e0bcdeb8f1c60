"""Pixel recipe: an image to the input of a vision tower, by Pillow and numpy.

The steps and the arithmetic are those of transformers' processors for Pillow: resize, crop
the center, rescale, normalize. Its processors for torch resize by int16 weights, which
moves a few values by a level of 255.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from PIL import Image

Pixels = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class PixelRecipe:
    """Preprocessing of an image.

    `shortest` is what the shorter side becomes, in pixels; where it is 0 the image becomes
    `height` x `width` whatever its shape. The center of that size is kept.
    """

    height: int
    width: int
    shortest: int
    resample: int
    """As Pillow numbers its filters."""
    scale: float
    mean: tuple[float, ...]
    std: tuple[float, ...]

    def __call__(self, image: Image.Image) -> Pixels:
        """Preprocess an RGB image: (3, height, width)."""
        image = image.convert("RGB")
        resized = image.resize(self._size(*image.size), Image.Resampling(self.resample))
        left, top = (resized.width - self.width) // 2, (resized.height - self.height) // 2
        kept = resized.crop((left, top, left + self.width, top + self.height))
        values = (np.asarray(kept).astype(np.float64) * self.scale).astype(np.float32)
        mean, std = np.array(self.mean, np.float32), np.array(self.std, np.float32)
        return np.ascontiguousarray(((values - mean) / std).transpose(2, 0, 1))

    def _size(self, width: int, height: int) -> tuple[int, int]:
        if not self.shortest:
            return self.width, self.height
        long = int(self.shortest * max(width, height) / min(width, height))
        return (self.shortest, long) if width <= height else (long, self.shortest)
