"""Highlights: boxes of quotes marked on a page image."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import Literal

from PIL import Image, ImageChops, ImageDraw

from ingest.box import touched_pixels
from ingest.page import Box

MARKER = (255, 236, 110)
"""Multiplied with the page, so that text under it stays dark."""

OUTLINE = (214, 158, 0)
"""Multiplied too: an edge of a box that crosses a letter does not cut it."""


def highlight(image: bytes, boxes: Sequence[Box], format: Literal["PNG", "WEBP"] = "PNG") -> bytes:
    """Mark boxes, fractions of the image, on an encoded image.

    The result is encoded as `format`. Nothing outside the boxes changes; a box
    outside the image marks nothing.

    Raises:
        PIL.UnidentifiedImageError: `image` is not an image.
    """
    with Image.open(io.BytesIO(image)) as opened:
        page = opened.convert("RGB")
    marker = Image.new("RGB", page.size, "white")
    touched = [frame for box in boxes if (frame := touched_pixels(box, page.size))]
    # Pillow draws the last row and column of a rectangle too.
    frames = [(left, top, right - 1, bottom - 1) for left, top, right, bottom in touched]
    draw = ImageDraw.Draw(marker)
    for frame in frames:
        draw.rectangle(frame, fill=MARKER)
    for frame in frames:
        draw.rectangle(frame, outline=OUTLINE, width=max(1, round(min(page.size) / 800)))
    marked = ImageChops.multiply(page, marker)
    out = io.BytesIO()
    marked.save(out, format, **({"quality": 90} if format == "WEBP" else {}))
    return out.getvalue()
