"""Questions in two steps: read from their words, and what is no such question."""

from __future__ import annotations

import pytest

from generation.extractive.question.two_steps import read_two_steps


@pytest.mark.parametrize(
    ("question", "first", "second"),
    [
        (
            "What is the warranty of the product that costs 300 EUR?",
            "Which product costs 300 EUR?",
            "What is the warranty of X?",
        ),
        (
            "When was the company founded that made the pump of building B?",
            "Which company made the pump of building B?",
            "When was X founded?",
        ),
        (
            "How many people does the company employ that made the pump?",
            "Which company made the pump?",
            "How many people does X employ?",
        ),
        (
            "What is the phone number of the person responsible for the buoys?",
            "Who is responsible for the buoys?",
            "What is the phone number of X?",
        ),
        (
            "What is the address of the supplier whose bill is due on 3 May?",
            "Which is the supplier whose bill is due on 3 May?",
            "What is the address of X?",
        ),
        (
            "What is the telephone number of the tenant of the North Shed?",
            "Who is the tenant of the North Shed?",
            "What is the telephone number of X?",
        ),
        (
            "Wie lange ist die Garantie des Geräts, das 300 EUR kostet?",
            "Geräts, das 300 EUR kostet?",
            "Wie lange ist die Garantie von X?",
        ),
        (
            "송장 4711을 주문한 부서의 책임자는 누구인가요?",
            "송장 4711을 주문한 부서 무엇인가요?",
            "X의 책임자는 누구인가요?",
        ),
    ],
)
def test_two_steps(question: str, first: str, second: str) -> None:
    steps = read_two_steps(question)
    assert steps is not None
    assert (steps.first, steps.second("X")) == (first, second)


@pytest.mark.parametrize(
    "question",
    [
        "Who is responsible for student housing?",
        "Who is the person responsible for student housing?",
        "What is the chart that shows sales about?",
        "How much higher was the dividend paid in 2003?",
        "What is the number of visitors counted in 2024?",
        "What percentage of the people who live in cities vote?",
        "Was kostet ein Gerät?",
        "2003년 배당금은 2002년보다 얼마나 더 많았나요?",
        "",
    ],
)
def test_other_questions_have_one(question: str) -> None:
    assert read_two_steps(question) is None
