"""Answers to questions with dates, amounts and identifiers: the right page, or less sure."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from generation.answer import SelfAssessment
from generation.extractive.page.passage import Passage, read_passages
from generation.extractive.scoring.asked_forms import (
    HELD,
    MISSING,
    OTHER_IN_PLACE,
    REPLACED,
    AskedForms,
)
from generation.models.extractive import Extractive
from generation.prompt import Evidence, Prompt
from ingest.page import Page, Word


def no_image() -> bytes:
    raise AssertionError("words are enough")


def lines(*texts: str) -> tuple[Word, ...]:
    """Words of a page, a line for each text, each line a block of its own."""
    return tuple(
        Word(text, (0.1 + 0.06 * at, 0.1 * row, 0.15 + 0.06 * at, 0.1 * row + 0.02), block=row)
        for row, line in enumerate(texts, 1)
        for at, text in enumerate(line.split())
    )


def prompt(question: str, *pages: Sequence[str]) -> Prompt:
    return Prompt(
        question,
        tuple(
            Evidence(label, Page(f"{label}" * 16, 1, f"{label}.pdf"), lines(*page), no_image, 0.6)
            for label, page in enumerate(pages, 1)
        ),
    )


def passages(question: str, *pages: Sequence[str]) -> list[Passage]:
    return read_passages(prompt(question, *pages))


@pytest.fixture(scope="module")
def extractive() -> Extractive:
    return Extractive()


def answer(extractive: Extractive, asked: Prompt) -> tuple[str, SelfAssessment]:
    pieces = list(extractive.stream(asked))
    (assessment,) = [piece for piece in pieces if isinstance(piece, SelfAssessment)]
    return "".join(piece for piece in pieces if isinstance(piece, str)), assessment


def inspection(day: str, what: str) -> list[str]:
    return ["Inspection record", f"Date: {day}", f"Inspected: {what}. Result: passed."]


@pytest.mark.parametrize(
    "question",
    [
        "What was inspected on 3 November 2025?",
        "What was inspected on 2025-11-03?",
        "What was inspected on 11/03/2025, November 3, 2025?",
        "Was wurde am 3.11.2025 inspected?",
    ],
)
def test_the_page_of_the_day_is_quoted_alone(extractive: Extractive, question: str) -> None:
    text, assessment = answer(
        extractive,
        prompt(
            question,
            inspection("2025-12-03", "the fuel pump"),
            inspection("2025-11-03", "the port crane"),
            inspection("2024-11-03", "the fog horn"),
        ),
    )
    assert not assessment.declined
    assert "port crane" in text
    assert "[1]" not in text
    assert "[3]" not in text


@pytest.mark.parametrize(
    ("question", "wrong"),
    [
        ("What was inspected on 4 November 2025?", inspection("2025-11-03", "the port crane")),
        ("What is item AB-1234/5?", ["Item AB-5/1234 rudder bearing"]),
        ("What is item 02091-C-71?", ["Item 02091-C-712 bilge pump"]),
        ("What is kept at -18 °C?", ["The fruit is kept at 18 °C"]),
    ],
)
def test_another_form_in_its_place_is_no_answer(
    extractive: Extractive, question: str, wrong: list[str]
) -> None:
    _, assessment = answer(extractive, prompt(question, wrong))
    assert assessment.declined


def test_the_row_of_the_identifier_is_quoted(extractive: Extractive) -> None:
    rows = [f"Item AB-{number}/5 costs {number},90 EUR" for number in (1233, 1234, 1235)]
    text, assessment = answer(extractive, prompt("What does item AB-1234/5 cost?", rows))
    assert not assessment.declined
    assert "1234,90" in text
    assert "1233,90" not in text
    assert "1235,90" not in text


def test_scores_of_passages_on_a_page_with_both() -> None:
    rows = passages("AB-1/5", ["Item AB-1/5", "Item AB-2/5", "No item"])
    asked = AskedForms.find("AB-1/5", rows)
    assert [asked.score(row) for row in rows] == [HELD, REPLACED, 0.0]


def test_a_day_may_answer_a_question_for_a_day() -> None:
    question = "When did the order of 3 November 2025 arrive?"
    rows = passages(question, ["Ordered 3 November 2025", "Arrived 5 November 2025"])
    assert AskedForms.find(question, rows).score(rows[1]) == 0.0


def test_confidence_where_no_page_has_the_form() -> None:
    rows = passages("", ["Item AB-2/5", "Paid 3,50 EUR"])
    assert AskedForms.find("AB-1/5", rows).confidence == OTHER_IN_PLACE
    assert AskedForms.find("IM-1.5-A", rows).confidence == MISSING
    assert AskedForms.find("2,50 EUR", rows).confidence == MISSING
    assert AskedForms.find("AB-2/5", rows).confidence == 1.0
    assert AskedForms.find("Which item?", rows).confidence == 1.0


STATEMENT = [
    "Statement of May 2025",
    "Rent of shed 4 debited on 02.05.",
    "Oars were credited on 07.05.",
]


@pytest.mark.parametrize("day", ["7 May", "May 7th", "7 May 2025", "07/05"])
def test_a_day_is_that_of_a_row_without_a_year(day: str) -> None:
    asked = passages("?", STATEMENT)
    forms = AskedForms.find(f"What was credited on {day}?", asked)
    assert [forms.score(passage) for passage in asked] == [0.0, REPLACED, HELD]


@pytest.mark.parametrize("question", ["What was credited on 8 May?", "What may 7 rowers do?"])
def test_other_days_and_numbers_are_not_those_of_a_row(question: str) -> None:
    forms = AskedForms.find(question, passages("?", STATEMENT))
    assert not forms.labels


def test_a_day_of_another_year_is_not_the_same() -> None:
    asked = passages("?", ["Paid on 7 May 2024.", "Paid on 9 June 2025."])
    assert not AskedForms.find("What was paid on 7 May 2025?", asked).labels


def test_an_identifier_that_may_be_none_stands_in_the_place_of_another() -> None:
    asked = passages("?", ["Flight LH 2041 leaves at noon."])
    forms = AskedForms.find("When does LH2077 leave?", asked)
    assert (forms.labels, forms.mixed) == (frozenset(), frozenset({1}))


def test_letters_before_a_number_are_no_asked_identifier() -> None:
    forms = AskedForms.find("What was spent in FY 2015?", passages("?", ["In 2015 we spent 12."]))
    assert forms.confidence == 1.0
