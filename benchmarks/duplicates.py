"""Near-duplicate photos: edited copies found, different photos confused.

    python -m benchmarks.duplicates EVAL/coco128-dev [--photos 60]

Each photo is made smaller, saved coarsely, brightened, cropped and mirrored,
and compared as `pageglass duplicates` does: by the distance of vectors, then by
the correlation of greyscale versions.
"""

from __future__ import annotations

import argparse
import io
from collections.abc import Callable
from itertools import combinations
from pathlib import Path

import numpy as np
from PIL import Image, ImageEnhance, ImageOps

from ingest.box import crop_image
from ingest.encoders.embedded.conse import ConseEncoder
from ingest.page import Vectors
from retrieval.duplicates import MIN_CORRELATION, MIN_COSINE, Grey, correlate, shrink
from retrieval.query.encode import render_query_image

Edit = Callable[[Image.Image], Image.Image]


def _coarse(photo: Image.Image) -> Image.Image:
    buffer = io.BytesIO()
    photo.save(buffer, "JPEG", quality=30)
    return Image.open(buffer).convert("RGB")


EDITS: dict[str, Edit] = {
    "a third of the size": lambda p: p.resize((p.width // 3, p.height // 3)),
    "JPEG quality 30": _coarse,
    "30 % brighter": lambda p: ImageEnhance.Brightness(p).enhance(1.3),
    "5 % cut off each side": lambda p: crop_image(p, (0.05, 0.05, 0.95, 0.95)),
    "10 % cut off each side": lambda p: crop_image(p, (0.1, 0.1, 0.9, 0.9)),
    "10 % cut off the right": lambda p: crop_image(p, (0.0, 0.0, 0.9, 1.0)),
    "mirrored": ImageOps.mirror,
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--photos", type=int, default=60)
    args = parser.parse_args()
    files = sorted((args.folder / "images").iterdir())[: args.photos]
    photos = [Image.open(path).convert("RGB") for path in files]
    encoder = ConseEncoder()
    seen = [_see(encoder, photo) for photo in photos]
    pairs = list(combinations(seen, 2))
    taken = sum(_same(a, b) for a, b in pairs)
    print(f"{len(photos)} photos, {len(pairs)} pairs of strangers, {taken} taken for the same")
    for name, edit in EDITS.items():
        known = sum(_same(a, _see(encoder, edit(p))) for a, p in zip(seen, photos, strict=True))
        print(f"{name:26}{known / len(photos):5.0%} known again")


def _see(encoder: ConseEncoder, photo: Image.Image) -> tuple[Vectors, Grey]:
    page = render_query_image(photo)
    return encoder.encode_pages([page])[0].vectors[0], shrink(page.image)


def _same(a: tuple[Vectors, Grey], b: tuple[Vectors, Grey]) -> bool:
    return bool(np.dot(a[0], b[0]) >= MIN_COSINE and correlate(a[1], b[1]) >= MIN_CORRELATION)


if __name__ == "__main__":
    main()
