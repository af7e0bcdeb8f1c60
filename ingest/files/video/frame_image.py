"""Frame image: a decoded frame as RGB, upright, with square pixels, in SDR."""

from __future__ import annotations

from typing import Any

from PIL import Image

from ingest.files.video.tone_map import BT2020, HLG, PQ, tone_map

FRAME_SIDE = 1_280
"""Pixels of the longer side of frames that are kept."""


def to_image(frame: Any, stream: Any, side: int) -> Image.Image:
    """Frame as RGB: upright, with square pixels, mapped from HDR, at most `side` long."""
    ratio = float(stream.sample_aspect_ratio or 1) or 1.0
    wide, high = frame.width * ratio, float(frame.height)
    scale = min(side / max(wide, high), 1.0)
    size = max(round(wide * scale), 1), max(round(high * scale), 1)
    matrix = _matrix(frame)
    if int(frame.color_trc) in (PQ, HLG):
        deep = frame.reformat(*size, format="rgb48le", src_colorspace=matrix).to_ndarray()
        wide_gamut = int(frame.color_primaries) == BT2020
        image = Image.fromarray(tone_map(deep, int(frame.color_trc), wide=wide_gamut))
    else:
        small = frame.reformat(*size, format="rgb24", src_colorspace=matrix)
        image = Image.fromarray(small.to_ndarray())
    quarters = round(frame.rotation / 90) % 4
    turns = (
        None,
        Image.Transpose.ROTATE_90,
        Image.Transpose.ROTATE_180,
        Image.Transpose.ROTATE_270,
    )
    return image.transpose(turn) if (turn := turns[quarters]) else image


def _matrix(frame: Any) -> int:
    """Colour matrix (H.273): the frame's own, else that of its size."""
    own = int(frame.colorspace)
    return own if own not in (0, 2) else 1 if frame.height >= 720 else 6
