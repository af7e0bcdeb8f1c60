"""Party blocks: the lines below a label that says what is asked."""

from __future__ import annotations

import pytest

from generation.answer import SelfAssessment
from generation.models.extractive import Extractive
from generation.prompt import Evidence, Prompt
from ingest.page import Page, Word

BLOCKS = [
    ["Bill to:", "Orchard Club", "Attn: Priya Nair", "22 Elm Street"],
    ["Consignee", "Marta Solberg", "Havnegata 9", "0150 Oslo"],
    ["40 casks of vinegar are to be delivered by the carrier before the end of the month."],
    ["Menu", "Soup", "Herring"],
]


def page() -> tuple[Word, ...]:
    """Words of a page with blocks of lines, one below the other."""
    words, top = [], 0.05
    for block, lines in enumerate(BLOCKS, 1):
        for line in lines:
            for at, text in enumerate(line.split()):
                box = (0.1 + 0.05 * at, top, 0.14 + 0.05 * at, top + 0.015)
                words.append(Word(text, box, block=block))
            top += 0.018
        top += 0.05
    return tuple(words)


@pytest.fixture(scope="module")
def extractive() -> Extractive:
    return Extractive()


def ask(extractive: Extractive, question: str) -> tuple[str, bool]:
    evidence = Evidence(1, Page("1" * 16, 1, "bill.pdf"), page(), lambda: b"", 0.4)
    pieces = list(extractive.stream(Prompt(question, (evidence,))))
    (assessment,) = [piece for piece in pieces if isinstance(piece, SelfAssessment)]
    return "".join(p for p in pieces if isinstance(p, str)), assessment.declined


@pytest.mark.parametrize(
    ("question", "name", "other"),
    [
        ("Who is the bill to?", "Orchard Club", "Marta"),
        ("Who was billed?", "Orchard Club", "Marta"),
        ("Who is the consignee?", "Marta Solberg", "Orchard"),
    ],
)
def test_the_lines_below_a_label_answer_who_it_is(
    extractive: Extractive, question: str, name: str, other: str
) -> None:
    text, declined = ask(extractive, question)
    assert not declined
    assert name in text
    assert other not in text


@pytest.mark.parametrize("question", ["Who is the carrier?", "Who is the landlord?"])
def test_other_questions_are_not_answered_by_a_block(extractive: Extractive, question: str) -> None:
    text, _ = ask(extractive, question)
    assert "Orchard" not in text
    assert "Marta" not in text
