"""Read pictures with Pillow: PNG, JPEG, WebP, TIFF (page by page), GIF (its first frame), BMP.

Whatever the mode (1-bit, 16-bit, CMYK, palette with transparency), what comes
out is upright RGB on white.
"""

from __future__ import annotations

import warnings
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

from ingest.page import WHOLE
from ingest.source import LONGEST_SIDE, Sheet, UnreadableFile

MAX_PIXELS = 250_000_000
"""A picture that claims more than this is taken for a decompression bomb (Pillow's own term)."""


class PhotoSource:
    """An open picture; a multi-page TIFF has as many pages as frames.

    Raises:
        UnreadableFile: it is no picture that Pillow reads, broken, or a bomb.
    """

    kind = "image"
    title = ""

    def __init__(self, path: Path) -> None:
        self._path = path
        with _Reading(path), Image.open(path) as image:
            self._check_size(image)
            self.page_count: int = getattr(image, "n_frames", 1) if image.format == "TIFF" else 1

    def sheet(self, number: int, dpi: int) -> Sheet:
        """Frame `number` (from 1); `dpi` does not matter to pixels."""
        with _Reading(self._path), Image.open(self._path) as image:
            image.seek(number - 1)
            self._check_size(image)
            image.draft("RGB", (LONGEST_SIDE, LONGEST_SIDE))
            upright = _to_rgb(ImageOps.exif_transpose(image))
        upright.thumbnail((LONGEST_SIDE, LONGEST_SIDE), Image.Resampling.LANCZOS)
        return Sheet(upright, (), (WHOLE,))

    def _check_size(self, image: Image.Image) -> None:
        if image.width * image.height > MAX_PIXELS:
            raise UnreadableFile(
                f"{self._path.name} claims {image.width} x {image.height} pixels, more than is safe to open.",
                remedy="If it is really that large, save a smaller copy.",
            )


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
                remedy="Convert it to PDF, PNG or JPEG.",
            ) from error
        if isinstance(error, Image.DecompressionBombError):
            raise UnreadableFile(
                f"{name} claims more pixels than is safe to open.",
                remedy="If it is really that large, save a smaller copy.",
            ) from error
        if isinstance(error, (OSError, ValueError, SyntaxError, EOFError)):
            raise UnreadableFile(
                f"{name} is a broken picture ({error}).", remedy="Copy it again, or save it anew."
            ) from error


def _to_rgb(image: Image.Image) -> Image.Image:
    if image.mode.startswith("I;16") or image.mode in {"I", "F"}:
        return _scale_depth(image)
    if image.mode in {"RGBA", "LA", "PA"} or "transparency" in image.info:
        layered = image.convert("RGBA")
        paper = Image.new("RGBA", layered.size, "white")
        return Image.alpha_composite(paper, layered).convert("RGB")
    return image.convert("RGB")


def _scale_depth(image: Image.Image) -> Image.Image:
    """Deep grey to 8 bits: by 257 for 16-bit values, by their own range for anything wider."""
    values = np.asarray(image, dtype=np.float64)
    low, high = float(values.min()), float(values.max())
    if low >= 0 and high <= 65_535:
        grey = values / 257
    else:
        grey = (values - low) * (255 / max(high - low, 1e-9))
    return Image.fromarray(grey.round().astype(np.uint8)).convert("RGB")
