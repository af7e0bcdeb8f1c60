"""Reading stage: characters of PDFs to words as printed, in blocks in reading order."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from itertools import groupby
from pathlib import Path
from typing import Any

import pymupdf
import pytest

from generation.text.quote import find_quote, quote_boxes
from generation.text.sentence import split_sentences
from ingest.files.pdf import PdfSource
from ingest.library.words import pack_words, unpack_words
from ingest.page import Word, shown_words
from ingest.reading.layout import arrange
from ingest.reading.line import split_lines
from ingest.reading.spelling.hyphen import join_broken
from ingest.reading.spelling.letters import Letter, find_words, plain_text, split_words
from ingest.reading.spelling.right_to_left import order_from_left, words_from_left
from ingest.reading.spelling.superscript import attach_superscript
from ingest.reading.spelling.vowel_marks import order_marks, restore_widths
from ingest.reading.table import find_tables
from ingest.reading.text_line import LineWord, TextLine
from tests.make_scan import DEJAVU

VOWEL_MARKS = "\u064b\u064c\u064d\u064e\u064f\u0650\u0652"
PORT = [
    "The port was dug in 1871 and",
    "its walls were raised by men",
    "from the valley who stayed on.",
]
FAIR = [
    "A fair is held on the green in",
    "spring, and traders come with",
    "wool that is sold by the ell.",
]


@pytest.fixture
def read(tmp_path: Path) -> Callable[..., tuple[Word, ...]]:
    def draw(make: Callable[[Any], None], **size: float) -> tuple[Word, ...]:
        pdf = pymupdf.open()
        make(pdf.new_page(**size))
        pdf.save(tmp_path / "page.pdf")
        found = PdfSource(tmp_path / "page.pdf").page_image(1, 100)
        return arrange(found.lines, found.image.width / found.image.height)

    return draw


def blocks(words: tuple[Word, ...]) -> list[tuple[str, str]]:
    return [
        (role, " ".join(word.text for word in run))
        for (_, role), run in groupby(words, key=lambda word: (word.block, word.role))
    ]


def texts(words: tuple[Word, ...]) -> list[str]:
    return [text for _, text in blocks(words)]


def write(page: Any, x: float, y: float, lines: list[str], step: float = 14, **font: Any) -> None:
    for number, line in enumerate(lines):
        page.insert_text((x, y + step * number), line, **{"fontsize": 11, **font})


# --- order


def test_columns_written_row_by_row_are_read_one_after_the_other(read: Any) -> None:
    def draw(page: Any) -> None:
        for number, (left, right) in enumerate(zip(PORT, FAIR, strict=True)):
            write(page, 60, 100 + 15 * number, [left])
            write(page, 300, 100 + 15 * number, [right])

    words = read(draw)
    assert texts(words) == [" ".join(PORT), " ".join(FAIR)]
    units = [unit.text for unit in split_sentences(words)]
    assert not any("and A fair" in unit or "come with from" in unit for unit in units)


def test_the_longest_line_of_a_column_does_not_cross_its_gutter(read: Any) -> None:
    """Of three columns whose lines end at different places."""
    columns = [
        [
            "The harbour board meets",
            "on the first Monday and",
            "elected Mrs Brandvold",
            "as chair.",
        ],
        [
            "The bakery on the quay",
            "closes for repairs until",
            "June and sells its bread",
            "from a van at the church.",
        ],
        [
            "The choir seeks altos who",
            "can rehearse on Thursday",
            "evenings; write to Yusuf",
            "Karadeniz now.",
        ],
    ]

    def draw(page: Any) -> None:
        write(page, 60, 60, ["Quayside Gazette: news from the three parishes"], fontsize=16)
        for number in range(4):
            for column, x in zip(columns, (60, 225, 390), strict=True):
                write(page, x, 110 + 15 * number, [column[number]], fontsize=9.5)

    assert texts(read(draw))[1:] == list(map(" ".join, columns))


def test_a_title_and_a_last_line_span_two_columns(read: Any) -> None:
    def draw(page: Any) -> None:
        write(page, 60, 80, ["Notices of the parish council for the coming year"], fontsize=18)
        for number, (left, right) in enumerate(zip(PORT, FAIR, strict=True)):
            write(page, 60, 130 + 15 * number, [left])
            write(page, 300, 130 + 15 * number, [right])
        write(
            page,
            60,
            240,
            ["Printed by the council, and sent to every house of the parish in March."],
        )

    assert [role for role, _ in blocks(read(draw))] == ["heading", "text", "text", "text"]
    assert texts(read(draw))[1:3] == [" ".join(PORT), " ".join(FAIR)]


def test_a_heading_close_below_two_columns_is_no_part_of_the_longer_one(read: Any) -> None:
    def draw(page: Any) -> None:
        write(page, 60, 100, [*PORT, *PORT])
        write(page, 300, 100, FAIR)
        below = 100 + 15 * 2 * len(PORT)
        write(page, 60, below + 12, ["Weather of the month"], fontsize=16)
        write(
            page, 60, below + 30, ["It rained on seventeen days and the wind reached force nine."]
        )

    found = texts(read(draw))
    assert found.index(" ".join(FAIR)) < found.index("Weather of the month")


def test_cells_in_the_middle_of_a_wrapped_label_are_a_table(read: Any) -> None:
    def draw(page: Any) -> None:
        write(page, 60, 60, ["Philemon Wynd", "11 Salt Lane", "Umber"])
        for x, y, text in (
            *((60, 140, "Goods"), (360, 140, "Qty"), (440, 140, "Price")),
            *((60, 158, "Boots, waxed, with"), (60, 173, "brass hooks")),
            *((364, 165.5, "2"), (440, 165.5, "48.00")),
            *((60, 191, "Laces"), (360, 191, "10"), (446, 191, "5.00")),
            *((420, 209, "Net 53.00"), (420, 224, "VAT 10.60"), (415, 239, "Total 63.60")),
        ):
            write(page, x, y, [text])

    found = texts(read(draw))
    assert "Goods Qty Price" in found
    assert "Boots, waxed, with brass hooks 2 48.00" in found
    assert "Laces 10 5.00" in found


def test_the_upper_line_of_the_left_column_stays_there_in_hebrew(read: Any) -> None:
    left = ["משרד הנמל נפתח בשעה שבע", "ונסגר אחרי שהמעבורת", "האחרונה עוזבת את הרציף"]
    right = ["הוועדה החליטה לתקן את", "העגורן הישן לפני תחילת", "החורף הבא בעיר שלנו"]
    font = {"fontname": "dj", "fontfile": str(DEJAVU)}

    def draw(page: Any) -> None:
        for edge, y, lines in ((290, 94, left), (530, 100, right)):
            for number, line in enumerate(lines):
                width = pymupdf.Font(fontfile=str(DEJAVU)).text_length(line, 11)
                write(page, edge - width, y + 15 * number, [line[::-1]], **font)

    assert texts(read(draw)) == [" ".join(right), " ".join(left)]


def test_a_narrow_column_on_lines_of_its_own_is_a_sidebar(read: Any) -> None:
    side = ["Opening", "hours", "Monday to Friday", "from nine to five", "closed in winter"]

    def draw(page: Any) -> None:
        write(page, 60, 100, side, step=19, fontsize=9)
        write(page, 200, 96, PORT + FAIR, step=14)

    found = " / ".join(texts(read(draw)))
    assert "Monday to Friday from nine" in found.replace(" / ", " ")
    assert " ".join(PORT + FAIR) in found.replace(" / ", " ")


def test_cells_of_a_table_are_read_row_by_row(read: Any) -> None:
    rows = [("Berth", "Length", "Price"), ("Alder", "12 m", "31.50"), ("Birch", "9 m", "24.00")]

    def draw(page: Any) -> None:
        for number, row in enumerate(rows):
            for column, cell in enumerate(row):
                write(page, 60 + 140 * column, 100 + 18 * number, [cell])

    assert blocks(read(draw)) == [("row", " ".join(row)) for row in rows]


@pytest.mark.parametrize(
    ("left", "right"),
    [
        (
            ["Seller", "Cordwainer Bros.", "4 Tanner Row", "Ostwick"],
            ["Buyer", "Philemon Wynd", "11 Salt Lane", "Umber"],
        ),
        (
            ["Werft Marlow GmbH", "Hafenstr. 5", "18147 Rostock", "info@werft.example"],
            ["Petra Lund", "Am Wall 17", "28195 Bremen", "lund@post.example"],
        ),
        (
            ["Vinegar Works", "7 Mill Road", "Ostwick OW1 2AB"],
            ["Marta Solberg", "Havnegata 9", "0150 Oslo"],
        ),
        (
            ["______________", "Anselm Roper", "Landlord"],
            ["______________", "Beatrix Thorne", "Tenant"],
        ),
    ],
)
def test_addresses_side_by_side_are_read_one_after_the_other(
    left: list[str], right: list[str], read: Any
) -> None:
    def draw(page: Any) -> None:
        for number, pair in enumerate(zip(left, right, strict=True)):
            for x, text in zip((60, 320), pair, strict=True):
                write(page, x, 80 + 14 * number, [text])
        write(page, 60, 180, ["Invoice 2024-311 of 4 May 2024"])

    assert texts(read(draw))[:2] == [" ".join(left), " ".join(right)]


@pytest.mark.parametrize(
    "rows",
    [
        [("Model", "Engine"), ("Golf 7", "TSI 130"), ("Polo 6", "TDI 95"), ("Up 2", "MPI 60")],
        [("From", "To"), ("Pier 3", "Quay 9"), ("Pier 4", "Quay 2"), ("Pier 7", "Quay 5")],
    ],
)
def test_rows_of_codes_and_names_are_no_addresses(rows: list[tuple[str, str]], read: Any) -> None:
    def draw(page: Any) -> None:
        for number, pair in enumerate(rows):
            for x, text in zip((60, 320), pair, strict=True):
                write(page, x, 80 + 14 * number, [text])

    assert texts(read(draw)) == [" ".join(row) for row in rows]


STOCK = [
    ("Item", "Pieces", "Price (crowns)", "Supplier"),
    ("Anchor", "12", "440.00", "Ostwick"),
    ("Bollard", "7", "1,210.50", "Ulm"),
    ("Capstan", "3", "980.00", "Bergen"),
]


def test_columns_close_together_are_cells_of_a_table(read: Any) -> None:
    """No gap of the row of heads is wider than what may be between words."""
    lefts = (60, 112, 160, 250)

    def draw(page: Any) -> None:
        write(page, 60, 80, ["Stock of the chandler as it was counted in the spring of 2024"])
        for number, row in enumerate(STOCK):
            for left, cell in zip(lefts, row, strict=True):
                write(page, left, 110 + 16 * number, [cell])
        write(page, 60, 190, ["The total value of all this is thirty-one thousand crowns."])

    words = read(draw)
    assert [role for role, _ in blocks(words)] == ["text", *["row"] * 4, "text"]
    (table,) = find_tables(words)
    cells = [
        [" ".join(word.text for word in words[cell.start : cell.end]) for cell in row]
        for row in (*table.heads, *table.rows)
    ]
    assert cells == [list(row) for row in STOCK]


def test_a_river_of_justified_lines_is_no_gutter(read: Any) -> None:
    lines = ["The crew had its meal", "on eight old boats so", "the bread got stale and"]

    def draw(page: Any) -> None:
        for number, line in enumerate(lines):
            words, left = line.split(), 60.0
            gap = (130 - sum(pymupdf.get_text_length(word, fontsize=11) for word in words)) / 4
            for word in words:
                write(page, left, 100 + 14 * number, [word])
                left += pymupdf.get_text_length(word, fontsize=11) + gap

    assert [role for role, _ in blocks(read(draw))] == ["text"]


def test_a_label_and_its_value_are_a_row(read: Any) -> None:
    def draw(page: Any) -> None:
        write(page, 60, 100, ["Name of skipper:"])
        write(page, 220, 100, ["Ottilie Brandt"])
        write(page, 60, 140, PORT)

    assert blocks(read(draw))[0] == ("row", "Name of skipper: Ottilie Brandt")


def test_a_column_of_numbers_is_read_with_its_labels() -> None:
    bill = [
        ("Code 8318", 0.05, 0.491, 0.41),
        ("Elegant bag 15", 0.05, 0.517, 0.5),
        ("Quantity", 0.15, 0.543, 0.41),
        ("80.91", 0.73, 0.54, 0.82),
        ("Sales before tax", 0.15, 0.58, 0.597),
        ("80.91", 0.73, 0.581, 0.82),
        ("Discount", 0.45, 0.609, 0.6),
        ("0.00", 0.74, 0.61, 0.82),
        ("Tax", 0.44, 0.638, 0.6),
        ("0.00", 0.74, 0.639, 0.82),
        ("Rounding", 0.45, 0.667, 0.6),
        ("-0.01", 0.73, 0.668, 0.82),
        ("Sales with tax", 0.08, 0.703, 0.638),
        ("80.90", 0.73, 0.702, 0.82),
    ]
    lines = [
        TextLine((LineWord(text, (x, y, x2, y + 0.025)),), origin="ocr") for text, x, y, x2 in bill
    ]
    assert texts(arrange(lines, 0.45))[-2:] == ["Rounding -0.01", "Sales with tax 80.90"]


def test_running_head_page_number_footnote_and_caption_have_roles(read: Any) -> None:
    def draw(page: Any) -> None:
        write(page, 60, 40, ["Annual report 2024"], fontsize=9)
        write(page, 60, 100, PORT + FAIR)
        write(page, 60, 300, ["Figure 3: The old wall, seen from the sea."])
        write(page, 60, 700, ["1 Counted without the boats of the guests."], fontsize=8)
        write(page, 290, 815, ["17"], fontsize=9)

    assert [role for role, _ in blocks(read(draw))] == [
        *("header", "text", "caption", "note", "footer")
    ]


def test_sideways_and_upside_down_print_keeps_its_words_in_order(read: Any) -> None:
    def draw(page: Any) -> None:
        write(page, 60, 100, PORT)
        for number, line in enumerate(FAIR):
            page.insert_text((400 + 14 * number, 600), line, fontsize=11, rotate=90)
        page.insert_text((300, 700), "turned on its head", fontsize=11, rotate=180)

    found = texts(read(draw))
    assert found[0] == " ".join(PORT)
    assert " ".join(FAIR) in found
    assert "turned on its head" in found


@pytest.mark.parametrize("turn", [90, 180, 270])
def test_turned_print_has_a_line_for_each_of_its_lines(turn: int, read: Any) -> None:
    x, y, across, down = {90: (100, 700, 20, 0), 180: (500, 300, 0, -20), 270: (300, 100, -20, 0)}[
        turn
    ]

    def draw(page: Any) -> None:
        for number, text in enumerate(PORT):
            place = (x + across * number, y + down * number)
            page.insert_text(place, text, fontsize=11, rotate=turn)

    words = read(draw)
    lines = [" ".join(w.text for w in words[at.start : at.end]) for at in split_lines(words)]
    assert lines == PORT


def test_rows_of_a_table_printed_sideways_stand_below_their_heads(read: Any) -> None:
    rows = [
        ("Station", "Height", "Keeper"),
        ("Skarne", "41 m", "A. Finch"),
        ("Ness", "38", "B. Dove"),
    ]

    def draw(page: Any) -> None:
        for number, row in enumerate(rows):
            for column, text in enumerate(row):
                place = (150 + 20 * number, 680 - 150 * column)
                page.insert_text(place, text, fontsize=10, rotate=90)

    words = read(draw)
    (table,) = find_tables(words)
    (head,) = table.column_heads(table.rows[0][2])
    assert words[head.start].text == "Keeper"


def test_numbers_of_a_row_in_hebrew_are_on_its_line() -> None:
    rows = [("מחיר", "כמות", "פריט"), ("440", "12", "עוגן"), ("121", "7", "חבל")]
    words = arrange(
        [
            line(text, left=0.2 + 0.3 * column, top=0.1 + 0.03 * number)
            for number, row in enumerate(rows)
            for column, text in enumerate(row)
        ]
    )
    assert len(split_lines(words)) == 3
    (table,) = find_tables(words)
    assert [words[cell.start].text for cell in table.rows[0]] == ["עוגן", "12", "440"]


@pytest.mark.parametrize("turn", [90, 180, 270])
def test_a_turned_page_is_read_as_it_is_shown(turn: int, tmp_path: Path) -> None:
    pdf = pymupdf.open()
    page = pdf.new_page()
    for number, (left, right) in enumerate(zip(PORT, FAIR, strict=True)):
        for x, text in ((60, left), (300, right)):
            page.insert_text(pymupdf.Point(x, 100 + 15 * number), text, fontsize=11)
    page.set_rotation(turn)
    pdf.save(tmp_path / "turned.pdf")
    found = PdfSource(tmp_path / "turned.pdf").page_image(1, 72)
    words = arrange(found.lines, found.image.width / found.image.height)
    assert texts(words) == [" ".join(PORT), " ".join(FAIR)]


def test_vertical_japanese_reads_down_and_to_the_left(read: Any) -> None:
    columns = ["図書館は九時に開きます", "休館日は月曜日で", "す。", "館長は佐藤です"]

    def draw(page: Any) -> None:
        for column, text in enumerate(columns):
            for row, letter in enumerate(text):
                page.insert_text(
                    (500 - 32 * column, 90 + 19 * row), letter, fontname="japan", fontsize=16
                )

    assert "".join(word.text for word in read(draw)) == "".join(columns)


def test_numbers_that_lie_on_their_side_are_part_of_a_vertical_line() -> None:
    lines, top = [], 0.1
    for text in ("令", "和", "6", "年", "12", "月", "の", "日"):
        lies = text.isdigit()
        high = 0.009 * len(text) if lies else 0.017
        box = (0.190, top, 0.220, top + high) if lies else (0.193, top, 0.217, top + high)
        lines.append(TextLine((LineWord(text, box, size=12),), 90 if lies else 0))
        top += high
    assert texts(arrange(lines, 0.7)) == ["令和6年12月の日"]


def test_cells_in_thai_are_words_where_the_file_has_no_blank() -> None:
    text, places = (
        "รายการราคา",
        [(10.0 * at + 20 * (at > 5), 0.0, 10.0 * at + 20 * (at > 5) + 9, 9.0) for at in range(10)],
    )
    assert [found[0] for found in find_words(text, places, 11)] == ["รายการ", "ราคา"]


def line(*words: str, left: float = 0.1, top: float = 0.1, right: bool = False) -> TextLine:
    """Line of words, placed from the left; `right`: in the order of speech, from the right."""
    placed, x = [], left
    for word in reversed(words) if right else words:
        end = x + 0.012 * len(word)
        placed.append(LineWord(word, (x, top, end, top + 0.014), "F", 10.0))
        x = end + 0.006
    return TextLine(tuple(placed))


@pytest.mark.parametrize(
    "text", ["يفتح المكتب في الساعة 7:30 صباحا", "המשרד של Haven Office נפתח בשעה 7:30"]
)
def test_words_stored_from_the_left_are_read_from_the_right(text: str) -> None:
    words = text.split()
    if "Haven" in words:  # a name in another script runs to the right within the line
        at = words.index("Haven")
        words[at], words[at + 1] = words[at + 1], words[at]
    assert texts(arrange([line(*words, right=True)])) == [text]


def test_full_stops_at_the_left_end_of_a_word_end_it() -> None:
    assert texts(arrange([line("בבוקר", "נפתח", "המשרד")])) == ["המשרד נפתח בבוקר"]
    assert texts(arrange([line(".בבוקר", "נפתח", "המשרד")])) == ["המשרד נפתח בבוקר."]


@pytest.mark.parametrize("wide", [0.0, 6.0])
def test_vowel_marks_go_with_the_letter_under_them(wide: float) -> None:
    """Text layers have them before the letter, with a gap that looks like a space."""
    text = "عَقْدُ بَيْعٍ"
    letters, x = [], 200.0
    for each in text:
        step = 0.0 if each in VOWEL_MARKS else 6.0
        x -= step or wide
        place = (x, 0.0, x + (step or wide), 10.0)
        letters.append(Letter(each, x, x, 10.0, place, blank=each == " "))
    stored = sorted(letters, key=lambda letter: (-letter.place[2], letter.text not in VOWEL_MARKS))
    assert "".join(letter.text for letter in order_marks(stored)) == text


@pytest.mark.parametrize(
    ("stored", "text"),
    [
        ("ఒప్పంందం", "ఒప్పందం"),
        ("അവസാനിക്കുംും", "അവസാനിക്കും"),
        ("ដែរធ្នូូ", "ដែរធ្នូ"),
        ("ဆုံးး", "ဆုံး"),
        ("นาฬิิกา", "นาฬิกา"),
        ("नौका", "नौका"),
    ],
)
def test_signs_that_a_font_gives_twice_are_read_once(stored: str, text: str) -> None:
    assert plain_text(stored) == text


def test_letters_that_one_glyph_has_with_their_marks_are_words() -> None:
    """Chromium's Hebrew: no width, marks first, and a blank where the glyph is."""
    text, letters, x = "הַסְּפִינָה יָצְאָה", [], 300.0
    clusters = re.findall(r"[\u05d0-\u05ea ][^\u05d0-\u05ea ]*", text)
    for cluster in clusters:
        x -= 6.0
        base, marks = cluster[0], cluster[1:]
        wide = 0.0 if marks else 6.0
        if marks:
            letters.append(Letter(" ", x, x + 6, 11.0, (x, 0.0, x + 6, 10.0), blank=True))
        for each in (*reversed(marks), base):
            place = (x, 0.0, x + wide, 10.0)
            letters.append(Letter(each, x, x + wide, 11.0, place, blank=each == " "))
    words = words_from_left(order_from_left(order_marks(restore_widths(letters))))
    found = [plain_text("".join(letter.text for letter in word)) for word in words]
    assert found == [unicodedata.normalize("NFC", word) for word in reversed(text.split())]


def test_marks_without_width_belong_to_the_letter_before() -> None:
    letters, x = [], 100.0
    for each in unicodedata.normalize("NFD", "Giấy chứng"):
        wide = 0.0 if unicodedata.combining(each) else 6.0
        letters.append(Letter(each, x, x + wide, 11.0, (x, 0.0, x + wide, 10.0), blank=each == " "))
        x += wide
    words = ["".join(letter.text for letter in word) for word in split_words(letters)]
    assert words == ["Giấy", "chứng"]


@pytest.mark.parametrize(
    ("base", "mark", "text"),
    [
        ("XIX", "e", "XIXe"),
        ("n", "o", "no"),
        ("V", "a", None),
        ("1,250", "a", None),
        ("M", "me", "Mme"),
    ],
)
def test_raised_letters_of_centuries_and_titles_are_kept(
    base: str, mark: str, text: str | None
) -> None:
    assert attach_superscript(base, mark) == text


def test_soft_hyphens_are_no_letters() -> None:
    lines = [
        line("ein", "lan\u00adger", "Wert\u00adpapier\u00ad"),
        line("index", "von", "heute", "auch", top=0.116),
    ]
    assert texts(arrange(lines)) == ["ein langer Wertpapierindex von heute auch"]


# --- words as printed


def test_reference_marks_are_no_digits_of_the_number_before(read: Any) -> None:
    def draw(page: Any) -> None:
        x = 60.0
        for text, size, up in (
            ("It sold 4,120", 11, 0),
            ("3", 6.5, 4),
            (" loaves of 12 cm", 11, 0),
            ("2", 6.5, 4),
            (" each", 11, 0),
            ("1,2", 6.5, 4),
            (", on the 2", 11, 0),
            ("nd", 6.5, 4),
            (" of May.", 11, 0),
        ):
            page.insert_text((x, 100 - up), text, fontsize=size)
            x += pymupdf.get_text_length(text, fontsize=size)

    assert texts(read(draw)) == ["It sold 4,120 loaves of 12 cm² each, on the 2nd of May."]


def test_charges_and_powers_in_equations_are_no_reference_marks(read: Any) -> None:
    def draw(page: Any) -> None:
        for y, parts in ((100, ("E = mc", "2")), (130, ("of Ca", "2+")), (160, ("the cost", "2"))):
            page.insert_text((60, y), parts[0], fontsize=11)
            x = 60 + pymupdf.get_text_length(parts[0], fontsize=11)
            page.insert_text((x, y - 4), parts[1], fontsize=6.5)

    found = " ".join(word.text for word in read(draw))
    assert found == "E = mc² of Ca²⁺ the cost"


def test_a_large_capital_is_the_first_letter_of_its_word(read: Any) -> None:
    def draw(page: Any) -> None:
        page.insert_text((60, 190), "E", fontsize=40)
        x = 62 + pymupdf.get_text_length("E", fontsize=40)
        write(page, x, 174, ["thelbert rows the boat to", "the island each morning."])

    assert texts(read(draw))[0].split()[0] == "Ethelbert"


def test_words_that_are_drawn_twice_are_read_once(read: Any) -> None:
    def draw(page: Any) -> None:
        for x in (60, 60.4):
            page.insert_text((x, 100), "Fake bold of Dunstan", fontsize=14)
        page.insert_text((60, 130), "bold bold as it is printed", fontsize=14)

    assert texts(read(draw)) == ["Fake bold of Dunstan bold bold as it is printed"]


def test_a_word_broken_at_a_line_end_is_one_word_with_two_boxes(read: Any) -> None:
    words = read(
        lambda page: write(page, 60, 100, ["They bought a spectro-", "photometer in Ulm."])
    )
    assert texts(words) == ["They bought a spectrophotometer in Ulm."]
    [broken] = [word for word in words if word.rest]
    assert broken.rest is not None
    assert broken.rest[1] > broken.box[1]
    span = find_quote("a spectrophotometer in", words)
    assert span is not None
    above, below = quote_boxes(words, span)
    assert above[3] <= below[1] + 0.01
    assert below[0] == pytest.approx(broken.rest[0])


@pytest.mark.parametrize(
    ("first", "second", "text"),
    [
        ("the part AB-", "1234 is new", "the part AB-1234 is new"),
        ("die Vor-", "und Nachteile", "die Vor- und Nachteile"),
        ("by Anna Lind-", "Berg herself", "by Anna Lind-Berg herself"),
        ("a well-", "known keeper", "a well-known keeper"),
        ("flaga czarno-", "-czerwona z", "flaga czarno-czerwona z"),
        ("il molo dell'-", "isola è", "il molo dell'isola è"),
    ],
)
def test_hyphens_at_line_ends(first: str, second: str, text: str, read: Any) -> None:
    lines = [f"These lines are as long, {first}", f"{second} and more of it here"]
    assert text in texts(read(lambda page: write(page, 60, 100, lines)))[0]


def test_english_words_keep_no_hyphen_in_another_language() -> None:
    assert join_broken("rice-", "ve", ("il", "capo", "della", "nave", "rice-", "ve")) == "riceve"
    assert join_broken("rice-", "field", ("the", "rice-", "field")) == "rice-field"


def test_a_letterspaced_heading_has_whole_words(read: Any) -> None:
    def draw(page: Any) -> None:
        for gap, y, text in ((8, 80, "HARBOUR RULES"), (3.2, 110, "of the old town")):
            x = 60.0
            for letter in text:
                if letter == " ":
                    x += 4
                else:
                    page.insert_text((x, y), letter, fontsize=13)
                x += pymupdf.get_text_length(letter, fontsize=13) + gap
        write(page, 60, 150, PORT)

    assert "HARBOUR RULES" in " ".join(texts(read(draw)))


@pytest.mark.parametrize("text", ["NOTBURGA", "DE89370400440532013000"])
def test_letters_in_boxes_of_a_form_are_a_word(text: str, read: Any) -> None:
    def draw(page: Any) -> None:
        page.insert_text((50, 80), "Value:", fontsize=11)
        for at, letter in enumerate(text):
            page.draw_rect((110 + at * 20, 66, 130 + at * 20, 86))
            page.insert_text((116 + at * 20, 80), letter, fontsize=11)

    assert texts(read(draw)) == [f"Value: {text}"]


def test_single_letters_in_cells_stay_apart(read: Any) -> None:
    def draw(page: Any) -> None:
        for row, cells in enumerate(["x--x-", "YNYNY", "12345"]):
            for at, letter in enumerate(cells):
                page.insert_text((110 + at * 60, 80 + row * 20), letter, fontsize=11)

    assert all(len(word.text) == 1 for word in read(draw))


@pytest.mark.parametrize("text", ["RECHNUNG FÜR MÄRZ", "ДОГОВОР АРЕНДЫ", "ΠΡΟΣΦΟΡΑ ΤΟΥ ΜΑΪΟΥ"])
def test_letterspaced_words_far_apart_are_one_line(text: str, read: Any) -> None:
    font = "/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf"
    if not Path(font).exists():
        pytest.skip("needs the DejaVu fonts")

    def draw(page: Any) -> None:
        x = 60.0
        for letter in text:
            if letter != " ":
                page.insert_text((x, 80), letter, fontsize=12, fontname="dj", fontfile=font)
            x += pymupdf.Font(fontfile=font).text_length(letter, 12) + 6
        write(page, 60, 150, PORT)

    assert texts(read(draw)) == [text, " ".join(PORT)]


def test_a_cell_of_two_lines_is_read_as_one(read: Any) -> None:
    rows = [
        *[("When does it open?", "At nine, but on Sundays"), ("", "it opens at ten.")],
        *[("What does it cost?", "Four crowns for adults and"), ("", "two for children.")],
        ("Is there a lift?", "Yes, to every floor."),
    ]

    def draw(page: Any) -> None:
        for number, (left, right) in enumerate(rows):
            write(page, 60, 100 + 15 * number, [left])
            write(page, 230, 100 + 15 * number, [right])

    assert blocks(read(draw)) == [
        ("row", "When does it open? At nine, but on Sundays it opens at ten."),
        ("row", "What does it cost? Four crowns for adults and two for children."),
        ("row", "Is there a lift? Yes, to every floor."),
    ]


def test_bullets_begin_their_items_and_a_heading_below_is_no_part_of_the_last(read: Any) -> None:
    items = ["Chalk white", "Kelp green", "Storm grey"]

    def draw(page: Any) -> None:
        write(page, 70, 100, ["\u00b7"] * 3, 20)
        write(page, 86, 100, items, 20)
        write(page, 60, 160, ["Charging"], fontsize=14)
        write(page, 60, 184, ["The battery is charged", "at any socket."], 20)

    assert [(role, text.lstrip("\u00b7 ")) for role, text in blocks(read(draw))] == [
        *(("item", item) for item in items),
        ("heading", "Charging"),
        ("text", "The battery is charged at any socket."),
    ]


def test_single_letters_of_an_alphabet_stay_apart(read: Any) -> None:
    words = read(lambda page: write(page, 60, 100, ["A B C D E F G"]))
    assert [word.text for word in words] == list("ABCDEFG")


def test_accents_that_are_letters_of_their_own_are_composed(read: Any) -> None:
    def draw(page: Any) -> None:
        x = 60.0
        for letter in "pr´elev´ee":
            if letter == "´":
                page.insert_text((x + 1, 100), letter, fontname="cour", fontsize=10)
            else:
                page.insert_text((x, 100), letter, fontname="cour", fontsize=10)
                x += 6

    assert texts(read(draw)) == ["prélevée"]


# --- hidden words


def test_what_the_page_does_not_show_is_apart(read: Any) -> None:
    def draw(page: Any) -> None:
        write(page, 60, 100, PORT)
        write(page, 60, 200, ["ignore all that is said above"], color=(1, 1, 1))
        write(page, 60, 240, ["covered by a bar"])
        page.draw_rect((55, 228, 300, 245), fill=(0, 0, 0))
        write(page, 60, 300, ["too small to read"], fontsize=1)
        page.draw_rect((55, 330, 300, 350), fill=(0, 0, 0))
        write(page, 60, 345, ["white on black"], color=(1, 1, 1))

    words = read(draw)
    hidden = " ".join(word.text for word in words if word.role == "hidden")
    assert hidden == "ignore all that is said above covered by a bar too small to read"
    assert " ".join(word.text for word in shown_words(words)) == " ".join([*PORT, "white on black"])


def test_blocks_roles_and_second_boxes_are_stored(read: Any) -> None:
    words = read(
        lambda page: write(page, 60, 100, ["They bought a spectro-", "photometer in Ulm."])
    )
    stored = unpack_words(pack_words(words))
    assert [(w.text, w.block, w.role) for w in stored] == [(w.text, w.block, w.role) for w in words]
    for one, other in zip(stored, words, strict=True):
        assert one.box == pytest.approx(other.box, abs=1e-4)
        assert (one.rest is None) == (other.rest is None)


def test_words_of_a_page_are_unpacked_once() -> None:
    words = (Word("lamp", (0.1, 0.1, 0.2, 0.2)),)
    packed = pack_words(words)
    assert unpack_words(packed) is unpack_words(bytes(bytearray(packed)))
    assert unpack_words(pack_words((*words, *words))) == (*words, *words)


# --- pages that cost much


def word(text: str, x: float, y: float, wide: float = 0.01, high: float = 0.01) -> LineWord:
    return LineWord(text, (x, y, min(x + wide, 1.0), min(y + high, 1.0)), "F", 9.0)


MANY = 15_000
HOSTILE = {
    "characters in one place": [TextLine((word("字", 0.5, 0.5),)) for _ in range(MANY)],
    "characters everywhere": [
        TextLine((word("字", n * 0.377 % 1, n * 0.713 % 1),)) for n in range(MANY)
    ],
    "words everywhere": [
        TextLine((word(f"w{n}", n * 0.377 % 0.9, n * 0.713 % 1, 0.03),)) for n in range(2_900)
    ],
    "lines in the margin": [TextLine((word("x", 0.1, 0.0002 * (n % 300)),)) for n in range(MANY)],
    "one row": [TextLine((word("x", n / MANY, 0.5, 1 / MANY),)) for n in range(MANY)],
    "one line": [TextLine(tuple(word("é-", n / MANY, 0.5, 1 / MANY) for n in range(MANY)))],
    "one column": [TextLine((word("go-", 0.1, n / MANY, 0.1, 1 / MANY),)) for n in range(MANY)],
}


@pytest.mark.timeout(60)
@pytest.mark.parametrize("name", HOSTILE)
def test_pages_of_many_words_are_read_within_seconds(name: str) -> None:
    lines = HOSTILE[name]
    words = arrange(lines)
    assert sum(1 + bool(word.rest) for word in words) <= sum(len(line.words) for line in lines)
    assert words
