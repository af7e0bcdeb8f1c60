"""Read a picture for a model: for training a little of its rim is cut off, at random.

Light on purpose, and no mirroring: captions name sides. As in open_clip's
training a crop keeps 90 % of the area or more; but it keeps to the shape of the
picture too, and then goes through the model's own transform, so that training
sees pictures the way that searching does.
"""

from __future__ import annotations

import math
import random
from dataclasses import dataclass
from pathlib import Path

from PIL import Image

from ingest.files.open import open_source
from ingest.files.source import UnreadableFile

LEAST = 0.9
"""Share of a picture's area that a crop keeps."""
GAP = 3.0
"""A large picture is halved, quickly, down to so many times the size that it is then scaled to."""


@dataclass(frozen=True, slots=True)
class Glance:
    """A picture to read for a model that takes `size` (width, height) pixels; with a `seed`, cut."""

    path: Path
    size: tuple[int, int]
    seed: int | None = None


def look(glance: Glance) -> Image.Image:
    """The picture, RGB, just large enough to cover the size; never enlarged.

    Raises:
        UnreadableFile: it is not there, no picture, or broken.
    """
    source = open_source(glance.path)
    if source.kind != "image":
        raise UnreadableFile(
            f"{glance.path.name} is no picture.", hint="Save its pages as PNG or JPEG first."
        )
    picture = source.page_image(1, 72).image
    box = (0, 0, *picture.size)
    if glance.seed is not None:
        box = choose_crop(*picture.size, random.Random(glance.seed))
    width, height = box[2] - box[0], box[3] - box[1]
    scale = min(max(glance.size[0] / width, glance.size[1] / height), 1.0)
    small = (max(round(scale * width), 1), max(round(scale * height), 1))
    return picture.resize(small, Image.Resampling.BICUBIC, box, GAP)


def choose_crop(width: int, height: int, chance: random.Random) -> tuple[int, int, int, int]:
    """A crop of a random area, shape and place, in pixels: left, top, right, bottom."""
    area = chance.uniform(LEAST, 1)
    # Width over height, against the picture's own; beyond these bounds it would not fit.
    shape = math.exp(chance.uniform(math.log(area), -math.log(area)))
    wide = max(round(width * math.sqrt(area * shape)), 1)
    high = max(round(height * math.sqrt(area / shape)), 1)
    left, top = chance.randint(0, width - wide), chance.randint(0, height - high)
    return left, top, left + wide, top + high
