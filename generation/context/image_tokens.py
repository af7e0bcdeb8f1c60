"""Image token counters: a provider's image sizes and token counts.

The formulas alone, as the providers publish them; which model has which stands
in its provider's file.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Protocol

Size = tuple[int, int]
"""Width and height, in pixels."""


class ImageTokenCounter(Protocol):
    """Token count of images for a family of models."""

    def effective_size(self, width: int, height: int) -> Size:
        """Largest size of this shape, up to the one given, that is not scaled down."""
        ...

    def tokens(self, width: int, height: int) -> int:
        """Tokens of an image of this size."""
        ...


@dataclass(frozen=True, slots=True)
class PatchTokens:
    """Token count by square patches of `side` pixels, times `factor`.

    An image has at most `max_patches`. Anthropic's rule (side 28) and that of OpenAI's newer models (side 32).
    """

    side: int
    max_patches: int
    longest_edge: int
    factor: float = 1.0

    def effective_size(self, width: int, height: int) -> Size:
        """See `ImageTokenCounter`."""
        longest = max(width, height)
        for edge in range(min(longest, self.longest_edge), 0, -1):
            size = scaled(width, height, edge / longest)
            if self._patches(*size) <= self.max_patches:
                return size
        return 1, 1

    def tokens(self, width: int, height: int) -> int:
        """See `ImageTokenCounter`."""
        return math.ceil(self._patches(*self.effective_size(width, height)) * self.factor)

    def _patches(self, width: int, height: int) -> int:
        return math.ceil(width / self.side) * math.ceil(height / self.side)


@dataclass(frozen=True, slots=True)
class TileTokens:
    """Token count by tiles: `base`, and `per_tile` for each square of 512 pixels.

    Tiles are counted once the shorter side has 768 pixels. The rule of OpenAI's
    older models at detail "high"; at "low" an image counts `base` and is scaled
    to 512 pixels.
    """

    base: int
    per_tile: int

    def effective_size(self, width: int, height: int) -> Size:
        """See `ImageTokenCounter`."""
        return scaled(width, height, min(1, 2_048 / max(width, height), 768 / min(width, height)))

    def tokens(self, width: int, height: int) -> int:
        """See `ImageTokenCounter`."""
        inside = min(1, 2_048 / max(width, height))
        scale = inside * 768 / (min(width, height) * inside)
        return self.base + self.per_tile * _tiles(width * scale, height * scale, 512)


@dataclass(frozen=True, slots=True)
class CropTokens:
    """Token count by square crops, `per_crop` for each.

    A crop's side is two thirds of the image's shorter side; an image within 384
    pixels is one crop. Each crop is scaled to `crop_side`
    pixels. The rule of Gemini 2.
    """

    crop_side: int = 768
    per_crop: int = 258

    def effective_size(self, width: int, height: int) -> Size:
        """See `ImageTokenCounter`."""
        return scaled(width, height, min(1, self.crop_side * 1.5 / min(width, height)))

    def tokens(self, width: int, height: int) -> int:
        """See `ImageTokenCounter`."""
        if max(width, height) <= 384:
            return self.per_crop
        return self.per_crop * _tiles(width, height, max(1, math.floor(min(width, height) / 1.5)))


@dataclass(frozen=True, slots=True)
class FixedTokens:
    """Token count that is the same for every image.

    The rule of Gemini 3; the size it scales to is not published.
    """

    per_image: int
    longest_edge: int

    def effective_size(self, width: int, height: int) -> Size:
        """See `ImageTokenCounter`."""
        return scaled(width, height, min(1, self.longest_edge / max(width, height)))

    def tokens(self, width: int, height: int) -> int:
        """See `ImageTokenCounter`."""
        return self.per_image


def scaled(width: int, height: int, scale: float) -> Size:
    """Size of the same shape times `scale`, at least one by one."""
    return max(1, round(width * scale)), max(1, round(height * scale))


def _tiles(width: float, height: float, side: int) -> int:
    """Squares that cover an image; a hundredth of a pixel more is rounding."""
    return math.ceil((width - 0.01) / side) * math.ceil((height - 0.01) / side)
