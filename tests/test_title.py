"""Document titles: from metadata written by a person, else the largest print."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ingest.page import Word, WordRole
from ingest.reading.line import split_lines
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
    "given",
    [
        "A History of Lenses",
        "  A  History\nof Lenses ",
        "공고",
        "ΕΣΥ",
        "Document retention policy",
        "Page layout in practice",
        "Title IX guidance",
        "Scanning tunnelling microscopy",
        "Template matching: a survey",
        "Manuscripts of the Dead Sea",
        "Image retrieval by text",
        "Book of Hours",
        "Canon law in 1917 and after",
        "Sharp increase",
        "List of members",
        "Word order in German",
        "LaTeX for beginners",
    ],
)
def test_a_title_that_somebody_wrote_is_taken(given: str) -> None:
    assert find_title(given, PAGE).text == " ".join(given.split())


@pytest.mark.parametrize(
    "given",
    [
        "",
        "   ",
        "a",
        "v2",
        "Microsoft Word - minutes_final.doc",
        "Microsoft PowerPoint - talk",
        "Documento sem título",
        "Arkusz1",
        "عرض تقديمي في PowerPoint",
        "新建 Microsoft Word 文档",
        "Bản trình bày PowerPoint",
        "Click to edit Master title style",
        "Invoice template",
        "Canon iR-ADV C3520",
        "SKM_C25819010112340",
        "jobid-4711",
        "Adobe Photoshop PDF",
        "Full page fax print",
        "Brief",
        "Rechnung (2)",
        "untitled",
        "Untitled Document",
        "Document1",
        "slide 1",
        "PowerPoint Presentation",
        "report.docx",
        "C:\\Users\\x\\paper.tex",
        "2024_10-03 12.30",
        "Dokument1",
        "Documento (2)",
        "Ohne Titel",
        "Sans titre 1",
        "無題",
        "제목 없음",
        "Без названия",
        "Présentation PowerPoint",
        "PowerPoint-Präsentation",
        "Folie 1",
        "<title>",
        "Paper Title",
        "Insert your title here",
        "The Name of the Title Is Hope",
        "Bare Demo of IEEEtran.cls for IEEE Journals",
        "Formatting Instructions for NeurIPS 2024",
        "Preparation of Papers for IEEE Sponsored Conferences",
        "LaTeX Template for Preprint Submissions",
        "Scan_20240131",
        "scan0001",
        "KMBT_C364e20200101",
        "CamScanner 01-31-2024 10.15",
        "Adobe Scan 31 Jan 2024",
        "IMG_20240131_101512",
        "Scanned by CamScanner",
        "https://example.org/a?b=1",
        "0f1e2d3c-0000-4000-8000-0123456789ab",
        "d41d8cd98f00b204e9800998ecf8427e",
    ],
)
def test_a_title_that_a_program_made_up_gives_way_to_the_largest_print(given: str) -> None:
    assert find_title(given, PAGE).text == "Annual Report 2024"


def test_an_ornament_is_no_title() -> None:
    assert find_title("", [Word("***", (0, 0, 1, 0.5)), *PAGE]).text == "Annual Report 2024"


def test_one_tall_letter_on_a_full_page_is_no_title() -> None:
    body = [
        word
        for row in range(10)
        for word in line("words of the body that fill the page", 0.3 + row * 0.03, 0.01)
    ]
    page = [*line("On Lamps", 0.1, 0.03), Word("T", (0.1, 0.28, 0.2, 0.4)), *body]
    assert find_title("", page).text.startswith("On Lamps")


def test_a_page_without_words_has_no_title() -> None:
    assert find_title("", []).text == ""
    assert find_title("", [Word("—", (0, 0, 1, 1))]).text == ""


def test_a_title_says_where_it_is_from() -> None:
    assert find_title("A History of Lenses", PAGE).source == "metadata"
    assert find_title("untitled", PAGE).source == "heading"
    assert find_title("scan0001", []).source == "file name"


def test_a_title_is_no_paragraph() -> None:
    assert len(find_title("lamp " * 100, []).text.split()) == LONGEST
    assert len(find_title("", line("lamp " * 100, 0.1, 0.1)).text.split()) == LONGEST


def block(number: int, words: list[Word], role: WordRole = "text") -> list[Word]:
    return [replace(word, block=number, role=role) for word in words]


BODY = block(
    9,
    [
        word
        for row in range(12)
        for word in line("words of the body that fill the page", 0.3 + row * 0.03, 0.01)
    ],
)


def test_running_heads_are_no_title() -> None:
    head = block(1, line("Harbour Commission", 0.02, 0.05))
    title = block(2, line("Tides of the Sound", 0.15, 0.03))
    assert find_title("", [*head, *title, *BODY], [[*head, *BODY]]).text == "Tides of the Sound"
    assert find_title("", [*block(1, head, "header"), *title, *BODY]).text == "Tides of the Sound"


def test_a_running_head_alone_is_better_than_nothing() -> None:
    assert (
        find_title("", block(1, line("Harbour Guide", 0.02, 0.02), "header")).text
        == "Harbour Guide"
    )


@pytest.mark.parametrize("text", ["DRAFT", "Entwurf", "CONFIDENTIEL", "社外秘", "대외비", "Gizli"])
def test_watermarks_are_no_title(text: str) -> None:
    mark = block(1, [Word(text, (0.2, 0.75, 0.8, 0.85))])
    title = block(2, line("Tides of the Sound", 0.15, 0.03))
    assert find_title("", [*mark, *title, *BODY]).text == "Tides of the Sound"


@pytest.mark.parametrize("text", ["APPROVED", "Not for public release", "bezahlt"])
def test_stamps_are_no_title(text: str) -> None:
    mark = block(1, line(text, 0.75, 0.06))
    title = block(2, line("Tides of the Sound", 0.15, 0.03))
    assert find_title("", [*mark, *title, *BODY]).text == "Tides of the Sound"


def test_words_on_their_side_are_as_high_as_their_letters() -> None:
    turned = block(1, [Word("Newsletter", (0.02, 0.3, 0.03, 0.5))])
    title = block(2, line("Tides of the Sound", 0.15, 0.03))
    assert find_title("", [*turned, *title, *BODY]).text == "Tides of the Sound"


def test_large_letters_over_the_text_are_no_title() -> None:
    mark = block(1, [Word("Oduya", (0.05, 0.3, 0.5, 0.7))])
    title = block(2, line("Tides of the Sound", 0.15, 0.03))
    assert find_title("", [*mark, *title, *BODY]).text == "Tides of the Sound"


def test_what_is_not_shown_is_no_title() -> None:
    secret = block(1, line("Hidden words", 0.1, 0.2), "hidden")
    assert find_title("", [*secret, *block(2, PAGE)]).text == "Annual Report 2024"


def numbered(number: int, text: str, top: float, height: float) -> list[Word]:
    return [replace(word, block=number) for word in line(text, top, height)]


@pytest.mark.parametrize(
    "imprint",
    [
        "Published as a conference paper at ICLR 2024",
        "Under review as a conference paper",
        "Accepted at the harbour conference",
        "arXiv:2401.18059v1 [cs.CL] 31 Jan 2024",
        "12 March 2024",
        "Monday, March 12, 2024",
        "Tarrow Head, 2024-03-12",
        "12. März 2024",
        "2024년 3월 12일",
    ],
)
def test_an_imprint_or_a_date_is_no_title_however_large(imprint: str) -> None:
    page = [
        *numbered(1, imprint, 0.05, 0.05),
        *numbered(2, "A History of Lenses", 0.15, 0.03),
        *numbered(3, "The lamp was lit on three hundred and sixty nights.", 0.2, 0.01),
    ]
    assert find_title("", page).text == "A History of Lenses"
    # Where nothing else is printed, it is better than nothing.
    assert find_title("", numbered(1, imprint, 0.05, 0.05)).text == imprint


@pytest.mark.parametrize(
    "heading",
    ["Annual Report 2024", "The storm of 12 March 2024 and what followed", "Preprints in physics"],
)
def test_a_heading_with_a_date_or_such_a_word_is_one(heading: str) -> None:
    page = [*numbered(1, heading, 0.05, 0.05), *numbered(2, "The lamp was lit.", 0.2, 0.01)]
    assert find_title("", page).text == heading


def test_words_of_a_wide_image_stand_upright() -> None:
    """On an image much wider than high, boxes of upright words are higher than wide."""
    words = [
        Word(text, (0.1 * at, 0.4, 0.1 * at + 0.08, 0.51), block=1)
        for at, text in enumerate("ropes were counted Friday".split())
    ]
    assert find_title("", words).text == "ropes were counted Friday"
    assert [line.end for line in split_lines(words)] == [4]


def test_a_title_that_is_printed_sideways_is_as_high_as_it_is_wide() -> None:
    turned = [
        Word(text, (0.1, 0.8 - 0.1 * at, 0.14, 0.88 - 0.1 * at), block=1)
        for at, text in enumerate(["Edition", "autumn"])
    ]
    words = [*turned, Word("Tidal", (0.3, 0.1, 0.5, 0.2), block=2)]
    assert find_title("", words).text == "Tidal"
