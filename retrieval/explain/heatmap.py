"""Draw a similarity map over a page: warm where the page answers to a question, or to one of its words."""

from __future__ import annotations

import io
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw, ImageFont

from retrieval.explain.explain import Explanation, Grid

COLD, WARM, HOT = (40, 60, 160), (250, 190, 40), (220, 30, 20)
VEIL = 0.6
"""How much of the page the warmest part covers."""
WIDTH = 900
"""Pixels of a map alone."""
PANEL = 360
"""Pixels of one map among several."""
COLUMNS = 4
CAPTION = 28
GAP = 8


def draw_heatmap(image: bytes, explained: Explanation, token: int | None = None) -> bytes:
    """The page (encoded as any picture) with the heat of a token, or of the whole question, over it, as PNG."""
    out = io.BytesIO()
    _draw(_open(image, WIDTH), explained, token).save(out, "PNG")
    return out.getvalue()


def draw_heatmap_sheet(image: bytes, explained: Explanation) -> bytes:
    """The whole question's map and one for each of its words, side by side with captions, as PNG."""
    page = _open(image, PANEL)
    words = [i for i, match in enumerate(explained.tokens) if match.word and match.weight > 0]
    captions = [f"all {explained.score:.2f}"]
    captions += [f"{explained.tokens[i].word} {explained.tokens[i].score:.2f}" for i in words]
    panels = [_draw(page, explained, token) for token in (None, *words)]
    columns = min(COLUMNS, len(panels))
    rows = -(-len(panels) // columns)
    wide, high = page.width + GAP, page.height + CAPTION + GAP
    sheet = Image.new("RGB", (columns * wide + GAP, rows * high + GAP), "white")
    pen, font = ImageDraw.Draw(sheet), ImageFont.load_default(CAPTION - 12)
    for place, (panel, caption) in enumerate(zip(panels, captions, strict=True)):
        left, top = GAP + place % columns * wide, GAP + place // columns * high
        pen.text((left, top), _printable(caption), fill="black", font=font)
        sheet.paste(panel, (left, top + CAPTION))
    out = io.BytesIO()
    sheet.save(out, "PNG")
    return out.getvalue()


def _open(image: bytes, width: int) -> Image.Image:
    with Image.open(io.BytesIO(image)) as opened:
        page = opened.convert("RGB")
    return page.resize((width, max(1, round(page.height * width / page.width))))


def _draw(page: Image.Image, explained: Explanation, token: int | None) -> Image.Image:
    heat = explained.heat(token, page.width, page.height)
    strength = np.nan_to_num(heat)[..., None] * VEIL
    pixels = np.asarray(page, np.float32) * (1 - strength) + _colours(heat) * strength
    return Image.fromarray(pixels.round().astype(np.uint8))


def _colours(heat: Grid) -> npt.NDArray[np.float32]:
    """From cold over warm to hot (height, width, 3)."""
    at = np.nan_to_num(heat)
    steps: Sequence[float] = (0.0, 0.5, 1.0)
    channels = [np.interp(at, steps, tones) for tones in zip(COLD, WARM, HOT, strict=True)]
    return np.stack(channels, axis=-1).astype(np.float32)


def _printable(caption: str) -> str:
    """Letters that the built-in font does not have become question marks."""
    return caption.encode("latin-1", "replace").decode("latin-1")
