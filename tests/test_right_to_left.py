"""Arabic and Hebrew lines with numbers and acronyms, as PDFs have them."""

from __future__ import annotations

from pathlib import Path

import pymupdf
import pytest

from api.page_text import page_text
from ingest.files.pdf import PdfSource
from ingest.page import Word
from ingest.reading.layout import arrange
from ingest.reading.spelling.letters import Letter
from ingest.reading.spelling.right_to_left import order_from_left, order_letters
from tests.make_scan import DEJAVU

ARABIC = "قيمة التأمين ١٢٥٠ دينارا في ١٣/٠٥/٢٠٢٤"
HEBREW = 'הפיקדון הוא 1,250 ש"ח לפי צה"ל'


def shown(text: str) -> str:
    """Letters of a line from right to left in the order of print, from the left."""
    return " ".join(
        word if word[0] in "١٢٥0123456789" else word[::-1] for word in reversed(text.split())
    )


def read(path: Path, line: str) -> tuple[Word, ...]:
    pdf = pymupdf.open()
    pdf.new_page().insert_text(
        (60, 80), shown(line), fontsize=12, fontname="dj", fontfile=str(DEJAVU)
    )
    pdf.save(path)
    found = PdfSource(path).page_image(1, 72)
    return arrange(found.lines, found.image.width / found.image.height)


@pytest.mark.parametrize("text", [ARABIC, HEBREW])
def test_numbers_and_acronyms_are_read_as_they_are_printed(text: str, tmp_path: Path) -> None:
    assert page_text(read(tmp_path / "a.pdf", text)) == text


def test_a_comma_goes_with_the_word_beside_it(tmp_path: Path) -> None:
    """The comma comes first in the text layer, before the other word."""
    pdf = pymupdf.open()
    pdf.new_page().insert_text((60, 80), "،رانيد ةعست", fontsize=12, fontname="dj", fontfile=DEJAVU)
    pdf.save(tmp_path / "a.pdf")
    [line] = PdfSource(tmp_path / "a.pdf").page_image(1, 72).lines
    assert [word.text for word in line.words] == ["دينار،", "تسعة"]
    assert min(word.box[2] - word.box[0] for word in line.words) > 0.04


def test_cells_beside_each_other_stay_apart(tmp_path: Path) -> None:
    pdf = pymupdf.open()
    page = pdf.new_page()
    for row in range(4):
        for x, text in ((60, f"{row}193"), (200, f"7{row}83"), (340, shown("משרד הנמל"))):
            page.insert_text(
                (x, 80 + 20 * row), text, fontsize=12, fontname="dj", fontfile=str(DEJAVU)
            )
    pdf.save(tmp_path / "a.pdf")
    found = PdfSource(tmp_path / "a.pdf").page_image(1, 72)
    rows = page_text(arrange(found.lines, found.image.width / found.image.height))
    assert rows.split() == " ".join(f"משרד הנמל 7{row}83 {row}193" for row in range(4)).split()


def letters(text: str) -> list[Letter]:
    return [
        Letter(each, x, x + 6.0, 10.0, (x, 0.0, x + 6.0, 10.0))
        for x, each in zip(range(0, 6 * len(text), 6), text, strict=True)
    ]


@pytest.mark.parametrize(
    ("printed", "text"),
    [
        ('ח"ש', 'ש"ח'),
        ("50%-ב", "ב-50%"),
        ("١٢٥٠", "١٢٥٠"),
        ("٪٥٠", "٥٠٪"),
        ("١٣/٠٥/٢٠٢٤", "١٣/٠٥/٢٠٢٤"),
        ("PDF-ה", "ה-PDF"),
    ],
)
def test_letters_of_a_word_by_their_places(printed: str, text: str) -> None:
    """However a text layer stores them."""
    placed = letters(printed)
    for stored in (placed, placed[::-1]):
        word = order_letters(order_from_left(stored))
        assert "".join(letter.text for letter in word) == text


def test_numbers_beside_vowel_marks_keep_their_digits(tmp_path: Path) -> None:
    text = "بَيْع 1,250 دِينَار"
    assert page_text(read(tmp_path / "a.pdf", text)) == text
