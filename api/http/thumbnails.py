"""Thumbnails: page images at a smaller width, the last of them kept in memory."""

from __future__ import annotations

import io
import threading
from collections import OrderedDict

from PIL import Image

MAX_WIDTH = 4_096
"""Pixels."""
KEPT_BYTES = 64_000_000
QUALITY = 82


class Thumbnails:
    """Smaller page images, by page, revision and width; for several threads."""

    def __init__(self, kept_bytes: int = KEPT_BYTES) -> None:
        self._kept_bytes = kept_bytes
        self._kept: OrderedDict[tuple[str, str, int], bytes] = OrderedDict()
        self._bytes = 0
        self._lock = threading.Lock()

    def find(self, page: str, revision: str, width: int) -> bytes | None:
        """A thumbnail that was made before."""
        with self._lock:
            if (found := self._kept.get((page, revision, width))) is not None:
                self._kept.move_to_end((page, revision, width))
            return found

    def make(self, page: str, revision: str, width: int, image: bytes) -> bytes:
        """Thumbnail (WebP) of an encoded image; an image that is no wider stays as it is."""
        made = shrink(image, width)
        with self._lock:
            self._bytes += len(made) - len(self._kept.pop((page, revision, width), b""))
            self._kept[page, revision, width] = made
            while self._bytes > self._kept_bytes:
                self._bytes -= len(self._kept.popitem(last=False)[1])
        return made


def shrink(image: bytes, width: int) -> bytes:
    """Encoded image (WebP) at a width in pixels, if it is wider."""
    with Image.open(io.BytesIO(image)) as opened:
        if opened.width <= width:
            return image
        size = (width, max(1, round(opened.height * width / opened.width)))
        small = opened.convert("RGB").resize(size, Image.Resampling.BICUBIC, reducing_gap=2.0)
    out = io.BytesIO()
    small.save(out, "WEBP", quality=QUALITY, method=2)
    return out.getvalue()
