"""Image reader: images of many formats as upright RGB, by Pillow.

Any mode is converted (1-bit, 16-bit, CMYK, palette), transparency onto white, or
onto black where most of the ink is white. A TIFF has a page a frame; of a GIF or HEIC the
first image is read. A long screenshot is cut into pages.
"""

from __future__ import annotations

import io
import struct
import warnings
import weakref
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pi_heif
import pillow_jxl  # noqa: F401  # registers JPEG XL
from PIL import ExifTags, Image, UnidentifiedImageError

from ingest.files.formats.exif import read_photo_info
from ingest.files.formats.tall_image import find_cuts, is_tall
from ingest.files.reasons import broken_image, no_image
from ingest.files.source import LONGEST_SIDE, PageImage, UnreadableFile
from ingest.page import WHOLE, DocumentKind, PhotoInfo

FORMATS = ("PNG", "JPEG", "WEBP", "TIFF", "GIF", "BMP", "AVIF", "JPEG2000", "HEIF", "JXL")
"""Pillow reads more formats; some of them (EPS) run other programs on untrusted files."""
MAX_PIXELS = 210_000_000
"""A larger image is refused as a decompression bomb; phones take photos of 200 million pixels."""
MAX_DECODED = 120_000_000
"""Pixels decoded at most; a JPEG is decoded at a reduced size, other formats are not."""
MAX_DECODED_SMALL = 64_000_000
"""The same for an image that is only searched by."""
MAX_OPAQUE = 0.98
"""Mean opacity; an image above it is taken as opaque."""
Colour = tuple[int, int, int]
WHITE, GRAY, BLACK = (255, 255, 255), (128, 128, 128), (0, 0, 0)
Image.MAX_IMAGE_PIXELS = MAX_PIXELS
pi_heif.register_heif_opener(thumbnails=False)


class PhotoSource:
    """Image file as a `Source`; a multi-page TIFF has a page a frame.

    Args:
        data: the image in the file, where that is not the whole of it.

    Raises:
        UnreadableFile: it is not an image of these formats, broken, or too large.
    """

    kind: DocumentKind = "image"
    title = ""
    has_attachments = False

    def __init__(self, path: Path, data: bytes | None = None) -> None:
        self._path = path
        self._data = data
        self._frames: Image.Image | None = None
        with Reading(path):
            if size := _webp_size(path):
                self._check_size(size, MAX_DECODED)
        with Reading(path), Image.open(self._file(), formats=FORMATS) as image:
            self._check_size(image.size, MAX_PIXELS)
            self._has_frames = image.format == "TIFF"

    def _file(self) -> Path | io.BytesIO:
        return self._path if self._data is None else io.BytesIO(self._data)

    @cached_property
    def page_count(self) -> int:
        """Number of frames, or of the pages that a tall image is cut into.

        All frames of a TIFF are walked through for it.

        Raises:
            UnreadableFile
        """
        if not self._has_frames:
            return max(len(self._cuts) - 1, 1)
        with self._open() as image:
            return getattr(image, "n_frames", 1)

    @cached_property
    def _cuts(self) -> tuple[int, ...]:
        """Rows at which a tall image is cut, its ends included; none of another."""
        with self._open() as image:
            size = image.size
        if not (is_tall(size) or is_tall(size[::-1])):
            return ()
        upright = self._decode(1, max(size), MAX_DECODED)
        return find_cuts(upright) if is_tall(upright.size) else ()

    @property
    def photo(self) -> PhotoInfo | None:
        """Time, place, camera and people; None where the file does not say."""
        with self._open() as image:
            return read_photo_info(image)

    def page_image(self, number: int, dpi: int) -> PageImage:
        """Decode frame `number` (from 1) at its own size; see `Source`."""
        if not self._has_frames and self._cuts:
            whole = self._decode(1, MAX_PIXELS, MAX_DECODED)
            image = whole.crop((0, self._cuts[number - 1], whole.width, self._cuts[number]))
            image.thumbnail((LONGEST_SIDE, LONGEST_SIDE), Image.Resampling.LANCZOS)
        else:
            image = self._decode(number, LONGEST_SIDE, MAX_DECODED)
        return PageImage(image, (), (WHOLE,), self._note())

    def _note(self) -> str:
        """That there are more images in the file than are read."""
        if self._has_frames:
            return ""
        with self._open() as image:
            count = getattr(image, "n_frames", 1)
        return f"Only the first of {count} images of the file is read." if count > 1 else ""

    def thumbnail(self, side: int) -> Image.Image:
        """First frame, scaled down to `side` pixels of its longer side.

        Raises:
            UnreadableFile
        """
        return self._decode(1, side, MAX_DECODED_SMALL)

    def _decode(self, number: int, side: int, limit: int) -> Image.Image:
        with self._open() as image:
            image.seek(number - 1)
            self._check_size(image.size, MAX_PIXELS)
            image.draft("RGB", (side, side))
            self._check_size(image.size, limit)
            rgb = to_rgb(image)
            rgb.thumbnail((side, side), Image.Resampling.LANCZOS)
            return _upright(rgb, image)

    @contextmanager
    def _open(self) -> Iterator[Image.Image]:
        """Open image. A TIFF stays open: to find a frame is to walk there from the first."""
        with Reading(self._path):
            if not self._has_frames:
                with Image.open(self._file(), formats=FORMATS) as image:
                    yield image
                return
            if self._frames is None:
                file = self._path.open("rb")
                weakref.finalize(self, file.close)
                self._frames = Image.open(file, formats=("TIFF",))
            yield self._frames

    def _check_size(self, size: tuple[int, int], limit: int) -> None:
        if size[0] * size[1] > limit:
            raise UnreadableFile(
                f"{self._path.name} claims {size[0]} x {size[1]} pixels, more than is safe to open.",
                hint="If it is really that large, save a smaller copy.",
            )


_BROKEN = (
    *(OSError, ValueError, SyntaxError, EOFError, TypeError, LookupError, ArithmeticError),
    *(struct.error, zlib.error, RuntimeError),
)
"""What Pillow raises for truncated or broken files."""


class Reading:
    """Context in which Pillow's errors become `UnreadableFile`."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._warnings = warnings.catch_warnings()

    def __enter__(self) -> None:
        self._warnings.__enter__()
        # Sizes are checked against MAX_PIXELS; warnings about metadata are not shown.
        warnings.simplefilter("ignore")

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        self._warnings.__exit__(None, None, None)
        name = self._path.name
        if isinstance(error, UnidentifiedImageError):
            raise no_image(self._path) from error
        if isinstance(error, Image.DecompressionBombError):
            raise UnreadableFile(
                f"{name} claims more pixels than is safe to open.",
                hint="If it is really that large, save a smaller copy.",
            ) from error
        if isinstance(error, _BROKEN):
            cut_short = isinstance(error, EOFError) or "truncated" in str(error)
            raise broken_image(self._path, cut_short=cut_short) from error


def _webp_size(path: Path) -> tuple[int, int] | None:
    """Size in the header of a WebP file: Pillow takes memory for two images to open one."""
    with path.open("rb") as file:
        head = file.read(30)
    if head[:4] != b"RIFF" or head[8:12] != b"WEBP" or len(head) < 30:
        return None
    if head[12:16] == b"VP8X":
        width, height = (1 + int.from_bytes(head[at : at + 3], "little") for at in (24, 27))
        return width, height
    if head[12:16] == b"VP8L":
        bits = int.from_bytes(head[21:25], "little")
        return 1 + (bits & 0x3FFF), 1 + (bits >> 14 & 0x3FFF)
    width, height = struct.unpack("<HH", head[26:30])
    return width & 0x3FFF, height & 0x3FFF


def to_rgb(image: Image.Image) -> Image.Image:
    """Image of any mode as RGB, transparency onto a ground."""
    if image.mode.startswith("I;16") or image.mode in {"I", "F"}:
        return _scale_depth(image)
    if image.mode in {"RGBA", "LA", "PA"} or "transparency" in image.info:
        rgba = image if image.mode == "RGBA" else image.convert("RGBA")
        background = Image.new("RGB", rgba.size, choose_ground(rgba))
        background.paste(rgba, mask=rgba.getchannel("A"))
        return background
    return image.convert("RGB")


def choose_ground(rgba: Image.Image) -> Colour:
    """Ground under transparent pixels: white, unless most of the ink is nearly white.

    Then it is black, or gray where there is dark ink too.
    """
    size = min(rgba.width, 256), min(rgba.height, 256)
    small = rgba.resize(size, Image.Resampling.NEAREST)
    pixels = np.asarray(small, dtype=np.float32)
    ink = pixels[..., 3] / 255
    if ink.sum() < 1 or ink.mean() > MAX_OPAQUE:
        return WHITE
    bright = pixels[..., :3] @ np.array([0.299, 0.587, 0.114], dtype=np.float32)
    light, dark = ((ink * part).sum() / ink.sum() for part in (bright > 200, bright < 55))
    if light < 0.5:
        return WHITE
    return BLACK if dark < 0.05 else GRAY


def _scale_depth(image: Image.Image) -> Image.Image:
    """Scale deep grayscale to 8 bits.

    16-bit values and fractions by their full range, others by their own: so are
    16-bit values that use less than 12 bits, which would become black.
    """
    if image.mode.startswith("I;16") and image.getextrema()[1] >= 1 << 12:  # type: ignore[operator]
        return Image.fromarray((np.asarray(image) >> 8).astype(np.uint8)).convert("RGB")
    values = np.nan_to_num(_shrink(image), posinf=0, neginf=0)
    low, high = float(values.min()), float(values.max())
    if image.mode == "F" and low >= 0 and high <= 1:
        low, high = 0.0, 1.0
    gray = (values - low) * (255 / ((high - low) or 1.0))
    return Image.fromarray(gray.round().astype(np.uint8)).convert("RGB")


def _shrink(image: Image.Image) -> npt.NDArray[np.float64]:
    """Values of a deep image, those of a large one averaged over squares."""
    factor = max(max(image.size) // LONGEST_SIDE, 1)
    values = np.asarray(image)
    height, width = (max(side // factor, 1) for side in values.shape)
    down, across = (min(factor, side) for side in values.shape)
    squares = values[: height * down, : width * across].reshape(height, down, width, across)
    means: npt.NDArray[np.float64] = squares.mean(axis=(1, 3), dtype=np.float64)
    return means


def _upright(rgb: Image.Image, image: Image.Image) -> Image.Image:
    """Rotate and mirror as the EXIF orientation says; invalid EXIF data are ignored."""
    try:
        orientation = image.getexif().get(ExifTags.Base.Orientation)
    except _BROKEN:
        return rgb
    transpose = _TRANSPOSES.get(orientation) if isinstance(orientation, int) else None
    return rgb if transpose is None else rgb.transpose(transpose)


_TRANSPOSES = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
