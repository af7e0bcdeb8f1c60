"""Tables with column heads: found from words, and cells answered with both heads."""

from __future__ import annotations

import pytest

from generation.ask import ask
from generation.models.extractive import Extractive
from generation.prompt import Evidence, Prompt
from ingest.page import Page, Word
from ingest.reading.layout import arrange
from ingest.reading.table import find_tables
from ingest.reading.text_line import LineWord, TextLine

REVENUE = [
    ("Region", "Q1", "Q2", "Q3"),
    ("North", "1,200", "1,310", "1,450"),
    ("South", "980", "1,015", "1,110"),
    ("East", "640", "655", "702"),
]
VITAMINS = [
    ("Vitamin", "Daily dose", "Source"),
    ("Vitamin B1", "1.2 mg", "grain"),
    ("Vitamin C", "90 mg", "citrus"),
    ("Vitamin D", "0.02 mg", "sunlight"),
]
PRICES = [("Item", "Price"), ("Rope", "3.50"), ("Lamp", "12.00"), ("Anchor", "80.00")]
YEARS = [("", "2023", "2024"), ("Berths", "41", "44"), ("Boats", "39", "40")]
MEETINGS = [
    ("Director", "Membership", "Meetings"),
    ("", "of other", "attended"),
    ("", "boards", ""),
    ("A. Quay", "11", "6"),
    ("B. Shore", "4", "7"),
    ("C. Ness", "2", "5"),
]
TIDES = [
    ("", "Height", "Time"),
    ("Harbour", "of tide", "of tide"),
    ("Skarne", "3.1", "04:10"),
    ("Veldmoor", "2.8", "05:25"),
]
CODES = [("Little Quay", "AR01"), ("North Quay", "AR02"), ("South Quay", "NM01")]
NUMBERED = [("1.", "Little Quay", "inner"), ("2.", "North Quay", "outer"), ("3.", "Ness", "outer")]
TRAINS = [
    ("Stop", "101", "103", "105", "107"),
    ("Skarne", "06:10", "07:10", "08:10", "09:10"),
    ("Veldmoor", "06:24", "07:24", "08:24", "09:24"),
]
BELOW_NUMBERS = [("29", "18", "20"), ("23", "22", "16"), *PRICES]
MARKS = [
    ("Heated seats", "S", "S", "S"),
    ("Heated wheel", "P", "S", "S"),
    ("Radar", "S", "P", "P"),
]
COUNTS = [("Gulls", "12", "31", "44"), ("Terns", "3", "9", "11"), ("Auks", "5", "6", "8")]
PAIRS = [("Name", "Ada Byrne"), ("Telephone", "01632 960417"), ("Born", "Harwich")]


def words(rows: list[tuple[str, ...]], prose: str = "") -> tuple[Word, ...]:
    """Words of a page with a table, and a line of prose under it."""
    lines = []
    for number, row in enumerate([*rows, (prose,)]):
        top = 0.2 + 0.03 * number
        for column, text in enumerate(row):
            left, placed = 0.1 + 0.2 * column, []
            for word in text.split():
                width = 0.011 * len(word)
                placed.append(LineWord(word, (left, top, left + width, top + 0.016), size=11))
                left += width + 0.006
            if placed:
                lines.append(TextLine(tuple(placed)))
    return arrange(lines, 0.7)


@pytest.mark.parametrize(
    ("rows", "heads"),
    [
        (REVENUE, ["Region", "Q1", "Q2", "Q3"]),
        (VITAMINS, ["Vitamin", "Daily dose", "Source"]),
        (PRICES, ["Item", "Price"]),
        (YEARS, ["2023", "2024"]),
        (TRAINS, ["Stop", "101", "103", "105", "107"]),
    ],
)
def test_a_cell_knows_the_heads_of_its_row_and_column(
    rows: list[tuple[str, ...]], heads: list[str]
) -> None:
    page = words(rows)
    (table,) = find_tables(page)

    def text(cell: object) -> str:
        return " ".join(word.text for word in page[cell.start : cell.end])  # type: ignore[attr-defined]

    assert [[text(head) for head in line] for line in table.heads] == [heads]
    assert [[text(cell) for cell in row] for row in table.rows] == [list(row) for row in rows[1:]]
    for row in table.rows:
        above = [table.column_heads(cell) for cell in row[1:]]
        assert [text(head) for (head,) in above] == [head for head in rows[0][1:] if head]


@pytest.mark.parametrize(("rows", "lines"), [(MEETINGS, 2), (TIDES, 2), (REVENUE, 1)])
def test_heads_have_several_lines(rows: list[tuple[str, ...]], lines: int) -> None:
    page = words(rows)
    (table,) = find_tables(page)
    assert len(table.heads) == lines
    last = table.column_heads(table.rows[0][-1])
    printed = [row[-1] for row in rows[:lines] if row[-1]]
    assert [page[head.start].text for head in last] == [text.split()[0] for text in printed]


@pytest.mark.parametrize("rows", [CODES, NUMBERED, COUNTS, MARKS])
def test_a_first_row_like_the_others_has_no_heads(rows: list[tuple[str, ...]]) -> None:
    assert list(find_tables(words(rows))) == []


def test_heads_below_numbers_of_a_map_are_those_of_the_table() -> None:
    page = words(BELOW_NUMBERS)
    (table,) = find_tables(page)
    assert [page[head.start].text for head in table.heads[0]] == ["Item", "Price"]
    assert len(table.rows) == len(PRICES) - 1


def test_labels_with_their_values_are_no_table_with_heads() -> None:
    assert list(find_tables(words(PAIRS))) == []
    assert list(find_tables(words([], "Ropes are kept in the shed."))) == []
    assert list(find_tables(())) == []


@pytest.fixture(scope="module")
def model() -> Extractive:
    return Extractive()


@pytest.mark.parametrize(
    ("question", "rows", "quotes"),
    [
        ("What was the revenue of South in Q3?", REVENUE, (0, 2)),
        ("How much revenue did North have in Q1?", REVENUE, (0, 1)),
        ("What is the daily dose of vitamin C?", VITAMINS, (0, 2)),
        ("What is the source of vitamin B1?", VITAMINS, (0, 1)),
        ("What is the price of a lamp?", PRICES, (0, 2)),
        ("How many meetings has B. Shore attended?", MEETINGS, (0, 1, 4)),
    ],
)
def test_a_cell_is_answered_with_its_heads_and_its_row(
    question: str, rows: list[tuple[str, ...]], quotes: tuple[int, ...], model: Extractive
) -> None:
    page = words(rows, "Revenue and prices are given in thousands, and doses for a day.")
    evidence = Evidence(1, Page("d" * 20, 1, "tables.pdf"), page, lambda: b"", 0.7)
    answer = ask(Prompt(question, (evidence,)), model)
    assert not answer.declined
    found = [citation.quote for citation in answer.citations]
    assert found[: len(quotes)] == [" ".join(filter(None, rows[at])) for at in quotes]
    assert all(citation.verified for citation in answer.citations)


@pytest.mark.timeout(30)
def test_a_row_of_many_cells_is_read_within_seconds() -> None:
    page = tuple(
        Word("uvw"[n % 3], (n / 20_000, 0.1 + 0.2 * row, (n + 0.1) / 20_000, 0.12 + 0.2 * row))
        for row in range(4)
        for n in range(20_000)
    )
    assert list(find_tables(page))[0].heads
