"""Lines that OCR reads in photos: print counts, texture does not."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from ingest.ocr.ocr import OcrLine
from ingest.page import WHOLE, Box, Word
from ingest.reading.text_layer.scene_text import drop_texture

NOISE = Image.fromarray(np.random.default_rng(0).integers(0, 255, (480, 640, 3), dtype=np.uint8))
PAPER = Image.new("RGB", (640, 480), "white")


def line(text: str, score: float, height: int = 40, width: int | None = None) -> OcrLine:
    width = width or round(0.55 * height * len(text))
    corners = np.array([[20, 20], [20 + width, 20], [20 + width, 20 + height], [20, 20 + height]])
    box = (20 / 640, 20 / 480, (20 + width) / 640, (20 + height) / 480)
    return OcrLine((Word(text, box),), score, corners.astype(np.float32))


@pytest.mark.parametrize(
    ("read", "counts"),
    [
        (line("GREENWICH ST", 0.99), True),
        (line("24", 0.99, width=50), True),
        (line("4", 1.0, height=114, width=70), True),
        (line("sreill", 0.78), False),
        (line("COACRCLAAAO", 0.62, height=17), False),
        (line("673", 0.93, height=290), False),
        (line("AB", 0.99, width=400), False),
        (line("l", 0.97), False),
        (line("一", 0.96), False),
        (line("·-", 0.97), False),
    ],
)
def test_print_on_a_photo_is_told_from_texture(read: OcrLine, counts: bool) -> None:
    assert drop_texture(NOISE, [WHOLE], [read]) == [read] * counts


def test_a_page_of_print_keeps_what_is_read_badly() -> None:
    smudged = line("Tota1 2O.5", 0.6)
    assert drop_texture(PAPER, [WHOLE], [smudged]) == [smudged]


def test_a_photo_of_a_document_keeps_what_is_read_badly() -> None:
    lines = [*(line(f"line {number}", 0.97) for number in range(9)), line("smudged", 0.6)]
    assert drop_texture(NOISE, [WHOLE], lines) == lines


def test_only_pictures_of_a_page_are_judged() -> None:
    beside: Box = (0.5, 0.5, 1.0, 1.0)
    doubtful = line("sreill", 0.78)
    assert drop_texture(NOISE, [beside], [doubtful]) == [doubtful]
