"""Bounds of a page: words, characters and figures that a few bytes may multiply."""

from __future__ import annotations

from pathlib import Path

import pytest
from bombs import FONT, draw, stream, words
from PIL import Image

from ingest.encoders.page_batch import BATCH_CHARACTERS, batched_pages
from ingest.files.page_limits import MAX_CHARACTERS, MAX_FIGURES, MAX_WORDS, limit_page
from ingest.files.pdfium import PdfiumSource
from ingest.files.render import RenderSettings, render
from ingest.files.source import PageImage
from ingest.page import Page, Rendered, Word
from ingest.reading.text_line import LineWord, TextLine
from ingest.run.title import MAX_CHARACTERS as MAX_TITLE
from ingest.run.title import find_title

PLAIN = RenderSettings(dpi=36, ocr="none")


def read(path: Path, data: bytes) -> Rendered:
    path.write_bytes(data)
    [page] = render(path, Page("d", 1, path.name), 1, PLAIN)
    return page


def test_a_page_of_too_many_words_keeps_the_first(tmp_path: Path) -> None:
    page = read(tmp_path / "a.pdf", words(60_000))
    assert len(page.words) == MAX_WORDS
    assert page.note == "Only the first 50,000 words of the page are read."


def test_a_page_of_as_many_words_as_are_kept_has_no_note(tmp_path: Path) -> None:
    page = read(tmp_path / "a.pdf", words(MAX_WORDS))
    assert (len(page.words), page.note) == (MAX_WORDS, "")


def test_words_off_the_page_take_no_room(tmp_path: Path) -> None:
    off = b"BT /F 1 Tf 900 900 Td " + b"(a b c d e f g h i j )Tj 0 0 Td " * 6_000 + b"ET "
    page = read(tmp_path / "a.pdf", draw(stream(off + b"BT /F 12 Tf 10 10 Td (seen) Tj ET"), FONT))
    assert [word.text for word in page.words] == ["seen"]
    assert page.note == ""


@pytest.mark.parametrize("length", [1, 100, MAX_CHARACTERS, 3 * MAX_CHARACTERS])
def test_the_characters_of_a_page_are_bounded_too(length: int) -> None:
    box = (0.0, 0.0, 0.1, 0.1)
    count = len(range(3 * MAX_CHARACTERS // length)[:MAX_WORDS])
    many = (TextLine(tuple(LineWord("-" * length, box) for _ in range(count))),)
    page = limit_page(PageImage(Image.new("RGB", (9, 9)), many, ()))
    kept = sum(len(word.text) for word in page.words)
    assert kept == min(MAX_CHARACTERS // length, count) * length
    assert ("250,000 characters" in page.note) == (kept < length * count)


def test_a_note_of_the_reader_comes_before_that_of_a_limit() -> None:
    boxes = [(0.0, 0.0, 0.1, (1 + at) / 99) for at in range(60)]
    image = Image.new("RGB", (9, 9))
    assert "50 largest images" in limit_page(PageImage(image, (), tuple(boxes))).note
    assert limit_page(PageImage(image, (), tuple(boxes), "Torn.")).note == "Torn."


def test_the_largest_figures_are_kept_in_their_order() -> None:
    boxes = tuple((0.0, 0.0, 0.5, (1 + at % 60) / 60) for at in range(20, 80))
    page = limit_page(PageImage(Image.new("RGB", (9, 9)), (), boxes))
    smallest = sorted(boxes, key=lambda box: box[3])[: 60 - MAX_FIGURES]
    assert page.figures == tuple(box for box in boxes if box not in smallest)


def test_an_image_drawn_thousands_of_times_is_not_as_many_figures(tmp_path: Path) -> None:
    image = stream(
        b"\x80",
        b"/Type/XObject/Subtype/Image/Width 1/Height 1/BitsPerComponent 8/ColorSpace/DeviceGray",
    )
    places = b"".join(
        b"q 90 0 0 90 %d %d cm /I Do Q " % (at % 100, at // 100) for at in range(5_000)
    )
    page = read(tmp_path / "a.pdf", draw(stream(places), b"/XObject<</I 5 0 R>>", image))
    assert len(page.figures) == MAX_FIGURES
    assert "largest images" in page.note


def test_the_second_reader_stops_at_the_limit_too(tmp_path: Path) -> None:
    path = tmp_path / "a.pdf"
    # PDFium takes the same words in the same place for one.
    rows = b"".join(
        b"1 0 0 1 %d %.2f Tm (a b c d e f g h i j )Tj " % (20 * (at % 9), 0.28 * (at // 9))
        for at in range(6_000)
    )
    path.write_bytes(draw(stream(b"BT /F 1 Tf " + rows + b"ET"), FONT))
    assert len(PdfiumSource(path).page_image(1, 36).words) == MAX_WORDS + 1


def rendered(characters: int) -> Rendered:
    some = (Word("a" * characters, (0.0, 0.0, 1.0, 1.0)),) if characters else ()
    return Rendered(Page("d", 1), b"", 1, 1, some, (), "text")


def test_batches_are_bounded_by_pages_and_by_characters() -> None:
    def sizes(lengths: list[int]) -> list[int]:
        return [len(batch) for batch in batched_pages(map(rendered, lengths), 4)]

    assert sizes([0] * 9) == [4, 4, 1]
    assert sizes([]) == []
    half = BATCH_CHARACTERS // 2
    assert sizes([half] * 5) == [2, 2, 1]
    assert sizes([5 * half, 1, 1, 2 * half, 0]) == [1, 3, 1]


@pytest.mark.parametrize("metadata", ["x" * 10_000_000, "x " * 5_000_000, "-" * 10_000_000])
def test_a_title_is_bounded(metadata: str) -> None:
    assert len(find_title(metadata, [])) <= MAX_TITLE
    long = [Word("y" * 100_000, (0.0, 0.0, 0.1, 0.1))] * 3
    assert 0 < len(find_title("", long)) <= MAX_TITLE
