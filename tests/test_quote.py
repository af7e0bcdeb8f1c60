"""Quotes found on a page: all that are printed, and no others."""

from __future__ import annotations

import random
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from generation.text import quote as quote_module
from generation.text.normalize import normalize_words
from generation.text.quote import find_quote, quote_boxes
from ingest.page import Word

FEW = settings(max_examples=25, deadline=None)
NOWHERE = (0.0, 0.0, 1.0, 1.0)


def words_of(text: str) -> tuple[Word, ...]:
    return tuple(Word(token, NOWHERE) for token in text.split())


PRINTED = words_of(
    "A visitor who wants to see the lamp climbs 142 steps, the last 17 of them on an iron ladder. "
    "The ﬁrst keeper’s co- operative cost £4,550.75 (−3.5% on 2023–2024) – “so they say”. "
    "하늬섬 등대전시관은 여름을 맞아 밤에도 문을 엽니다."
)

tokens = st.text(
    st.characters(codec="utf-8", categories=("L", "N", "P", "S")), min_size=1, max_size=12
).filter(lambda token: token.split() == [token])


@pytest.mark.parametrize(
    ("quote", "found"),
    [
        ("climbs 142 steps", "climbs 142 steps,"),
        ("CLIMBS  142\nsteps.", "climbs 142 steps,"),
        ("the first keeper's", "The ﬁrst keeper’s"),
        ("first keeper's cooperative", "ﬁrst keeper’s co- operative"),
        ("co-operative cost £4,550.75", "co- operative cost £4,550.75"),
        ("-3.5% on 2023-2024", "(−3.5% on 2023–2024)"),
        ('"so they say"', "“so they say”."),
        ("등대 전시관은 여름을", "등대전시관은 여름을"),
        ("전시관은 여름", "등대전시관은 여름을"),
    ],
)
def test_typography_does_not_matter(quote: str, found: str) -> None:
    span = find_quote(quote, PRINTED)
    assert span is not None
    assert " ".join(word.text for word in PRINTED[slice(*span)]) == found


@pytest.mark.parametrize(
    "quote",
    [
        "",
        " .,! ",
        "A",
        "42 steps",  # cuts 142
        "climbs 143 steps, the last 17 of them on an iron ladder",
        "climbs 14 2 steps, the last 17 of them on an iron ladder",
        "co-operative cost £455075 (−3.5% on 2023–2024)",
        "co-operative cost £4,550.7 (−3.5% on 2023–2024)",
        "co-operative cost $4,550.75 (−3.5% on 2023–2024)",
        "3.5% on 2023-2024",  # the sign is lost
        "adder",  # cuts ladder
        "the lamp was lit by a keeper",
        "낮에도 문을 닫습니다",
    ],
)
def test_what_is_not_printed_is_not_found(quote: str) -> None:
    assert find_quote(quote, PRINTED) is None


def test_numbers_of_two_cells_are_not_one() -> None:
    assert find_quote("School pupil 18902315", words_of("School pupil 1890 2315")) is None
    assert find_quote("School pupil 3.5", words_of("School pupil 3. 5")) is None


def test_the_exact_place_is_preferred() -> None:
    page = words_of("the lamp was litt again and the lamp was lit again")
    assert find_quote("the lamp was lit again", page) == (6, 11)


@FEW
@given(st.lists(tokens, min_size=1, max_size=40), st.data())
def test_any_printed_span_is_found(texts: list[str], data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(texts) - 1))
    end = data.draw(st.integers(start + 1, len(texts)))
    quote = " ".join(texts[start:end])
    assume(sum(letter.isalnum() for letter in normalize_words(quote.split()).text) >= 2)
    span = find_quote(quote, [Word(text, NOWHERE) for text in texts])
    assert span is not None
    inside = normalize_words(texts[slice(*span)]).text
    assert normalize_words(quote.split()).strip(".,;:…!?' ").text in inside


LETTERS = st.text("abcdefghijklmnopqrstuvwxyz", min_size=4, max_size=9)


@FEW
@given(st.lists(LETTERS, min_size=8, max_size=40), st.data())
def test_one_slip_in_twelve_characters_is_forgiven(texts: list[str], data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(texts) - 4))
    letters = list(" ".join(texts[start:]))
    count = 0
    for at, letter in enumerate(letters):
        count += letter != " "
        if count == 12:
            letters[at] = "#"
            count = 0
    span = find_quote("".join(letters), [Word(text, NOWHERE) for text in texts])
    assert span is not None


@FEW
@given(
    st.lists(LETTERS | st.integers(0, 99_999).map(str), min_size=6, max_size=40),
    st.randoms(use_true_random=False),
)
def test_a_changed_digit_is_never_forgiven(texts: list[str], chance: random.Random) -> None:
    quote = list(" ".join(texts))
    digits = [at for at, letter in enumerate(quote) if letter.isdigit()]
    assume(digits)
    at = chance.choice(digits)
    quote[at] = str((int(quote[at]) + chance.randint(1, 9)) % 10)
    assert find_quote("".join(quote), [Word(text, NOWHERE) for text in texts]) is None


@FEW
@given(st.integers(0, 1 << 32))
def test_unrelated_text_is_not_found(seed: int) -> None:
    chance = random.Random(seed)

    def draw(letters: str, count: int) -> list[str]:
        return ["".join(chance.choices(letters, k=chance.randint(3, 9))) for _ in range(count)]

    page = [Word(text, NOWHERE) for text in draw("abcdefghijklmnopqrstuvwxyz", 200)]
    assert find_quote(" ".join(draw("abcdefghijklmnopqrstuvwxyz", 8)), page) is None


@FEW
@given(st.text("ab ", min_size=10, max_size=40), st.text("ab ", min_size=10, max_size=80))
def test_same_as_the_slow_loop(quote: str, text: str) -> None:
    """Against plain dynamic programming, on words so long that no end is cut."""
    assume(len(set(quote) & set("ab")) > 0 and len(quote.replace(" ", "")) >= 10)
    sought, page = quote.replace(" ", ""), text.replace(" ", "")
    assume(page)
    row = [0] * (len(page) + 1)
    for i, one in enumerate(sought, 1):
        above, row = row, [i]
        for j, other in enumerate(page, 1):
            row.append(min(above[j] + 1, row[j - 1] + 1, above[j - 1] + (one != other)))
    expected = min(row) <= len(sought) // 10
    words = [Word(letter, NOWHERE) for letter in page]
    assert (find_quote(quote, words) is not None) == expected


def test_only_parts_of_a_long_page_are_compared_letter_by_letter(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    compared: list[int] = []
    distances = quote_module._distances

    def counted(pattern: Any, text: Any, *, free_start: bool) -> Any:
        compared.append(len(text))
        return distances(pattern, text, free_start=free_start)

    monkeypatch.setattr(quote_module, "_distances", counted)
    chance = random.Random(7)
    known = [
        "".join(chance.choices("abcdefghijklmnop", k=chance.randint(2, 9))) for _ in range(800)
    ]
    page = [Word(chance.choice(known), NOWHERE) for _ in range(5_000)]
    quote = list(" ".join(word.text for word in page[4_000:4_060]))
    for at in range(5, len(quote), 15):
        quote[at] = "z"
    letters = sum(len(word.text) for word in page)
    assert find_quote("".join(quote), page) == (4_000, 4_060)
    assert sum(compared) < letters


def test_boxes_are_one_a_line() -> None:
    page = [
        Word("two", (0.1, 0.10, 0.2, 0.12)),
        Word("printed", (0.21, 0.10, 0.4, 0.121)),
        Word("lines", (0.1, 0.13, 0.2, 0.15)),
    ]
    assert quote_boxes(page, (0, 3)) == ((0.1, 0.10, 0.4, 0.121), (0.1, 0.13, 0.2, 0.15))
    assert quote_boxes(page, (1, 2)) == ((0.21, 0.10, 0.4, 0.121),)
