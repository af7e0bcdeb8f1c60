"""Box geometry: area, union, overlap, clipping to the page, and pixels.

A box is a rectangle on a page as fractions of its width and height: left, top,
right, bottom (`ingest.page.Box`). Pixel boxes exclude their right and bottom
edges, as Pillow's do.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from ingest.page import WHOLE, Box

if TYPE_CHECKING:
    from PIL import Image

PixelBox = tuple[int, int, int, int]
"""Left, top, right, bottom in pixels; right and bottom are outside."""


def area(box: Box) -> float:
    """The area as a share of the page; 0 for an empty box."""
    return 0.0 if is_empty(box) else (box[2] - box[0]) * (box[3] - box[1])


def is_empty(box: Box) -> bool:
    """Whether a box has no area."""
    return box[2] <= box[0] or box[3] <= box[1]


def center(box: Box) -> tuple[float, float]:
    """The middle of a box: x, y."""
    return (box[0] + box[2]) / 2, (box[1] + box[3]) / 2


def contains_center(box: Box, other: Box) -> bool:
    """Whether the center of `other` lies in `box`, edges included."""
    # Asked of every word of a page, so `center` is not called.
    return (
        box[0] <= (other[0] + other[2]) / 2 <= box[2]
        and box[1] <= (other[1] + other[3]) / 2 <= box[3]
    )


def overlaps(one: Box, other: Box) -> bool:
    """Whether two boxes share more than an edge."""
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]


def gap_across(one: Box, other: Box) -> float:
    """The gap between two boxes side by side; negative where they overlap."""
    return max(other[0] - one[2], one[0] - other[2])


def gap_between(one: Box, other: Box) -> float:
    """The gap between two boxes, across or down; negative where they overlap."""
    return max(gap_across(one, other), other[1] - one[3], one[1] - other[3])


def intersection_area(one: Box, other: Box) -> float:
    """The area that two boxes share."""
    width = min(one[2], other[2]) - max(one[0], other[0])
    height = min(one[3], other[3]) - max(one[1], other[1])
    return max(0.0, width) * max(0.0, height)


def covered_share(box: Box, others: Iterable[Box]) -> float:
    """The share of `box`, 0..1, that `others` cover; 1 for an empty box.

    Where others overlap each other their area counts twice, up to 1 in all.
    """
    if is_empty(box):
        return 1.0
    covered = sum(intersection_area(box, other) for other in others)
    return min(1.0, covered / area(box))


def union_box(boxes: Iterable[Sequence[float]]) -> Box:
    """The smallest box that holds all of `boxes`.

    Raises:
        ValueError: `boxes` is empty.
    """
    lefts, tops, rights, bottoms = zip(*boxes, strict=True)
    return min(lefts), min(tops), max(rights), max(bottoms)


def expand(box: Box, margin: float) -> Box:
    """A box enlarged by `margin` on each side, clipped to the page."""
    left, top, right, bottom = box
    return clip_to_page((left - margin, top - margin, right + margin, bottom + margin))


def clip_to_page(box: Box) -> Box:
    """The part of a box that lies on the page; empty where none does."""
    left, top, right, bottom = box
    return max(0.0, left), max(0.0, top), min(1.0, right), min(1.0, bottom)


def clip_if_centered(box: Box) -> Box | None:
    """The part of a box that lies on the page; None where its center is off the page."""
    return clip_to_page(box) if contains_center(WHOLE, box) else None


def pixel_box(box: Box, size: tuple[int, int]) -> PixelBox:
    """Convert a box to pixels of an image of `size`, rounded, at least one by one."""
    width, height = size
    left, top = round(box[0] * width), round(box[1] * height)
    return (
        left,
        top,
        max(round(box[2] * width), left + 1),
        max(round(box[3] * height), top + 1),
    )


def pixel_size(box: Box, size: tuple[int, int]) -> tuple[int, int]:
    """Width and height of `pixel_box`."""
    left, top, right, bottom = pixel_box(box, size)
    return right - left, bottom - top


def touched_pixels(box: Box, size: tuple[int, int]) -> PixelBox | None:
    """Pixels of an image of `size` that a box touches; None where there are none."""
    width, height = size
    left, top = max(0, int(box[0] * width)), max(0, int(box[1] * height))
    right, bottom = min(width, math.ceil(box[2] * width)), min(height, math.ceil(box[3] * height))
    return (left, top, right, bottom) if left < right and top < bottom else None


def crop_image(image: Image.Image, box: Box) -> Image.Image:
    """The pixels of an image inside a box, at least one by one."""
    return image.crop(pixel_box(box, image.size))
