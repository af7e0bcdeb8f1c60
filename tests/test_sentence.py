"""Sentences, headings, table rows and list items as units."""

from __future__ import annotations

import pymupdf
import pytest

from generation.text.sentence import MAX_WORDS, ends_sentence, split_sentences
from ingest.page import Word
from ingest.reading.line import split_lines


def printed(page: pymupdf.Page) -> tuple[Word, ...]:
    wide, high = page.rect.width, page.rect.height
    return tuple(
        Word(text, (left / wide, top / high, right / wide, bottom / high))
        for left, top, right, bottom, text, *_ in page.get_text("words")
    )


def blank() -> pymupdf.Page:
    return pymupdf.open().new_page(width=595, height=842)


def test_prose_under_a_heading() -> None:
    page = blank()
    page.insert_text((72, 80), "The lamp of St. Orrin", fontsize=20)
    page.insert_textbox(
        (72, 100, 400, 400),
        'Dr. Okafor measured 3.5 tonnes of prisms, e.g. the crown. Was that all? "No." The lens '
        "was lit on 3 October by J. Kelloway. It has turned since.",
        fontsize=11,
    )
    assert [unit.text for unit in split_sentences(printed(page))] == [
        "The lamp of St. Orrin",
        "Dr. Okafor measured 3.5 tonnes of prisms, e.g. the crown.",
        "Was that all?",
        '"No."',
        "The lens was lit on 3 October by J. Kelloway.",
        "It has turned since.",
    ]


def test_a_table_row_is_one_unit() -> None:
    page = blank()
    rows = [("Ticket", "Price", "2024"), ("Adult", "£9.50", "14,560"), ("Child", "£4.75", "6,045")]
    for number, row in enumerate(rows):
        for column, cell in enumerate(row):
            page.insert_text((72 + 150 * column, 100 + 18 * number), cell, fontsize=10)
    units = split_sentences(printed(page))
    assert [unit.text for unit in units] == [" ".join(row) for row in rows]
    assert all(unit.row for unit in units)


def test_list_items_and_paragraphs_part() -> None:
    page = blank()
    for number, text in enumerate(
        ["Bring a lamp", "Bring oil for it and a spare wick", "1. Climb the stair"]
    ):
        page.insert_text((72, 100 + 13 * number), text, fontsize=10)
    page.insert_text((72, 170), "a new paragraph far below", fontsize=10)
    assert [unit.text for unit in split_sentences(printed(page))] == [
        "Bring a lamp",
        "Bring oil for it and a spare wick",
        "1. Climb the stair",
        "a new paragraph far below",
    ]


def test_columns_do_not_mix() -> None:
    page = blank()
    page.insert_textbox(
        (60, 80, 280, 300), "The left column tells of the lamp and its keeper. " * 3
    )
    page.insert_textbox((320, 80, 540, 300), "The right column tells of seals on the bar. " * 3)
    texts = [unit.text for unit in split_sentences(printed(page))]
    assert (
        texts
        == ["The left column tells of the lamp and its keeper."] * 3
        + ["The right column tells of seals on the bar."] * 3
    )


def test_every_word_is_in_one_unit_and_none_is_too_long() -> None:
    page = blank()
    page.insert_textbox((60, 80, 540, 700), "no end in sight " * 60)
    words = printed(page)
    units = split_sentences(words)
    assert [at for unit in units for at in range(unit.start, unit.end)] == list(range(len(words)))
    assert max(unit.end - unit.start for unit in units) <= MAX_WORDS
    line_ends = {line.end for line in split_lines(words)}
    assert all(unit.end in line_ends for unit in units)


def test_no_words_no_units() -> None:
    assert split_sentences(()) == []
    assert split_lines(()) == []


def test_right_to_left_lines_stay_lines() -> None:
    words = [Word("שלום", (0.8, 0.1, 0.9, 0.12)), Word("עולם", (0.7, 0.1, 0.79, 0.12))]
    assert len(split_lines(words)) == 1


@pytest.mark.parametrize(
    ("word", "following", "ends"),
    [
        ("lamp.", "The", True),
        ("lamp.”", "The", True),
        ("lamp.", "the", False),
        ("다.", "등대", True),
        ("灯台です。", "次", True),
        ("3.5", "tonnes", False),
        ("p.m.", "The", False),
        ("No.", "5", False),
        ("no.", "The", True),
        ("(Fig.", "2)", False),
        ("J.", "Kelloway", False),
        ("2024.", "12", True),
        ("wait…", "Then", True),
        ("lamp,", "The", False),
        ("30.", "Juni.", False),
        ("20.", "Jahrhundert", False),
        ("17.", "Der", True),
    ],
)
def test_sentence_ends(word: str, following: str, ends: bool) -> None:
    assert ends_sentence(word, following) is ends
