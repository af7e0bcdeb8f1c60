"""Heat map images: similarity of a page's parts to a query or one of its words."""

from __future__ import annotations

import io
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw, ImageFont

from retrieval.explain.explain import Explanation, Grid

COLD, WARM, HOT = (40, 60, 160), (250, 190, 40), (220, 30, 20)
OPACITY = 0.6
"""Opacity of the hottest part."""
WIDTH = 900
"""Pixels of a single map."""
PANEL_WIDTH = 360
"""Pixels of one map among several."""
COLUMNS = 4
CAPTION = 28
GAP = 8


def draw_heatmap(image: bytes, explained: Explanation, token: int | None = None) -> bytes:
    """Draw a page image with the heat map of a token, or of the whole query, as PNG."""
    out = io.BytesIO()
    _draw(_open(image, WIDTH), explained, token).save(out, "PNG")
    return out.getvalue()


def draw_heatmap_sheet(image: bytes, explained: Explanation) -> bytes:
    """Draw the whole query's heat map and one for each word, with captions, as PNG."""
    page = _open(image, PANEL_WIDTH)
    words = [i for i, match in enumerate(explained.tokens) if match.word and match.weight > 0]
    captions = [f"all {explained.score:.2f}"]
    captions += [f"{explained.tokens[i].word} {explained.tokens[i].score:.2f}" for i in words]
    panels = [_draw(page, explained, token) for token in (None, *words)]
    columns = min(COLUMNS, len(panels))
    rows = -(-len(panels) // columns)
    wide, high = page.width + GAP, page.height + CAPTION + GAP
    sheet = Image.new("RGB", (columns * wide + GAP, rows * high + GAP), "white")
    draw, font = ImageDraw.Draw(sheet), ImageFont.load_default(CAPTION - 12)
    for position, (panel, caption) in enumerate(zip(panels, captions, strict=True)):
        left, top = GAP + position % columns * wide, GAP + position // columns * high
        draw.text((left, top), _printable(caption), fill="black", font=font)
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
    strength = np.nan_to_num(heat)[..., None] * OPACITY
    pixels = np.asarray(page, np.float32) * (1 - strength) + _colours(heat) * strength
    return Image.fromarray(pixels.round().astype(np.uint8))


def _colours(heat: Grid) -> npt.NDArray[np.float32]:
    """Colours (height, width, 3) of values in 0..1."""
    at = np.nan_to_num(heat)
    steps: Sequence[float] = (0.0, 0.5, 1.0)
    channels = [np.interp(at, steps, tones) for tones in zip(COLD, WARM, HOT, strict=True)]
    return np.stack(channels, axis=-1).astype(np.float32)


def _printable(caption: str) -> str:
    """A caption with question marks for letters that the built-in font lacks."""
    return caption.encode("latin-1", "replace").decode("latin-1")
