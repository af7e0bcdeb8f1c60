"""Questions about documents as such: not answered by a sentence of a page."""

from __future__ import annotations

import pytest

from generation.answer import SelfAssessment
from generation.extractive.question.library_question import library_question
from generation.models.extractive import Extractive
from generation.prompt import Evidence, Prompt
from ingest.page import Page, Word


@pytest.mark.parametrize(
    ("question", "asked"),
    [
        ("How many documents mention the boiler?", "document_count"),
        ("Wie viele Dokumente gibt es?", "document_count"),
        ("보일러가 나오는 문서는 몇 개인가요?", "document_count"),
        ("What documents do I have about boilers?", "documents"),
        ("List all documents in German", "documents"),
        ("Welche Dokumente handeln von Heizungen?", "documents"),
        ("어떤 문서가 보일러를 다루나요?", "documents"),
        ("How many pages does the lease have?", "page_count"),
        ("How many pages has washer.pdf?", "page_count"),
        ("Wie viele Seiten hat der Vertrag?", "page_count"),
        ("계약서는 몇 쪽인가요?", "page_count"),
        ("Which documents are required for the application?", None),
        ("How many documents must I submit?", None),
        ("How many pages may the essay have?", None),
        ("On how many pages is the boiler named?", None),
        ("What is on page 2 of the lease?", None),
        ("보일러는 몇 쪽에 있나요?", None),
        ("How many rooms has the flat?", None),
    ],
)
def test_what_is_asked_of_documents(question: str, asked: str | None) -> None:
    assert library_question(question) == asked


@pytest.fixture(scope="module")
def extractive() -> Extractive:
    return Extractive()


def ask(extractive: Extractive, question: str, *lines: str) -> tuple[str, bool]:
    words = tuple(
        Word(text, (0.1 + 0.06 * at, 0.1 * row, 0.15 + 0.06 * at, 0.1 * row + 0.02), block=row)
        for row, line in enumerate(lines, 1)
        for at, text in enumerate(line.split())
    )
    evidence = Evidence(1, Page("1" * 16, 1, "report.pdf"), words, lambda: b"", 0.5)
    pieces = list(extractive.stream(Prompt(question, (evidence,))))
    (assessment,) = [piece for piece in pieces if isinstance(piece, SelfAssessment)]
    return "".join(p for p in pieces if isinstance(p, str)), assessment.declined


def test_pages_are_counted_only_where_a_page_says_so(extractive: Extractive) -> None:
    question = "How many pages does the report have?"
    text, declined = ask(extractive, question, "The report names 12 harbours.")
    assert declined
    assert "how many pages" in text
    text, declined = ask(extractive, question, "The report has 48 pages with annexes.")
    assert not declined
    assert "48 pages" in text


def test_which_documents_there_are_is_a_search(extractive: Extractive) -> None:
    text, declined = ask(extractive, "Which documents are about rope?", "Rope documents are kept.")
    assert declined
    assert "search for them" in text
