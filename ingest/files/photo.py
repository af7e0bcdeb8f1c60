"""Read pictures with Pillow: PNG, JPEG, WebP, TIFF (page by page), GIF (its first frame), BMP.

Whatever the mode (1-bit, 16-bit, CMYK, palette with transparency), what comes
out is upright RGB on white.
"""

from __future__ import annotations

import struct
import warnings
import zlib
from pathlib import Path

import numpy as np
from PIL import ExifTags, Image, UnidentifiedImageError

from ingest.files.source import LONGEST_SIDE, PageImage, UnreadableFile
from ingest.page import WHOLE

FORMATS = ("PNG", "JPEG", "WEBP", "TIFF", "GIF", "BMP")
"""Pillow knows more, some of which run other programs (EPS) on what may be anybody's file."""
MAX_PIXELS = 210_000_000
"""A picture that claims more than this is taken for a decompression bomb (Pillow's own term).

Telephones take pictures of 200 million pixels.
"""
MAX_DECODED = 120_000_000
"""Pixels held in memory; a JPEG is decoded at a fraction of its size, other formats are not."""
Image.MAX_IMAGE_PIXELS = MAX_PIXELS


class PhotoSource:
    """An open picture; a multi-page TIFF has as many pages as frames.

    Raises:
        UnreadableFile: it is no picture that Pillow reads, broken, or a bomb.
    """

    kind = "image"
    title = ""

    def __init__(self, path: Path) -> None:
        self._path = path
        with _Reading(path), Image.open(path, formats=FORMATS) as image:
            self._check_size(image, MAX_PIXELS)
            self.page_count: int = getattr(image, "n_frames", 1) if image.format == "TIFF" else 1

    def page_image(self, number: int, dpi: int) -> PageImage:
        """Frame `number` (from 1); `dpi` does not matter to pixels."""
        with _Reading(self._path), Image.open(self._path, formats=FORMATS) as image:
            image.seek(number - 1)
            self._check_size(image, MAX_PIXELS)
            image.draft("RGB", (LONGEST_SIDE, LONGEST_SIDE))
            self._check_size(image, MAX_DECODED)
            rgb = _to_rgb(image)
            rgb.thumbnail((LONGEST_SIDE, LONGEST_SIDE), Image.Resampling.LANCZOS)
            return PageImage(_upright(rgb, image), (), (WHOLE,))

    def _check_size(self, image: Image.Image, most: int) -> None:
        if image.width * image.height > most:
            raise UnreadableFile(
                f"{self._path.name} claims {image.width} x {image.height} pixels, more than is safe to open.",
                hint="If it is really that large, save a smaller copy.",
            )


_BROKEN = (
    *(OSError, ValueError, SyntaxError, EOFError, TypeError, LookupError, ArithmeticError),
    *(struct.error, zlib.error),
)
"""What Pillow is known to raise on files that are cut short or wrong."""


class _Reading:
    """Turn what Pillow raises on bad files into one clear fault."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._warnings = warnings.catch_warnings()

    def __enter__(self) -> None:
        self._warnings.__enter__()
        # Sizes are checked against MAX_PIXELS; metadata that Pillow grumbles about is not shown.
        warnings.simplefilter("ignore")

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        self._warnings.__exit__(None, None, None)
        name = self._path.name
        if isinstance(error, UnidentifiedImageError):
            raise UnreadableFile(
                f"{name} is neither a PDF nor a picture that can be read.",
                hint="Convert it to PDF, PNG or JPEG.",
            ) from error
        if isinstance(error, Image.DecompressionBombError):
            raise UnreadableFile(
                f"{name} claims more pixels than is safe to open.",
                hint="If it is really that large, save a smaller copy.",
            ) from error
        if isinstance(error, _BROKEN):
            raise UnreadableFile(
                f"{name} is a broken picture ({error}).", hint="Copy it again, or save it anew."
            ) from error


def _to_rgb(image: Image.Image) -> Image.Image:
    if image.mode.startswith("I;16") or image.mode in {"I", "F"}:
        return _scale_depth(image)
    if image.mode in {"RGBA", "LA", "PA"} or "transparency" in image.info:
        layered = image if image.mode == "RGBA" else image.convert("RGBA")
        paper = Image.new("RGB", layered.size, "white")
        paper.paste(layered, mask=layered.getchannel("A"))
        return paper
    return image.convert("RGB")


def _scale_depth(image: Image.Image) -> Image.Image:
    """Deep grey to 8 bits: 16-bit values and fractions by their full range, anything wider by its own."""
    if image.mode.startswith("I;16"):
        return Image.fromarray((np.asarray(image) >> 8).astype(np.uint8)).convert("RGB")
    if (factor := max(image.size) // LONGEST_SIDE) > 1:
        image = image.reduce(factor)
    values = np.nan_to_num(np.asarray(image, dtype=np.float64), posinf=0, neginf=0)
    low, high = float(values.min()), float(values.max())
    if image.mode == "F" and low >= 0 and high <= 1:
        low, high = 0.0, 1.0
    grey = (values - low) * (255 / ((high - low) or 1.0))
    return Image.fromarray(grey.round().astype(np.uint8)).convert("RGB")


def _upright(rgb: Image.Image, image: Image.Image) -> Image.Image:
    """Turn and mirror as the picture's EXIF data ask; data that make no sense ask for nothing."""
    try:
        orientation = image.getexif().get(ExifTags.Base.Orientation)
    except _BROKEN:
        return rgb
    turn = _TURNS.get(orientation) if isinstance(orientation, int) else None
    return rgb if turn is None else rgb.transpose(turn)


_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
