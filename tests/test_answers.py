"""Answers of the extractive model to questions of many kinds, over documents of many kinds."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from answer_documents import make_documents
from make_library import copy_home

from api.factory import make_searcher
from api.rag.answer import answer_query
from api.settings import Settings
from generation.answer import Answer
from generation.models.extractive import Extractive
from generation.prompt import Message
from ingest.add import AddSettings, add
from ingest.library.home import Home
from retrieval.search import Searcher

MAX_IDLE = 1
"""Quotes without anything of the right answer, such as a row of heads, at most; of each step or part."""
SEVERAL = ("two-step", "parts")
"""Kinds of question that two quotes answer."""
MAX_WORDS = 60
"""Words of a quote, at most: a whole page is no answer."""


@dataclass(frozen=True)
class Asked:
    """Question with what its answer must quote; nothing where it has to be declined."""

    kind: str
    documents: tuple[str, ...]
    turns: tuple[str, ...]
    quotes: tuple[str, ...]
    missed: bool

    @classmethod
    def read(cls, line: str) -> Asked:
        kind, documents, turns, quotes = (part.strip() for part in line.split(" | "))
        return cls(
            kind.rstrip("!"),
            () if documents == "-" else tuple(documents.split("+")),
            tuple(turn.strip() for turn in turns.split(">>")),
            () if quotes == "-" else tuple(quote.strip() for quote in quotes.split(";;")),
            kind.endswith("!"),
        )


def read_questions() -> Iterator[Asked]:
    lines = (Path(__file__).parent / "golden" / "answers.txt").read_text(encoding="utf-8")
    return (Asked.read(line) for line in lines.splitlines() if line and not line.startswith("#"))


QUESTIONS = list(read_questions())
BY_KIND = defaultdict(list)
for each in QUESTIONS:
    BY_KIND[each.kind].append(each)


@pytest.fixture(scope="module")
def searcher(sample_home: Home, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Searcher]:
    folder = tmp_path_factory.mktemp("answers")
    home = copy_home(sample_home, folder / "home")
    list(add(home, make_documents(folder / "files"), AddSettings(workers=1)))
    searcher = make_searcher(home, Settings.model_construct())
    yield searcher
    searcher.close()


@pytest.fixture(scope="module")
def model() -> Extractive:
    return Extractive()


def answer(searcher: Searcher, model: Extractive, asked: Asked) -> Answer:
    history = [Message("user", turn) for turn in asked.turns[:-1]]
    return answer_query(searcher, model, asked.turns[-1], top=5, history=history).answer


def fault(asked: Asked, given: Answer) -> str:
    """What is wrong with an answer; "" for a right one."""
    if not asked.quotes:
        return "" if given.declined else f"not declined: {given.text}"
    if given.declined:
        return "declined"
    quotes = [c for c in given.citations if c.quote]
    if not all(c.verified and c.boxes for c in quotes):
        return f"a quote does not stand on its page: {given.text}"
    right = [(c, w) for c in quotes for w in asked.quotes if w in " ".join(c.quote.split())]
    if {wanted for _, wanted in right} != set(asked.quotes):
        return f"lacks a quote: {given.text}"
    if {c.page.document_name for c, _ in right} != set(asked.documents):
        return f"quotes another document: {given.text}"
    idle = len(quotes) - len({id(c) for c, _ in right})
    if asked.kind != "about" and idle > MAX_IDLE * (1 + (asked.kind in SEVERAL)):
        return f"says too much: {given.text}"
    return "says too much" if any(len(c.quote.split()) > MAX_WORDS for c in quotes) else ""


@pytest.mark.parametrize("kind", BY_KIND)
def test_answers(kind: str, searcher: Searcher, model: Extractive) -> None:
    faults = {a.turns[-1]: f for a in BY_KIND[kind] if (f := fault(a, answer(searcher, model, a)))}
    assert set(faults) <= {a.turns[-1] for a in BY_KIND[kind] if a.missed}, faults


def test_pages_of_both_steps_come_first(searcher: Searcher, model: Extractive) -> None:
    question = "Who leads the department that ordered invoice 4711?"
    evidence = answer_query(searcher, model, question, top=3).evidence
    names = [hit.page.document_name for hit in evidence.hits]
    assert names[:2] == ["orders-march.pdf", "departments.pdf"]
    assert len(names) == 3 == len({hit.page for hit in evidence.hits})


def test_one_page_is_no_room_for_two_steps(searcher: Searcher, model: Extractive) -> None:
    question = "Who leads the department that ordered invoice 4711?"
    assert not answer_query(searcher, model, question, top=1).evidence.prompt.steps


def test_most_are_answered_rightly() -> None:
    assert len(QUESTIONS) >= 288
    assert sum(each.missed for each in QUESTIONS) <= 17
