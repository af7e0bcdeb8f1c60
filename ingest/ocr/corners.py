"""Corners of a printed line in an image: its direction, crop and parts.

Corners are (4, 2) pixels in the reader's order: the first is where the line begins
above its letters, the second where it ends, then the two below. So the direction of
print is from the first to the second, whatever way the image is turned.
"""

from __future__ import annotations

import math
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt
from PIL import Image

from ingest.page import Box

Corners = npt.NDArray[np.float32]
Pixels = npt.NDArray[np.uint8]


def upright_corners(points: Any) -> Corners:
    """Corners of a rectangle read in the direction closest to left to right.

    Its points may begin anywhere, but follow each other around it.
    """
    corners = np.asarray(points, dtype=np.float32).reshape(4, 2)
    before, here, after = corners[-1], corners[0], corners[1]
    (x1, y1), (x2, y2) = here - before, after - here
    if x1 * y2 - y1 * x2 < 0:
        corners = corners[::-1]
    turns = [turn_corners(corners, quarters) for quarters in range(4)]
    return min(turns, key=lambda turn: abs(angle_of(turn)))


def turn_corners(corners: Corners, quarters: int) -> Corners:
    """The same rectangle, read in a direction `quarters` of a turn clockwise."""
    return np.roll(corners, -quarters, axis=0)


def length_of(corners: Corners) -> float:
    """Length of a line in pixels."""
    return float(np.linalg.norm(corners[1] - corners[0]))


def height_of(corners: Corners) -> float:
    """Height of a line in pixels."""
    return float(np.linalg.norm(corners[3] - corners[0]))


def angle_of(corners: Corners) -> float:
    """Direction of print in degrees clockwise, -180 to 180."""
    x, y = (corners[1] + corners[2] - corners[0] - corners[3]).tolist()
    return math.degrees(math.atan2(y, x))


def crop_line(pixels: Pixels, corners: Corners) -> Pixels:
    """The pixels of a line, laid out from left to right."""
    width, height = max(round(length_of(corners)), 1), max(round(height_of(corners)), 1)
    flat = np.array([[0, 0], [width, 0], [width, height], [0, height]], dtype=np.float32)
    crop = cv2.warpPerspective(
        pixels,
        cv2.getPerspectiveTransform(corners, flat),
        (width, height),
        borderMode=cv2.BORDER_REPLICATE,
        flags=cv2.INTER_CUBIC,
    )
    return np.asarray(crop, dtype=np.uint8)


def part_box(corners: Corners, start: float, end: float, size: tuple[int, int]) -> Box:
    """Box of a part of a line, from `start` to `end` of its length (0..1)."""
    above, below = corners[1] - corners[0], corners[2] - corners[3]
    points = np.stack(
        [corners[at] + part * way for at, way in ((0, above), (3, below)) for part in (start, end)]
    )
    return bounds(points / np.array(size, dtype=np.float32))


def bounds(points: npt.NDArray[Any]) -> Box:
    """The box around points that are fractions of the page, clipped to it."""
    (left, top), (right, bottom) = (
        edge.tolist() for edge in (points.clip(0, 1).min(0), points.clip(0, 1).max(0))
    )
    return left, top, right, bottom


def box_corners(box: Box, size: tuple[int, int]) -> Corners:
    """Corners of a box, read from left to right, in pixels of an image of `size`."""
    left, top, right, bottom = box
    points = np.array(
        [[left, top], [right, top], [right, bottom], [left, bottom]], dtype=np.float32
    )
    return points * np.array(size, dtype=np.float32)


def as_pixels(image: Image.Image) -> Pixels:
    """Pixels of an image in the order blue, green, red, as OpenCV has them."""
    return np.ascontiguousarray(np.asarray(image.convert("RGB"))[:, :, ::-1])
