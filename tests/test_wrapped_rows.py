"""Wrapped rows: tables whose cells have several lines, as word processors place them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import groupby
from pathlib import Path
from typing import Any

import pymupdf
import pytest

from api.page_text import page_text
from generation.extraction.layout import PageLayout
from generation.prompt import Evidence
from ingest.files.pdf import PdfSource
from ingest.page import Page, Word
from ingest.reading.layout import arrange
from ingest.reading.table import find_tables
from ingest.reading.text_line import LineWord, TextLine

Row = tuple[list[str], ...]
TERMS: list[Row] = [
    (["Paid leave"], ["Twenty-five days in a year, plus", "all public holidays of the", "state"]),
    (["Sick leave"], ["Six weeks"]),
    (["Notice period", "during the first", "two years"], ["Four weeks"]),
    (["Probation"], ["Three months, then", "for an unlimited time"]),
]
PARTS: list[Row] = [
    (["Part"], ["Material"], ["Care"]),
    (["Pump housing"], ["Cast iron, coated", "inside and outside", "twice"], ["Rinse in May"]),
    (["Impeller"], ["Bronze"], ["Clean every 500", "hours of use"]),
    (["Shaft seal of", "the motor"], ["Carbon"], ["Inspect; replace", "when it drips", "at once"]),
]
SERVICES: list[Row] = [
    (["Care of the lifts", "in all three", "buildings"], ["12"], ["1,250.00"]),
    (["Cleaning"], ["52"], ["310.00"]),
    (["New fire doors", "on two floors"], ["8"], ["940.00"]),
]
STEP, SIZE = 13.2, 11


def draw(page: Any, rows: Sequence[Row], align: str, gap: float, lefts: Sequence[float]) -> None:
    """Draw rows with `gap` points between them; cells stand at the "top", "middle" or "foot"."""
    y = 150.0
    for row in rows:
        high = max(map(len, row))
        for left, cell in zip(lefts, row, strict=True):
            free = {"top": 0.0, "middle": 0.5, "foot": 1.0}[align] * (high - len(cell))
            for number, line in enumerate(cell):
                page.insert_text((left, y + STEP * (number + free)), line, fontsize=SIZE)
        y += STEP * high + gap
    page.insert_text((60, y + 20), "All of this applies to every house of the", fontsize=SIZE)
    page.insert_text((60, y + 20 + STEP), "company and to its tenants.", fontsize=SIZE)


@pytest.fixture
def read(tmp_path: Path) -> Callable[..., tuple[Word, ...]]:
    def made(*args: Any, turn: int = 0) -> tuple[Word, ...]:
        pdf = pymupdf.open()
        page: Any = pdf.new_page()
        page.insert_text((60, 100), "The terms below are those of the year 2024.", fontsize=SIZE)
        draw(page, *args)
        page.set_rotation(turn)
        pdf.save(tmp_path / "page.pdf")
        found = PdfSource(tmp_path / "page.pdf").page_image(1, 72)
        return arrange(found.lines, found.image.width / found.image.height)

    return made


def rows_of(words: Sequence[Word]) -> list[str]:
    blocks = groupby(words, key=lambda word: (word.block, word.role))
    return [" ".join(word.text for word in run) for (_, role), run in blocks if role == "row"]


def whole(rows: Sequence[Row]) -> list[list[str]]:
    return [[" ".join(cell) for cell in row] for row in rows]


LAYOUTS = [(align, gap) for align in ("top", "middle", "foot") for gap in (2.5, 6.0, 12.0)]
LAYOUTS += [("top", 0.0)]


@pytest.mark.parametrize(("align", "gap"), LAYOUTS)
@pytest.mark.parametrize(
    ("rows", "lefts"),
    [(TERMS, (60, 180)), (PARTS, (60, 160, 290)), (SERVICES, (60, 220, 300))],
)
def test_a_row_is_read_whole(
    rows: list[Row], lefts: tuple[float, ...], align: str, gap: float, read: Any
) -> None:
    words = read(rows, align, gap, lefts)
    assert rows_of(words) == [" ".join(row) for row in whole(rows)]
    text = page_text(words).splitlines()
    assert [line for line in text if line in rows_of(words)] == rows_of(words)
    assert text[0] == "The terms below are those of the year 2024."
    assert text[-1] == "company and to its tenants."


@pytest.mark.parametrize("turn", [90, 270])
def test_rows_of_a_table_on_its_side_are_whole(turn: int, read: Any) -> None:
    words = read(PARTS, "middle", 6.0, (60, 160, 290), turn=turn)
    assert rows_of(words) == [" ".join(row) for row in whole(PARTS)]
    (table,) = find_tables(words)
    assert len(table.rows) == len(PARTS) - 1


@pytest.mark.parametrize("align", ["top", "middle", "foot"])
def test_cells_of_several_lines_are_whole_in_tables(align: str, read: Any) -> None:
    words = read(PARTS, align, 6.0, (60, 160, 290))
    (table,) = find_tables(words)
    cells = [
        [" ".join(word.text for word in words[cell.start : cell.end]) for cell in row]
        for row in (*table.heads, *table.rows)
    ]
    assert cells == whole(PARTS)
    layout = PageLayout(Evidence(1, Page("d" * 20, 1, "terms.pdf"), words, lambda: b"", 0.7))
    assert [[cell.text for cell in row] for row in layout.cells[1:5]] == whole(PARTS)


def test_a_word_broken_within_a_cell_is_one_word(read: Any) -> None:
    rows: list[Row] = [*PARTS, (["Bearings"], ["Deep groove and main-", "tenance free"], ["None"])]
    assert "Bearings Deep groove and maintenance free None" in rows_of(
        read(rows, "middle", 6.0, (60, 160, 290))
    )


def test_cells_beside_a_hyphen_are_not_joined_to_it(read: Any) -> None:
    rows: list[Row] = [*TERMS, (["Right of", "pre-"], ["emption of the", "lender", "only"])]
    assert "Right of pre- emption of the lender only" in rows_of(read(rows, "top", 6.0, (60, 180)))


def test_groups_of_numbers_are_rows_of_their_own(read: Any) -> None:
    rows: list[Row] = [
        (["Rent", "Heating"], ["410", "95"]),
        (["Water", "Waste"], ["22", "18"]),
        (["Lift", "Garden"], ["9", "14"]),
    ]
    found = rows_of(read(rows, "top", 9.0, (60, 180)))
    assert found == ["Rent 410", "Heating 95", "Water 22", "Waste 18", "Lift 9", "Garden 14"]


def test_paragraphs_side_by_side_are_no_table(read: Any) -> None:
    def text(name: str, lines: int) -> list[str]:
        return [f"{name} goes on and on in its", *["column for a while and then"] * (lines - 1)]

    left = [*text("One", 5), " ", *text("Two", 6), " ", *text("Three", 4)]
    right = [*text("Five", 3), " ", *text("Six", 5), " ", *text("Seven", 7)]
    words = read([(left, right)], "top", 9.0, (60, 320))
    found = " ".join(word.text for word in words)
    assert found.index("Three goes") < found.index("Five goes")


def test_names_of_groups_are_not_joined_to_the_row_above(read: Any) -> None:
    rows: list[Row] = [
        (["Net income", "Other income:"], ["410"]),
        (["Rent of sheds"], ["22"]),
        (["Sale of old", "boats"], ["9"]),
        (["Sum", "Taxes:"], ["31"]),
        (["Harbour tax"], ["4"]),
    ]
    found = rows_of(read(rows, "top", 0.0, (60, 180)))
    assert "Net income 410" in found
    assert "Sum 31" in found


def test_cards_are_read_one_by_one(tmp_path: Path) -> None:
    cards = [
        ("Pilotage", ["Our pilots bring ships", "of any size to berth."]),
        ("Towage", ["Two tugs are ready day", "and night, also for", "work outside."]),
        ("Bunkering", ["Diesel and water at the", "fuel dock."]),
    ]
    pdf = pymupdf.open()
    page: Any = pdf.new_page()
    for at, (head, lines) in enumerate(cards):
        page.insert_text((60 + 160 * at, 96), head, fontsize=11, fontname="hebo")
        for number, line in enumerate(lines, start=1):
            page.insert_text((60 + 160 * at, 100 + STEP * number), line, fontsize=SIZE)
    pdf.save(tmp_path / "cards.pdf")
    found = PdfSource(tmp_path / "cards.pdf").page_image(1, 72)
    words = arrange(found.lines, found.image.width / found.image.height)
    expected = " ".join(" ".join([head, *lines]) for head, lines in cards)
    assert " ".join(word.text for word in words) == expected


def test_a_range_of_hours_in_two_lines_is_one_cell(read: Any) -> None:
    rows: list[Row] = [
        (["09:00 -", "09:30"], ["Coffee in the foyer"]),
        (["09:30 -", "10:15"], ["Opening of the fair", "in the old hall", "by the mayor"]),
        (["10:15 -", "11:00"], ["Dredging without harm"]),
    ]
    assert rows_of(read(rows, "top", 6.0, (60, 180))) == [" ".join(row) for row in whole(rows)]


def test_letters_that_are_fonts_of_their_own_are_one_style() -> None:
    """As Chromium prints Korean."""
    rows: list[Row] = [
        (["연차 휴가"], ["한 해에 스물다섯 날과", "모든 공휴일을", "쉽니다"]),
        (["병가"], ["여섯 주"]),
        (["처음 두 해의", "해지 기간"], ["네 주"]),
        (["수습"], ["세 달"]),
    ]
    lines, top, count = [], 0.1, 0
    for row in rows:
        high = max(map(len, row))
        for column, cell in enumerate(row):
            for number, text in enumerate(cell):
                y = top + 0.02 * (number + (high - len(cell)) / 2)
                count += 1
                box = (0.1 + 0.2 * column, y, 0.1 + 0.2 * column + 0.013 * len(text), y + 0.019)
                word = LineWord(text, box, f"Type3 ({count} 0 R)", 11.0)
                lines.append(TextLine((word,)))
        top += 0.02 * high + 0.008
    assert rows_of(arrange(lines, 0.7)) == [" ".join(row) for row in whole(rows)]


def test_lists_with_bullets_are_no_table(read: Any) -> None:
    rows: list[Row] = [
        (["•"], ["the need to adapt our content", "for every country"]),
        (["•"], ["management distraction"]),
        (["•"], ["unrest in the ports", "that we call at", "in winter"]),
    ]
    assert rows_of(read(rows, "top", 6.0, (60, 76))) == []
