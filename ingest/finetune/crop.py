"""Random crops of training images.

As in open_clip's training, a crop keeps at least 90 % of the area. There is no
mirroring, since captions name sides. A crop has about the aspect ratio of the
image and then goes through the model's own transform, as in search.
"""

from __future__ import annotations

import math
import random
from dataclasses import dataclass
from pathlib import Path

from PIL import Image

from ingest.files.open import open_source
from ingest.files.source import UnreadableFile

MIN_AREA = 0.9
"""Share of the area that a crop keeps at least."""
REDUCING_GAP = 3.0
"""A large image is reduced by an integer factor first; see Pillow's `resize`."""


@dataclass(frozen=True, slots=True)
class CropRequest:
    """Image to load for a model of `size` (width, height) pixels.

    The image is cropped if there is a `seed`.
    """

    path: Path
    size: tuple[int, int]
    seed: int | None = None


def load_crop(request: CropRequest) -> Image.Image:
    """Load an image as RGB, scaled down to just cover the size.

    Raises:
        UnreadableFile: it is missing, not an image, or broken.
    """
    source = open_source(request.path)
    if source.kind != "image":
        raise UnreadableFile(
            f"{request.path.name} is not an image.", hint="Save its pages as PNG or JPEG first."
        )
    image = source.page_image(1, 72).image
    box = (0, 0, *image.size)
    if request.seed is not None:
        box = choose_crop(*image.size, random.Random(request.seed))
    width, height = box[2] - box[0], box[3] - box[1]
    scale = min(max(request.size[0] / width, request.size[1] / height), 1.0)
    small = (max(round(scale * width), 1), max(round(scale * height), 1))
    return image.resize(small, Image.Resampling.BICUBIC, box, REDUCING_GAP)


def choose_crop(width: int, height: int, rng: random.Random) -> tuple[int, int, int, int]:
    """Choose a random crop, in pixels: left, top, right, bottom.

    Its area, shape and position are random.
    """
    area = rng.uniform(MIN_AREA, 1)
    # Aspect ratio relative to the image's; beyond these bounds the crop would not fit.
    shape = math.exp(rng.uniform(math.log(area), -math.log(area)))
    wide = max(round(width * math.sqrt(area * shape)), 1)
    high = max(round(height * math.sqrt(area / shape)), 1)
    left, top = rng.randint(0, width - wide), rng.randint(0, height - high)
    return left, top, left + wide, top + high
