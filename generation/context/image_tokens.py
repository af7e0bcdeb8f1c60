"""What providers keep of a picture's pixels, and how many tokens they count for it.

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
    """How a family of models measures pictures."""

    def kept(self, width: int, height: int) -> Size:
        """The largest size of this shape that loses nothing on the way in; never larger than given."""
        ...

    def tokens(self, width: int, height: int) -> int:
        """What a picture of this size counts."""
        ...


@dataclass(frozen=True, slots=True)
class Patches:
    """A token a square patch of `side` pixels, times `factor`; at most `most` patches.

    Anthropic's rule (side 28) and that of OpenAI's newer models (side 32).
    """

    side: int
    most: int
    longest_edge: int
    factor: float = 1.0

    def kept(self, width: int, height: int) -> Size:
        """See `ImageTokenCounter`."""
        longest = max(width, height)
        for edge in range(min(longest, self.longest_edge), 0, -1):
            size = scaled(width, height, edge / longest)
            if self._patches(*size) <= self.most:
                return size
        return 1, 1

    def tokens(self, width: int, height: int) -> int:
        """See `ImageTokenCounter`."""
        return math.ceil(self._patches(*self.kept(width, height)) * self.factor)

    def _patches(self, width: int, height: int) -> int:
        return math.ceil(width / self.side) * math.ceil(height / self.side)


@dataclass(frozen=True, slots=True)
class Tiles:
    """`base` tokens, and `tile` for each square of 512 pixels once the shorter side has 768.

    The rule of OpenAI's older models at detail "high"; at "low" a picture
    counts `base` and keeps 512 pixels.
    """

    base: int
    tile: int

    def kept(self, width: int, height: int) -> Size:
        """See `ImageTokenCounter`."""
        return scaled(width, height, min(1, 2_048 / max(width, height), 768 / min(width, height)))

    def tokens(self, width: int, height: int) -> int:
        """See `ImageTokenCounter`."""
        inside = min(1, 2_048 / max(width, height))
        scale = inside * 768 / (min(width, height) * inside)
        return self.base + self.tile * _squares(width * scale, height * scale, 512)


@dataclass(frozen=True, slots=True)
class Crops:
    """258 tokens for a picture within 384 pixels, or for each crop of two thirds of its shorter side.

    The rule of Gemini 2. A crop becomes 768 pixels wide, whatever it was.
    """

    crop: int = 768
    each: int = 258

    def kept(self, width: int, height: int) -> Size:
        """See `ImageTokenCounter`."""
        return scaled(width, height, min(1, self.crop * 1.5 / min(width, height)))

    def tokens(self, width: int, height: int) -> int:
        """See `ImageTokenCounter`."""
        if max(width, height) <= 384:
            return self.each
        return self.each * _squares(width, height, max(1, math.floor(min(width, height) / 1.5)))


@dataclass(frozen=True, slots=True)
class Flat:
    """The same for every picture. The rule of Gemini 3; what it keeps is not published."""

    each: int
    longest_edge: int

    def kept(self, width: int, height: int) -> Size:
        """See `ImageTokenCounter`."""
        return scaled(width, height, min(1, self.longest_edge / max(width, height)))

    def tokens(self, width: int, height: int) -> int:
        """See `ImageTokenCounter`."""
        return self.each


def scaled(width: int, height: int, scale: float) -> Size:
    """A size of the same shape, at least a pixel either way."""
    return max(1, round(width * scale)), max(1, round(height * scale))


def _squares(width: float, height: float, side: int) -> int:
    """Squares that cover a picture; a hundredth of a pixel over is rounding."""
    return math.ceil((width - 0.01) / side) * math.ceil((height - 0.01) / side)
