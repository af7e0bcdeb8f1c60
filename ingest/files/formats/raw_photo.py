"""Camera RAW: the preview that the camera has put into the file, a JPEG."""

from __future__ import annotations

import io
from collections.abc import Iterator
from mmap import ACCESS_READ, mmap
from pathlib import Path

from PIL import Image

from ingest.files.source import UnreadableFile

MAX_PREVIEWS = 64
"""Places of a file that are looked at for a preview."""
HEADER = 1 << 18
"""Bytes in which the header of a JPEG ends."""
MIN_SIDE = 400
"""Pixels of the longer side; smaller previews are thumbnails."""


def read_preview(path: Path) -> bytes:
    """JPEG of the largest preview in a RAW file.

    Raises:
        UnreadableFile: there is none, or only a thumbnail.
    """
    if path.stat().st_size:
        with path.open("rb") as file, mmap(file.fileno(), 0, access=ACCESS_READ) as data:
            found = max(_previews(data), default=None)
            if found and found[0] >= MIN_SIDE:
                return data[found[1] :]
    raise UnreadableFile(
        f"{path.name} has no preview in it that can be read.",
        hint="Develop it, and save it as JPEG or TIFF.",
    )


def _previews(data: mmap) -> Iterator[tuple[int, int]]:
    """Longer side and place of each JPEG with 8 bits a channel."""
    at = -1
    for _ in range(MAX_PREVIEWS):
        at = data.find(b"\xff\xd8\xff", at + 1)
        if at < 0:
            return
        try:
            with Image.open(io.BytesIO(data[at : at + HEADER]), formats=("JPEG",)) as image:
                # The sensor's own data may be a lossless JPEG, of more bits and no colors.
                if getattr(image, "bits", 8) == 8 and image.mode in ("RGB", "L", "CMYK"):
                    yield max(image.size), at
        except (OSError, ValueError, SyntaxError, EOFError):
            continue
