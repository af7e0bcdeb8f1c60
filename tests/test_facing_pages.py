"""Facing pages: a scan of an open book is read one page after the other."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont

from ingest.reading.layout import arrange
from ingest.reading.order.facing import find_fold
from ingest.reading.text_line import LineWord, TextLine
from tests.make_scan import DEJAVU

ASPECT = 1.4
VERSE = [
    *("The lamp above the harbour wall,", "It burns for every sail;"),
    *("The keeper counts the gulls at noon", "And writes them in the log."),
    *("His daughter brings him bread and tea,", "And news of all the boats."),
]
PRICES = ["Copper kettle 12.50", "Garden lantern 8.00", "Rope ladder 31.90"] * 2
FOLDS: dict[str, Callable[[Any], Any]] = {
    "shadow": lambda x: 1 - 0.5 * np.exp(-((x / 14) ** 2)),
    "band": lambda x: np.where(abs(x) < 15, 0.15, 1),
    "faint": lambda x: 1 - 0.15 * np.exp(-((x / 10) ** 2)),
    "line": lambda x: np.where(abs(x) < 1.5, 0.4, 1),
}


def words_of(text: str, x: float, y: float, slope: float = 0.0) -> TextLine:
    """Line as OCR gives it, in boxes around its slanted words; places in heights of the page."""
    placed, at = [], x
    for word in text.split():
        end = at + 0.009 * len(word)
        top = y + slope * at - max(-slope, 0) * (end - at)
        bottom = y + slope * at + 0.02 + max(slope, 0) * (end - at)
        placed.append(LineWord(word, (at / ASPECT, top, end / ASPECT, bottom), size=10.0))
        at = end + 0.006
    return TextLine(tuple(placed), origin="ocr")


def side(texts: Sequence[str], x: float, slope: float = 0.0) -> list[TextLine]:
    return [words_of(text, x, 0.2 + 0.034 * at, slope) for at, text in enumerate(texts)]


def read(lines: Sequence[TextLine], fold: float | None = None) -> str:
    return " ".join(word.text for word in arrange(lines, ASPECT, fold))


def scan(fold: str, skew: float = 0.0, size: tuple[int, int] = (1_000, 700)) -> Image.Image:
    """Two pages of short lines with a fold between them."""
    image = Image.new("L", size, 245)
    draw = ImageDraw.Draw(image)
    for x, texts in ((70, VERSE), (size[0] // 2 + 50, PRICES)):
        for at, text in enumerate(texts):
            draw.text((x, 100 + 40 * at), text, 25, ImageFont.truetype(DEJAVU, 18))
    if fold != "none":
        dark = FOLDS[fold](np.arange(size[0]) - size[0] / 2)
        image = Image.fromarray((np.asarray(image) * dark).astype(np.uint8))
    return image.rotate(skew, Image.Resampling.BICUBIC, fillcolor=245)


@pytest.mark.parametrize("fold", FOLDS)
@pytest.mark.parametrize("skew", [0.0, 1.5])
def test_a_fold_is_found(fold: str, skew: float) -> None:
    assert find_fold(scan(fold, skew)) == pytest.approx(0.5, abs=0.01)


def test_a_page_without_a_fold_has_none() -> None:
    image = scan("none")
    assert find_fold(image) is None
    ImageDraw.Draw(image).line((500, 60, 500, 640), 0, 3)  # the rule of a table
    assert find_fold(image) is None
    assert find_fold(scan("shadow", size=(700, 1_000))) is None
    half = Image.new("L", (1_000, 700), 245)
    half.paste(20, (500, 0, 1_000, 700))
    assert find_fold(half) is None


@pytest.mark.parametrize("slopes", [(0.0, 0.0), (0.02, 0.02), (0.03, -0.03), (-0.05, 0.0)])
def test_pages_beside_a_fold_are_read_one_after_the_other(slopes: tuple[float, float]) -> None:
    lines = side(VERSE, 0.1, slopes[0]) + side(PRICES, 0.8, slopes[1])
    assert read(lines[::-1], 0.5) == " ".join([*VERSE, *PRICES])


def test_numbers_of_two_pages_show_that_they_are_two() -> None:
    lines = [*side(VERSE, 0.1), *side(PRICES, 0.8)]
    numbers = words_of("42", 0.1, 0.93), words_of("43", 1.28, 0.93)
    assert read([*lines, *numbers]) == " ".join([*VERSE, "42", *PRICES, "43"])
    odd = words_of("41", 0.1, 0.93), words_of("42", 1.28, 0.93)
    assert read([*lines, *odd]).split()[:7] == [*VERSE[0].split(), "Copper"]


def test_a_wide_table_with_numbered_rows_stays_a_table() -> None:
    rows = [
        words_of(text, x, 0.03 + 0.036 * at)
        for at in range(26)
        for x, text in ((0.1, str(at)), (0.2, "brass lamp"), (0.8, "in use"), (1.3, str(at + 1)))
    ]
    assert read(rows).startswith("0 brass lamp in use 1 1 brass lamp in use 2 2")


def test_a_line_found_across_the_fold_is_parted_there_and_a_title_is_not() -> None:
    left, right = side(VERSE, 0.1), side(PRICES, 0.8)
    joined = TextLine((*left[2].words, *right[2].words), origin="ocr")
    title = words_of("A year at the lighthouse of the northern islands", 0.4, 0.05)
    lines = [*left[:2], *left[3:], *right[:2], *right[3:], joined, title]
    assert read(lines, 0.5) == " ".join([title.text, *VERSE, *PRICES])


def test_the_right_page_of_a_hebrew_book_is_read_first() -> None:
    left, right = ["המכתב מן הצפון"] * 2, ["הספינה בנמל היום"] * 2
    lines = [words_of(" ".join(reversed(text.split())), x, 0.2 + 0.04 * at)
             for x, texts in ((0.1, left), (0.8, right)) for at, text in enumerate(texts)]  # fmt: skip
    assert read(lines, 0.5) == " ".join([*right, *left])


@pytest.mark.parametrize(
    ("left", "right"),
    [
        (["lamps, oil, 12", "Lantern, 40", "lighthouse, 7"], ["map, 3", "mast, 9, 10", "Moon, 5"]),
        (["• Oil the lamp", "• Wind the clock", "• Ring the bell"], ["• Bread", "• Two ropes", "• Salt"]),
    ],
)  # fmt: skip
def test_lists_side_by_side_are_columns(left: list[str], right: list[str]) -> None:
    assert read([*side(left, 0.1), *side(right, 0.6)]) == " ".join([*left, *right])
