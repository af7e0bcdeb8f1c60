"""What stands beside text: figures, lists, line numbers, notes, days, signs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import groupby
from pathlib import Path
from typing import Any

import pymupdf
import pytest

from ingest.files.pdf import PdfSource
from ingest.files.pdf_lines import read_lines
from ingest.page import Word
from ingest.reading.layout import arrange
from tests.make_scan import CJK, DEJAVU

LETTER = [
    "Dear Ms Halloran, thank you for your letter of the",
    "third of May in which you asked about the",
    "accounts of our branch in Galway. We are glad to",
    "tell you that the branch has grown in every",
    "quarter since it was opened, and that it now",
    "serves more than two thousand customers in the",
    "west of the country. The board decided in its last",
    "meeting to extend the premises by another floor",
]
FIGURES = ["Key figures", "Revenue 4.2 m", "Profit 0.6 m", "Employees 48", "Branches 3"]
FIGURES += ["Customers 2,140", "Founded 1987"]
GOODS = ["1 natural yogurt", "3 eggs", "200 g sugar", "100 ml oil", "300 g flour", "1 lemon"]
STEPS = [
    *("1. Preheat the oven to 180 degrees and", "grease a round tin."),
    *("2. Mix the yogurt, the eggs and the sugar.", "3. Add the oil and the zest of the lemon."),
    *("4. Stir in the flour.", "5. Bake for 35 minutes."),
]
TESTIMONY = [
    "THE COURT: We are back on the record in the matter of",
    "Halloran against the Port of Galway. Counsel, please state",
    "your appearances for the record, beginning with the",
    "plaintiff and her attorneys.",
    "MR. DUNNE: Good morning, Your Honour. Patrick Dunne for",
    "the plaintiff, Ms Halloran, who is present in court today.",
    "MS. ROCHE: Aoife Roche for the Port of Galway, together with",
    "my colleague Mr Byrne, who has read the report of the",
    "harbour master and will speak about the three piles that",
    "had been cut through before the storm of November.",
]


@pytest.fixture
def read(tmp_path: Path) -> Callable[..., tuple[Word, ...]]:
    def draw(columns: Sequence[tuple[float, Sequence[str]]], **font: Any) -> tuple[Word, ...]:
        pdf = pymupdf.open()
        page: Any = pdf.new_page()
        page.insert_text((60, 60), "What stands beside what", fontsize=16)
        for left, lines in columns:
            for number, line in enumerate(lines):
                at = (left, 100 + 14 * number)
                page.insert_text(at, line, **{"fontsize": 11, **font})
        pdf.save(tmp_path / "page.pdf")
        found = PdfSource(tmp_path / "page.pdf").page_image(1, 72)
        return arrange(found.lines, found.image.width / found.image.height)

    return draw


def read_page(pdf: Any) -> tuple[Word, ...]:
    lines = tuple(read_lines(pdf[0]))
    return arrange(lines, pdf[0].rect.width / pdf[0].rect.height)


def text(words: Sequence[Word], *roles: str) -> str:
    return " ".join(word.text for word in words if not roles or word.role in roles)


def blocks(words: Sequence[Word]) -> list[tuple[str, str]]:
    return [
        (role, " ".join(word.text for word in run))
        for (_, role), run in groupby(words, key=lambda word: (word.block, word.role))
    ]


@pytest.mark.parametrize("left", [60, 400])
def test_figures_beside_a_letter_are_not_in_its_sentences(left: float, read: Any) -> None:
    found = text(read([(left, FIGURES), (170 if left == 60 else 60, LETTER)]))
    assert " ".join(LETTER) in found
    assert " ".join(FIGURES) in found


def test_goods_beside_numbered_steps_are_a_list_of_their_own(read: Any) -> None:
    words = read([(60, GOODS), (200, STEPS)])
    assert " ".join(GOODS) in text(words)
    items = [item for role, item in blocks(words) if role == "item"]
    assert items[0] == " ".join(STEPS[:2])
    assert items[1:] == STEPS[2:]
    parts, steps = ["4 screws", "2 panels", "8 dowels"], ["1. Lay", "2. Press", "3. Fix"]
    words = read([(60, parts), (200, [f"{step} the panels together." for step in steps])])
    assert " ".join(parts) in text(words)


def test_prices_beside_numbered_goods_are_in_their_rows(read: Any) -> None:
    goods = [f"{at}. {name}" for at, name in enumerate(["Rope", "Lamp", "Anchor", "Oar"], 1)]
    words = read([(60, goods), (200, ["3.50", "12.00", "80.00", "24.00"])])
    assert "1. Rope 3.50" in [found for _, found in blocks(words)]


@pytest.mark.parametrize("numbers", [range(1, 11), [5, 10], range(121, 131)])
@pytest.mark.parametrize("left", [40, 68, 400])
def test_line_numbers_are_in_no_sentence(numbers: Sequence[int], left: float, read: Any) -> None:
    step = numbers[1] - numbers[0]
    lines = [str(numbers[at // step]) if at % step == step - 1 else "" for at in range(10)]
    words = read([(left, lines), (92, TESTIMONY)])
    assert " ".join(TESTIMONY) in " ".join(text(words, "text").split())
    assert text(words, "footer") == " ".join(map(str, numbers))


def test_items_with_numbers_keep_them(read: Any) -> None:
    lines = [f"{at} Barrels of {name} from the south" for at, name in enumerate("abcdefgh", 1)]
    assert text(read([(60, lines)])).endswith(" ".join(lines))


def test_bullets_of_short_paragraphs_stay_with_them(read: Any) -> None:
    lines = [
        *("variations in our results,", "including the number of members;"),
        *("market volatility in general;", "the level of demand, including the"),
        *("amount of short interest;", "and the results of others."),
    ]
    bullets = ["•", "", "•", "•", "", "•"]
    items = [found for role, found in blocks(read([(60, bullets), (84, lines)])) if role == "item"]
    assert items[0][2:] == f"{lines[0]} {lines[1]}"
    assert items[3][2:] == lines[5]


@pytest.mark.parametrize("days", ["화목금토", "月火水木"])
def test_days_of_one_character_begin_their_rows(days: str, read: Any) -> None:
    hours = ["09:00", "10:30", "18:00", "11:00"]
    words = read(
        [(60, [f"{day}" for day in days]), (140, hours)], fontname="cjk", fontfile=CJK, fontsize=9
    )
    rows = [f"{day} {hour}" for day, hour in zip(days, hours, strict=True)]
    assert [found for _, found in blocks(words)][1:] == rows


@pytest.mark.parametrize(
    ("printed", "words"),
    [
        ("11,4↓g/dl", "11,4 ↓ g/dl"),
        ("52▲mg/dl", "52 ▲ mg/dl"),
        ("☐Yes ☑No", "☐ Yes ☑ No"),
        ("▲1,234", "▲1,234"),
        ("File→Save", "File → Save"),
    ],
)
def test_arrows_and_boxes_are_words_of_their_own(printed: str, words: str, read: Any) -> None:
    found = read([(60, [printed])], fontname="dj", fontfile=DEJAVU)
    assert text(found).removeprefix("What stands beside what ") == words


def test_leaders_lead_to_the_values_of_a_row(read: Any) -> None:
    goods = ["Chowder" + 40 * "." + "8.50", "Oysters " + 20 * ". " + "14.00", "Salad.....9.80"]
    words = read([(60, goods)])
    assert [role for role, _ in blocks(words)][1:] == ["row"] * 3
    assert [words[at].text for at in (4, 7, 10)] == ["Chowder", "Oysters", "Salad"]
    assert {"8.50", "14.00", "9.80"} <= {word.text for word in words}
    menus = read([(60, goods), (330, ["Fish......16.50", "Mussels......15.20", "Cod......9.00"])])
    found = text(menus)
    assert found.index("Salad") < found.index("Fish")


def test_columns_with_headings_of_their_own_are_no_rows(tmp_path: Path) -> None:
    left = [
        "#Contact",
        "14 Quay Road",
        "Galway",
        "#Languages",
        "English",
        "Irish",
        "#Skills",
        "Python",
    ]
    right = ["#Experience", "Harbour engineer in Galway", "Port of Galway", "Surveyor of the bay"]
    right += ["Marine Institute", "#Education", "Civil engineer, Limerick", "Geographer, Galway"]
    pdf = pymupdf.open()
    page: Any = pdf.new_page()
    for x, lines in ((60, left), (220, right)):
        for number, line in enumerate(lines):
            size = 14 if line.startswith("#") else 11
            page.insert_text((x, 100 + 16 * number), line.strip("#"), fontsize=size)
    pdf.save(tmp_path / "cv.pdf")
    found = PdfSource(tmp_path / "cv.pdf").page_image(1, 72)
    words = arrange(found.lines, found.image.width / found.image.height)
    assert text(words) == " ".join([*left, *right]).replace("#", "")


def test_paragraph_and_justified_line_are_no_row(read: Any) -> None:
    wide = "It   costs   restaurants   a   fortune".split("   ")
    pdf = pymupdf.open()
    page: Any = pdf.new_page()
    x = 60.0
    for word in wide:
        page.insert_text((x, 100), word, fontsize=11)
        x += pymupdf.get_text_length(word, fontsize=11) + 16
    page.insert_text((60, 114), "every winter when the boats stay at home", fontsize=11)
    lines = read_page(pdf)
    assert [role for role, _ in blocks(lines)] == ["text"]


def test_double_spaced_text_around_a_closer_quote_is_a_paragraph() -> None:
    pdf = pymupdf.open()
    page: Any = pdf.new_page()
    for number, line in enumerate(LETTER):
        page.insert_text((60, 100 + 25 * number), line, fontsize=11)
    for number, line in enumerate(TESTIMONY):
        page.insert_text((100, 310 + 12.5 * number), line, fontsize=11)
    assert blocks(read_page(pdf))[0] == ("text", " ".join(LETTER))
