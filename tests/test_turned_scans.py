"""Turned scans: directions of print, and the page set upright with its boxes."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from ingest.files.open import open_source
from ingest.ocr.corners import angle_of, box_corners, turn_corners, upright_corners
from ingest.ocr.load_ocr import load_ocr
from ingest.ocr.ocr import Ocr
from ingest.ocr.turn import Turn
from ingest.page import WHOLE
from ingest.reading.choose_text import Chosen, choose_text
from ingest.reading.layout import arrange
from ingest.reading.order.facing import find_fold
from tests.make_scan import CJK, draw_columns, draw_lines, save_scan

SURVEY = [
    "Survey of the north pier",
    "The survey found four cracked piles below",
    "the fuel dock. Repairs start in February and",
    "are led by Henrike Vosslund.",
]
JAPANESE = ["灯台守は毎晩七時に明かりをともす。", "港の船はその音を聞いて帰ってくる。"]
TABLE = ["Larkspur 4.35 m seven north", "Wagtail 1.20 m two south", "Bramble 6.15 m nine north"]


@pytest.fixture(scope="module")
def ocr() -> Ocr:
    made = load_ocr("rapidocr")
    assert made is not None
    return made


def read(image: Image.Image, ocr: Ocr) -> Chosen:
    return choose_text(image.convert("RGB"), (), (WHOLE,), ocr)


def text(chosen: Chosen) -> str:
    return " ".join(line.text for line in chosen.lines)


def ink_of(image: Image.Image) -> np.ndarray:  # type: ignore[type-arg]
    return np.asarray(image.convert("L")) < 128


@pytest.mark.parametrize("degrees", [0, 90, 180, 270, 4, -14, 184, 262])
def test_a_turned_scan_is_set_upright(degrees: int, ocr: Ocr) -> None:
    scan = draw_lines(SURVEY).rotate(-degrees, expand=True, fillcolor=255)
    chosen = read(scan, ocr)
    assert text(chosen) == " ".join(SURVEY)
    assert chosen.turned == pytest.approx(degrees % 360, abs=0.5)
    assert {(line.angle, line.vertical, line.origin) for line in chosen.lines} == {
        (0, False, "ocr")
    }
    assert chosen.figures == (WHOLE,)
    assert chosen.image.width > chosen.image.height
    dark = ink_of(chosen.image)
    all_ink = dark.sum()
    for line in chosen.lines:
        left, top, right, bottom = np.array(line.box) * (*chosen.image.size, *chosen.image.size)
        dark[round(top) - 2 : round(bottom) + 2, round(left) - 3 : round(right) + 3] = False
    assert dark.sum() < 0.02 * all_ink


def test_a_book_scanned_on_its_side_is_read_page_by_page(ocr: Ocr) -> None:
    book = Image.new("L", (1_300, 400), 255)
    for x, lines in ((0, SURVEY), (680, TABLE)):
        book.paste(draw_lines(lines, (620, 320)), (x, 40))
    book.paste(90, (645, 0, 655, 400))
    found = read(book.rotate(90, expand=True), ocr)
    words = arrange(found.lines, found.image.width / found.image.height, find_fold(found.image))
    assert " ".join(word.text for word in words) == " ".join([*SURVEY, *TABLE])
    assert found.image.size == book.size


def test_turned_chinese_is_read_and_vertical_japanese_stays(ocr: Ocr) -> None:
    turned = read(draw_lines(JAPANESE, font=CJK).rotate(90, expand=True), ocr)
    assert (text(turned), turned.turned) == (" ".join(JAPANESE), 270)
    vertical = read(draw_columns(JAPANESE), ocr)
    assert (vertical.turned, {line.vertical for line in vertical.lines}) == (0, {True})
    assert {line.text for line in vertical.lines} == set(JAPANESE)


def test_a_table_on_its_side_and_lines_upside_down_lose_no_words(ocr: Ocr) -> None:
    page = draw_lines(SURVEY, (820, 1_000))
    page.paste(draw_lines(TABLE, (480, 220)).rotate(90, expand=True), (60, 420))
    page.paste(draw_lines(["Seen by Tomasz Ryland"], (420, 130)).rotate(180), (340, 600))
    chosen = read(page, ocr)
    angles = {line.text: line.angle for line in chosen.lines}
    assert [angles.get(line) for line in SURVEY] == [0] * 4
    assert [angles.get(line) for line in TABLE] == [270] * 3
    assert angles["Seen by Tomasz Ryland"] == 180
    assert (chosen.turned, chosen.image.size) == (0, page.size)


def test_a_sign_in_a_photo_does_not_turn_it(ocr: Ocr) -> None:
    noise = np.random.default_rng(0).normal(128, 20, (480, 640)).clip(0, 255)
    photo = Image.fromarray(noise.astype(np.uint8))
    photo.paste(draw_lines(["North pier"], (240, 130)).rotate(90, expand=True), (40, 60))
    chosen = read(photo, ocr)
    assert (chosen.turned, chosen.image.size) == (0, (640, 480))
    assert [line.text for line in chosen.lines] == ["North pier"]


@pytest.mark.parametrize("degrees", [90, 9, 2])
def test_a_photo_with_several_lines_of_print_stays_as_it_is(degrees: int, ocr: Ocr) -> None:
    photo = Image.linear_gradient("L").resize((900, 700))
    photo.paste(draw_lines(SURVEY, (620, 260)), (60, 90))
    photo.paste(draw_lines(["Berkeley Bart", "Terrace"], (240, 130)), (560, 420))
    turned = photo.rotate(degrees, expand=True, fillcolor=90)
    chosen = read(turned, ocr)
    assert (chosen.turned, chosen.image.size) == (0, turned.size)
    assert "four cracked piles" in text(chosen)


def test_a_photographed_page_is_set_upright(ocr: Ocr) -> None:
    words = [f"Line {number} of the harbour report" for number in range(1, 25)]
    photo = Image.linear_gradient("L").resize((1_100, 1_400))
    photo.paste(draw_lines(words, (700, 1_200)), (200, 100))
    chosen = read(photo.rotate(90, expand=True), ocr)
    assert chosen.turned == pytest.approx(270, abs=1)
    assert words[0] in text(chosen)
    assert words[-1] in text(chosen)


def test_a_good_hidden_layer_turns_with_its_scan(ocr: Ocr, tmp_path: Path) -> None:
    import pymupdf

    upright = save_scan(tmp_path / "a.pdf", draw_lines(SURVEY), SURVEY)
    pdf = pymupdf.open(upright)
    turned = pymupdf.open()
    page = turned.new_page(width=pdf[0].rect.width, height=pdf[0].rect.height)
    page.show_pdf_page(page.rect, pdf, 0, rotate=180)
    turned.save(tmp_path / "b.pdf")
    seen = open_source(tmp_path / "b.pdf").page_image(1, 144)
    chosen = choose_text(seen.image, seen.lines, (WHOLE,), ocr)
    assert (chosen.source, chosen.turned) == ("text", 180)
    assert {line.angle for line in chosen.lines} == {0}
    first = next(word for line in chosen.lines for word in line.words if word.text == "Survey")
    assert first.box[0] < 0.1 < 0.3 > first.box[1]


# --- the parts


def test_corners_follow_the_direction_of_print() -> None:
    corners = box_corners((0.1, 0.2, 0.5, 0.3), (100, 100))
    assert [round(angle_of(turn_corners(corners, quarters))) % 360 for quarters in range(4)] == [
        0,
        90,
        180,
        270,
    ]
    for quarters in range(4):
        assert (upright_corners(turn_corners(corners, quarters)) == corners).all()
    assert (upright_corners(corners[::-1]) == corners).all()


@pytest.mark.parametrize(("quarters", "skew"), [(1, 0.0), (2, 0.0), (3, 0.0), (0, 7.0), (1, -5.0)])
def test_places_turn_with_their_image(quarters: int, skew: float) -> None:
    image = Image.new("RGB", (200, 120), "white")
    image.paste("red", (150, 20, 160, 30))
    turn = Turn(image.size, quarters, skew)
    upright = turn.image(image)
    left, top, right, bottom = turn.box((0.75, 20 / 120, 0.8, 0.25), upright)
    at = (round((left + right) / 2 * upright.width), round((top + bottom) / 2 * upright.height))
    assert upright.getpixel(at) == (255, 0, 0)
    assert turn.degrees == (90 * quarters + skew) % 360
