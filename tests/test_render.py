"""Rendered pages: image, and words from the file, from OCR or from both."""

from __future__ import annotations

import io
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pymupdf
import pytest
from PIL import Image, ImageDraw, ImageFont

from ingest.files.open import open_source
from ingest.files.render import (
    RenderSettings,
    inspect,
    render,
)
from ingest.ocr.ocr import OcrUnavailable
from ingest.page import WHOLE, Page, Rendered
from ingest.reading.text_layer.fonts import is_no_text

SENTENCE = "The lamp was lit on three hundred and sixty nights of the year."
PRINTED = "Keepers climb the tower"


def render_one(path: Path, ocr: str = "rapidocr", dpi: int = 100) -> Rendered:
    settings = RenderSettings(dpi=dpi, ocr=ocr)
    [page] = render(path, Page("d", 1, path.name), 1, settings)
    with Image.open(io.BytesIO(page.image)) as image:
        assert image.format == "WEBP"
        assert image.size == (page.width, page.height)
    assert page.pixels().size == (page.width, page.height)
    return page


def make(path: Path, draw: Callable[[Any], None]) -> Path:
    pdf = pymupdf.open()
    draw(pdf.new_page(width=400, height=500))
    pdf.save(path)
    return path


def write_much(page: Any) -> None:
    for row in range(4):
        page.insert_text((30, 40 + 20 * row), SENTENCE, fontsize=10)


def paste_print(page: Any) -> None:
    """A picture of words over a third of the page."""
    image = Image.new("RGB", (720, 360), "white")
    draw = ImageDraw.Draw(image)
    draw.text((30, 150), PRINTED, "black", ImageFont.load_default(44))
    buffer = io.BytesIO()
    image.save(buffer, "PNG")
    page.insert_image((20, 200, 380, 380), stream=buffer.getvalue())


def garble(path: Path) -> Path:
    """A PDF whose words are drawn well, but said to be private characters."""
    pdf = pymupdf.open(
        "pdf", make(path, lambda page: page.insert_text((30, 90), PRINTED)).read_bytes()
    )
    unicode = pdf.get_new_xref()
    pdf.update_object(unicode, "<<>>")
    pairs = " ".join(f"<{code:02x}> <{0xE000 + code:04x}>" for code in range(33, 123))
    pdf.update_stream(
        unicode,
        b"/CIDInit /ProcSet findresource begin 12 dict begin begincmap 1 begincodespacerange"
        b" <00> <ff> endcodespacerange 90 beginbfchar %s endbfchar endcmap end end"
        % pairs.encode(),
    )
    pdf.xref_set_key(pdf[0].get_fonts()[0][0], "ToUnicode", f"{unicode} 0 R")
    pdf.save(path.with_name("garbled.pdf"))
    return path.with_name("garbled.pdf")


def test_a_page_of_text_is_not_sent_to_ocr(tmp_path: Path) -> None:
    path = make(tmp_path / "a.pdf", write_much)
    page = render_one(path)
    assert page.source == "text"
    assert [word.text for word in page.words] == SENTENCE.split() * 4


def test_a_page_that_is_all_picture_is_read_by_ocr(tmp_path: Path) -> None:
    page = render_one(make(tmp_path / "a.pdf", paste_print))
    assert page.source == "ocr"
    assert [word.text for word in page.words] == PRINTED.split()
    assert page.figures[0] == pytest.approx((0.05, 0.4, 0.95, 0.76), abs=0.01)
    for word in page.words:
        assert 0.5 < word.box[1] < word.box[3] < 0.7


def test_a_page_with_text_and_a_large_picture_has_the_words_of_both_once(tmp_path: Path) -> None:
    def draw(page: Any) -> None:
        write_much(page)
        paste_print(page)

    page = render_one(make(tmp_path / "a.pdf", draw), dpi=144)
    assert page.source == "text+ocr"
    assert Counter(word.text for word in page.words) == Counter(
        SENTENCE.split() * 4 + PRINTED.split()
    )


def test_a_page_with_few_words_of_its_own_keeps_them_once(tmp_path: Path) -> None:
    path = make(tmp_path / "a.pdf", lambda page: page.insert_text((30, 90), PRINTED, fontsize=20))
    page = render_one(path)
    assert page.source == "text"
    assert [word.text for word in page.words] == PRINTED.split()


def test_a_text_layer_that_is_no_text_gives_way_to_ocr(tmp_path: Path) -> None:
    path = garble(tmp_path / "a.pdf")
    assert all(is_no_text(word.text[0]) for word in open_source(path).page_image(1, 72).words)
    page = render_one(path, dpi=200)
    assert page.source == "ocr"
    assert " ".join(word.text for word in page.words) == PRINTED


def test_without_ocr_only_the_files_own_words_are_known(tmp_path: Path) -> None:
    assert render_one(make(tmp_path / "a.pdf", paste_print), "none").source == "none"
    assert render_one(make(tmp_path / "b.pdf", write_much), "none").source == "text"
    assert render_one(garble(tmp_path / "c.pdf"), "none").words == ()


def test_a_blank_page_has_no_words_and_no_source(tmp_path: Path) -> None:
    page = render_one(make(tmp_path / "a.pdf", lambda page: None))
    assert (page.words, page.source, page.figures) == ((), "none", ())


@pytest.mark.parametrize("size", [(1, 1), (3_000, 2), (640, 481)])
def test_a_photo_keeps_its_pixels(tmp_path: Path, size: tuple[int, int]) -> None:
    Image.new("RGB", size, (200, 30, 30)).save(tmp_path / "a.png")
    page = render_one(tmp_path / "a.png")
    assert (page.width, page.height) == size
    assert page.figures == (WHOLE,)
    red, green, blue = page.pixels().getpixel((0, 0))
    assert abs(red - 200) + abs(green - 30) + abs(blue - 30) < 20


def test_dots_per_inch_set_the_size_of_the_picture(tmp_path: Path) -> None:
    page = render_one(make(tmp_path / "a.pdf", write_much), "none", dpi=144)
    assert (page.width, page.height) == (800, 1_000)


def test_pages_are_numbered_from_the_one_asked_for(tmp_path: Path) -> None:
    pdf = pymupdf.open()
    for number in range(1, 6):
        pdf.new_page().insert_text((72, 72), f"number{number}")
    pdf.set_metadata({"title": "Numbers"})
    pdf.save(tmp_path / "a.pdf")
    settings = RenderSettings(dpi=36, ocr="none")
    seen = inspect(tmp_path / "a.pdf", settings)
    assert (seen.kind, seen.page_count, seen.title) == ("pdf", 5, "Numbers")
    pages = render(tmp_path / "a.pdf", Page("d", 3, "a.pdf"), 2, settings)
    assert [(p.page.number, p.words[0].text) for p in pages] == [(3, "number3"), (4, "number4")]


def test_an_ocr_that_is_not_there_is_said_to_be_missing(tmp_path: Path) -> None:
    with pytest.raises(OcrUnavailable):
        render_one(make(tmp_path / "a.pdf", write_much), "magnifying glass")
