"""Where a phrase stands that a question quotes."""

from __future__ import annotations

import pytest

from generation.ask import ask
from generation.models.extractive import Extractive
from generation.prompt import Evidence, Prompt
from ingest.page import Page, Word

LINES = [
    "In advance the rent pays the tenant.",
    "The tenant pays the rent in advance.",
    "The Treaty of Umber Mill was signed in 1702.",
]


@pytest.fixture(scope="module")
def extractive() -> Extractive:
    return Extractive()


def quotes(extractive: Extractive, question: str) -> list[str]:
    words = tuple(
        Word(text, (0.1 + 0.08 * at, 0.1 * row, 0.17 + 0.08 * at, 0.1 * row + 0.02), block=row)
        for row, line in enumerate(LINES, 1)
        for at, text in enumerate(line.split())
    )
    evidence = Evidence(1, Page("1" * 16, 1, "lease.pdf"), words, lambda: b"", 0.2)
    answer = ask(Prompt(question, (evidence,)), extractive)
    return [] if answer.declined else [citation.quote for citation in answer.citations]


@pytest.mark.parametrize(
    "question",
    [
        'Which page contains "pays the rent in advance"?',
        "Where does it say “pays the rent in advance”?",
        "Auf welcher Seite steht „pays the rent in advance“?",
        'Où est écrite la phrase "pays the rent in advance" ?',
        '"pays the rent in advance"는 어느 페이지에 있나요?',
    ],
)
def test_the_sentence_with_the_phrase_is_quoted_alone(
    extractive: Extractive, question: str
) -> None:
    assert quotes(extractive, question) == [LINES[1]]


def test_a_phrase_that_no_page_has_is_nowhere(extractive: Extractive) -> None:
    assert quotes(extractive, 'Which page contains "pays the deposit late"?') == []


def test_a_name_in_quotation_marks_is_no_place_to_find(extractive: Extractive) -> None:
    assert quotes(extractive, 'When was the "Treaty of Umber Mill" signed?') == [LINES[2]]
