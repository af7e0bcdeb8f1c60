"""Turned images: an image turned upright, and the places on it after the turn."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image

from ingest.ocr.corners import Corners, bounds, box_corners
from ingest.page import Box

_TRANSPOSES = {1: Image.Transpose.ROTATE_90, 2: Image.Transpose.ROTATE_180,
               3: Image.Transpose.ROTATE_270}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Turn:
    """Turn of an image of `size` against the clock: quarters, then `skew` degrees."""

    size: tuple[int, int]
    quarters: int
    skew: float = 0.0

    @property
    def degrees(self) -> float:
        """How far print was turned clockwise, in degrees."""
        return (90 * self.quarters + self.skew) % 360

    def image(self, image: Image.Image) -> Image.Image:
        """The image upright; what the turn uncovers has the color of the image's edge."""
        if self.quarters:
            image = image.transpose(_TRANSPOSES[self.quarters])
        if self.skew:
            image = image.rotate(
                self.skew, Image.Resampling.BICUBIC, expand=True, fillcolor=_edge_color(image)
            )
        return image

    def corners(self, corners: Corners, upright: Image.Image) -> Corners:
        """Corners on the upright image."""
        angle = math.radians(self.degrees)
        cos, sin = math.cos(angle), math.sin(angle)
        centered = corners - np.array(self.size) / 2
        turned = centered @ np.array([[cos, -sin], [sin, cos]])
        placed: Corners = (turned + np.array(upright.size) / 2).astype(np.float32)
        return placed

    def box(self, box: Box, upright: Image.Image) -> Box:
        """The box around a box on the upright image."""
        points = self.corners(box_corners(box, self.size), upright)
        return bounds(points / np.array(upright.size))


def _edge_color(image: Image.Image) -> tuple[int, ...]:
    pixels: npt.NDArray[Any] = np.asarray(image.convert("RGB"))
    edge = np.concatenate([pixels[0], pixels[-1], pixels[:, 0], pixels[:, -1]])
    return tuple(int(value) for value in np.median(edge, axis=0))
