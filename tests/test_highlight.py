"""Highlights: inside their boxes, with legible print."""

from __future__ import annotations

import io
from typing import Literal

import numpy as np
import pytest
from PIL import Image, UnidentifiedImageError

from generation.citations.highlight import highlight


def encoded(format: str = "PNG") -> bytes:
    page = Image.new("RGB", (200, 100), "white")
    page.paste((0, 0, 0), (60, 40, 80, 50))
    out = io.BytesIO()
    page.save(out, format)
    return out.getvalue()


def pixels(image: bytes) -> np.ndarray:
    with Image.open(io.BytesIO(image)) as opened:
        return np.asarray(opened.convert("RGB")).astype(int)


def test_changes_pixels_inside_the_boxes_only() -> None:
    before, after = pixels(encoded()), pixels(highlight(encoded(), [(0.2, 0.3, 0.5, 0.6)]))
    changed = (before != after).any(axis=2)
    inside = np.zeros_like(changed)
    inside[30:60, 40:100] = True
    assert changed[31:59, 41:60].all()
    assert not changed[~inside].any()
    assert (after[42:48, 62:78] == 0).all()  # black print stays black


@pytest.mark.parametrize(
    "boxes", [[], [(1.2, 0.0, 1.4, 1.0)], [(0.5, 0.5, 0.5, 0.5)], [(0.6, 0.1, 0.2, 0.3)]]
)
def test_nothing_to_mark(boxes: list[tuple[float, float, float, float]]) -> None:
    assert (pixels(highlight(encoded(), boxes)) == pixels(encoded())).all()


def test_boxes_beyond_the_edge_are_cut() -> None:
    after = pixels(highlight(encoded(), [(-0.5, -0.5, 1.5, 1.5)]))
    assert (after[0, 0] != 255).any()
    assert (after[-1, -1] != 255).any()


@pytest.mark.parametrize("format", ["PNG", "WEBP"])
def test_format(format: Literal["PNG", "WEBP"]) -> None:
    with Image.open(io.BytesIO(highlight(encoded("WEBP"), [(0, 0, 1, 1)], format))) as image:
        assert (image.format, image.size) == (format, (200, 100))


def test_not_a_picture() -> None:
    with pytest.raises(UnidentifiedImageError):
        highlight(b"words", [])


def test_an_edge_that_crosses_print_does_not_cut_it() -> None:
    after = pixels(highlight(encoded(), [(0.2, 0.45, 0.35, 0.6)]))
    assert (after[40:50, 60:80] == 0).all()
    assert tuple(after[45, 45]) != (255, 255, 255)
