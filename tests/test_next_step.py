"""The sentence that goes on, in answers to how something is done."""

from __future__ import annotations

import pytest

from generation.ask import ask
from generation.models.extractive import Extractive
from generation.prompt import Evidence, Prompt
from ingest.page import Page, Word

TEXT = (
    "Logs are kept for a year. If you save the log often, you may want to use the Quicklog feature. "
    "Press F6 to open Quicklog. The harbour is closed in winter."
)


@pytest.fixture(scope="module")
def extractive() -> Extractive:
    return Extractive()


def quotes(extractive: Extractive, question: str) -> list[str]:
    words = tuple(
        Word(text, (0.1 + 0.07 * (at % 10), 0.1 + 0.03 * (at // 10), 0.16 + 0.07 * (at % 10), 0.12 + 0.03 * (at // 10)), block=1)
        for at, text in enumerate(TEXT.split())
    )  # fmt: skip
    evidence = Evidence(1, Page("1" * 16, 1, "manual.pdf"), words, lambda: b"", 0.6)
    answer = ask(Prompt(question, (evidence,)), extractive)
    return [citation.quote for citation in answer.citations]


def test_the_next_sentence_is_quoted_where_it_names_the_same(extractive: Extractive) -> None:
    found = quotes(extractive, "How do I save the log often?")
    assert found[0].endswith("Quicklog feature.")
    assert found[1] == "Press F6 to open Quicklog."


def test_other_questions_get_the_sentence_alone(extractive: Extractive) -> None:
    assert quotes(extractive, "When is the harbour closed?") == ["The harbour is closed in winter."]
