"""Document titles: from metadata written by a person, else the largest print."""

from __future__ import annotations

import pytest

from ingest.page import Word
from ingest.run.title import LONGEST, find_title


def line(text: str, top: float, height: float) -> list[Word]:
    return [
        Word(token, (0.1 + 0.05 * at, top, 0.14 + 0.05 * at, top + height))
        for at, token in enumerate(text.split())
    ]


PAGE = [
    *line("Tarrow Head Trust", 0.05, 0.01),
    *line("Annual Report 2024", 0.1, 0.04),
    *line("The lamp was lit on three hundred and sixty nights.", 0.2, 0.01),
]


@pytest.mark.parametrize(
    "given", ["A History of Lenses", "  A  History\nof Lenses ", "공고", "ΕΣΥ"]
)
def test_a_title_that_somebody_wrote_is_taken(given: str) -> None:
    assert find_title(given, PAGE) == " ".join(given.split())


@pytest.mark.parametrize(
    "given",
    [
        "",
        "   ",
        "a",
        "v2",
        "Microsoft Word - minutes_final.doc",
        "Microsoft PowerPoint - talk",
        "untitled",
        "Untitled Document",
        "Document1",
        "slide 1",
        "PowerPoint Presentation",
        "report.docx",
        "C:\\Users\\x\\paper.tex",
        "2024_10-03 12.30",
    ],
)
def test_a_title_that_a_program_made_up_gives_way_to_the_largest_print(given: str) -> None:
    assert find_title(given, PAGE) == "Annual Report 2024"


def test_an_ornament_is_no_title() -> None:
    assert find_title("", [Word("***", (0, 0, 1, 0.5)), *PAGE]) == "Annual Report 2024"


def test_one_tall_letter_on_a_full_page_is_no_title() -> None:
    body = [
        word
        for row in range(10)
        for word in line("words of the body that fill the page", 0.3 + row * 0.03, 0.01)
    ]
    page = [*line("On Lamps", 0.1, 0.03), Word("T", (0.1, 0.28, 0.2, 0.4)), *body]
    assert find_title("", page).startswith("On Lamps")


def test_a_page_without_words_has_no_title() -> None:
    assert find_title("", []) == ""
    assert find_title("", [Word("—", (0, 0, 1, 1))]) == ""


def test_a_title_is_no_paragraph() -> None:
    assert len(find_title("lamp " * 100, []).split()) == LONGEST
    assert len(find_title("", line("lamp " * 100, 0.1, 0.1)).split()) == LONGEST
