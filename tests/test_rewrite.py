"""Follow-up questions rewritten by a model or by earlier words."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest

from generation.answer import Usage
from generation.context.limits import Limits
from generation.prompt import Message
from generation.request import Request
from generation.rewrite import MAX_MESSAGE_CHARS, MAX_MESSAGES, MAX_QUERY_CHARS, rewrite

ASKED = (
    Message("user", "Who was in charge of repairing the lens?"),
    Message("assistant", '"Hanneke Vos led the repair" [1]'),
)


@dataclass
class Writer:
    """A language model that writes what it is told to, and remembers what it was sent."""

    text: str
    name: str = "writer"
    limits: Limits = field(default_factory=Limits)
    sent: list[Request] = field(default_factory=list)
    read: int = 0

    def reply(self, request: Request) -> Iterator[str | Usage]:
        self.sent.append(request)
        for letter in self.text:
            self.read += 1
            yield letter
        yield Usage(self.name, 10, 5)


def test_the_first_question_stays_as_it_is() -> None:
    writer = Writer("something else about the lens")
    assert rewrite("What did it cost?", (), writer) == "What did it cost?"
    assert not writer.sent


@pytest.mark.parametrize(
    ("question", "query"),
    [
        ("What did it cost?", "What did it cost? charge repairing lens"),
        ("And in 2023?", "And in 2023? charge repairing lens"),
        (
            "Who paid for the lens, and was it insured?",
            "Who paid for the lens, and was it insured? charge repairing",
        ),
        ("How many people visited in August?", "How many people visited in August?"),
        ("Is there a café near the tower?", "Is there a café near the tower?"),
    ],
)
def test_words_are_carried_over_where_a_question_leans_on_another(
    question: str, query: str
) -> None:
    assert rewrite(question, ASKED) == query


def test_the_last_question_that_stands_alone_is_carried() -> None:
    history = (
        Message("user", "How many people visited in August 2024?"),
        Message("assistant", "6,735"),
        Message("user", "And in July?"),
        Message("assistant", "5,902"),
    )
    assert rewrite("And in June?", history) == "And in June? people visited August 2024"


def test_korean_words_are_carried_over() -> None:
    history = (Message("user", "밤에 등대를 구경하려면 어른은 얼마를 내야 하나요?"),)
    query = rewrite("그럼 어린이는?", history)
    assert query.startswith("그럼 어린이는? ")
    assert "등대를" in query


def test_a_model_rewrites() -> None:
    writer = Writer('"What did repairing the lens cost?"\n')
    query = rewrite("What did it cost?", ASKED, writer)
    assert query == "What did repairing the lens cost?"
    (request,) = writer.sent
    (told,) = request.turns[0].parts
    assert isinstance(told, str)
    assert json.loads(told) == {
        "conversation": [{"role": m.role, "text": m.text} for m in ASKED],
        "question": "What did it cost?",
    }


@pytest.mark.parametrize(
    "reply",
    ["", "  \n ", "Bananas ripen quickly.", "The lens.\nIt cost a lot.", "lens " * 1_000],
)
def test_a_reply_that_is_no_query_is_not_searched_for(reply: str) -> None:
    writer = Writer(reply)
    assert rewrite("What did it cost?", ASKED, writer) == rewrite("What did it cost?", ASKED)
    assert writer.read <= MAX_QUERY_CHARS + 2


def test_a_long_conversation_is_cut() -> None:
    history = tuple(Message("user", "lens " * 10_000) for _ in range(50))
    writer = Writer("lens")
    rewrite("And the tower?", history, writer)
    (told,) = writer.sent[0].turns[0].parts
    assert isinstance(told, str)
    assert len(told) < MAX_MESSAGES * (MAX_MESSAGE_CHARS + 100)
    assert len(rewrite("And the tower?", history)) < 2 * MAX_MESSAGE_CHARS
