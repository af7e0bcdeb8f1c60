"""The extractive model: chosen sentences, exact quotes, refusals."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pymupdf
import pytest

from generation.answer import SelfAssessment, Usage
from generation.ask import ask
from generation.extractive.confidence import COEFFICIENTS, Features, confidence
from generation.extractive.page.passage import read_passages
from generation.extractive.scoring.similarity import can_translate
from generation.models.extractive import NO_PAGES, NOTE, NOTHING, Extractive, quoted
from generation.models.load import load_model
from generation.models.model import VisionModel
from generation.prompt import Evidence, Prompt
from ingest.page import Page, Word

DATA = Path(__file__).parent.parent / "data"
QUESTIONS = [
    question
    for question in json.loads((DATA / "questions.json").read_text(encoding="utf-8"))
    if question["file"].endswith(".pdf") and not question["file"].startswith("scanned")
]


def no_image() -> bytes:
    raise AssertionError("words are enough")


@cache
def read_pdf(name: str) -> list[tuple[Page, tuple[Word, ...]]]:
    return list(_read_pdf(name))


def _read_pdf(name: str) -> Iterator[tuple[Page, tuple[Word, ...]]]:
    with pymupdf.open(DATA / "samples" / name) as pdf:
        for page in pdf:
            wide, high = page.rect.width, page.rect.height
            words = tuple(
                Word(text, (left / wide, top / high, right / wide, bottom / high))
                for left, top, right, bottom, text, *_ in page.get_text("words")
            )
            yield Page(name.ljust(16, "0"), page.number + 1, name), words


def prompt_for(question: str, name: str, first: int = 1, count: int = 2) -> Prompt:
    """The page named first, others of its document after it, as a search would give them."""
    pages = sorted(read_pdf(name), key=lambda each: each[0].number != first)[:count]
    return Prompt(
        question,
        tuple(
            Evidence(label, page, words, no_image, 0.4 / label)
            for label, (page, words) in enumerate(pages, 1)
        ),
    )


@pytest.fixture(scope="module")
def model() -> Extractive:
    return Extractive()


ANSWERED = {
    "142",
    "£3.00",
    "Hanneke Vos",
    "£74,350",
    "£199,700",
    "19 July",
    "Sunniva Hale",
}


@pytest.mark.parametrize(
    "asked",
    [each for each in QUESTIONS if each.get("answer") in ANSWERED],
    ids=lambda q: q["answer"],
)
def test_answers_the_sample_questions(asked: dict[str, str], model: Extractive) -> None:
    answer = ask(prompt_for(asked["query"], asked["file"], int(asked["page"])), model)
    assert not answer.declined
    assert any(asked["answer"] in citation.quote for citation in answer.citations)
    assert all(citation.verified and citation.boxes for citation in answer.citations)
    assert answer.note == NOTE
    assert answer.model == answer.usage.model == "extractive"
    assert answer.dropped_labels == 0


def test_answers_in_korean_by_its_terms(model: Extractive) -> None:
    answer = ask(prompt_for("등대 야간 개방 관람료는 얼마입니까?", "korean-notice.pdf"), model)
    assert "3,000원" in answer.text
    assert all(citation.verified for citation in answer.citations)


@pytest.mark.parametrize(
    "question",
    [
        "Who won the 1998 football world cup?",
        "Which enzyme unwinds DNA?",
        "대한민국의 대통령은 누구입니까?",
    ],
)
def test_declines_what_the_pages_do_not_hold(question: str, model: Extractive) -> None:
    answer = ask(prompt_for(question, "annual-report.pdf"), model)
    assert answer.declined
    assert answer.text.startswith(NOTHING)
    assert answer.confidence is not None
    assert answer.threshold is not None
    assert answer.confidence < answer.threshold
    assert [(each.quote, each.verified) for each in answer.citations] == [("", False)]


def test_is_the_same_every_time(model: Extractive) -> None:
    prompt = prompt_for("How many steps lead to the lamp?", "annual-report.pdf", 2, count=1)
    assert list(model.stream(prompt)) == list(model.stream(prompt))
    assert model.features(prompt).keys() == COEFFICIENTS.keys()


@pytest.mark.parametrize("question", ["", "??", "the of and", "a" * 5_000])
def test_questions_that_ask_nothing(question: str, model: Extractive) -> None:
    assert ask(prompt_for(question, "annual-report.pdf", count=1), model).declined


def test_pages_without_words(model: Extractive) -> None:
    page = Page("0" * 16, 1, "blank.png")
    blank = Evidence(1, page, (), no_image, 1.0)
    assert ask(Prompt("How many steps?", (blank,)), model).declined
    answer = ask(Prompt("How many steps?", ()), model)
    assert (answer.declined, answer.text, answer.citations) == (True, NO_PAGES, ())
    assert (answer.confidence, answer.note) == (None, "")  # nothing was scored


def test_quotes_that_hold_citations_forge_none(model: Extractive) -> None:
    text = 'The tower of the lamp has "142 steps" [2] as “counted” in [1] by «us» and 「them」.'
    words = tuple(
        Word(t, (0.01 * i, 0.1, 0.01 * i + 0.009, 0.12)) for i, t in enumerate(text.split())
    )
    pages = [Page("0" * 16, number, "hostile.pdf") for number in (1, 2)]
    evidence = tuple(Evidence(p.number, p, words, no_image, 1.0) for p in pages)
    answer = ask(Prompt("How many steps has the tower of the lamp?", evidence), model)
    assert [(each.label, each.verified) for each in answer.citations] == [(1, True)]


def test_quoted_takes_marks_that_the_text_does_not_hold() -> None:
    assert quoted("plain", 1) == '"plain" [1]'
    assert quoted('a 5" pipe', 2) == '“a 5" pipe” [2]'
    assert quoted('“a” "b"', 3) == '«“a” "b"» [3]'


def test_context_is_the_table_head_or_the_label() -> None:
    words = {page.number: words for page, words in read_pdf("annual-report.pdf")}[3]
    page = Page("0" * 16, 3, "annual-report.pdf")
    passages = read_passages(Prompt("?", (Evidence(1, page, words, no_image, 1.0),)))
    (row,) = [each for each in passages if each.text.startswith("School pupil")]
    assert (
        row.context == "Table 1. Visitors by kind of ticket Ticket Price in 2024 2023 2024 Change"
    )
    (form,) = read_pdf("volunteer-form.pdf")
    filled = read_passages(Prompt("?", (Evidence(1, form[0], form[1], no_image, 1.0),)))
    (value,) = [each for each in filled if each.text.startswith("Tom Lanwarne")]
    assert value.context == "Person to ring in an emergency"


def test_passages_are_kept_as_long_as_their_page_has_the_same_words() -> None:
    (page, words), *_ = read_pdf("annual-report.pdf")
    page = Page("1" * 16, 1, "annual-report.pdf")
    first, second = (
        read_passages(Prompt("?", (Evidence(label, page, tuple(words), no_image, 1.0),)))
        for label in (1, 2)
    )
    assert [each.evidence.label for each in second] == [2] * len(first)
    assert all(one.terms is other.terms for one, other in zip(first, second, strict=True))
    fewer = read_passages(Prompt("?", (Evidence(1, page, tuple(words[:5]), no_image, 1.0),)))
    assert max(each.end for each in fewer) == 5
    renamed = Evidence(1, Page("1" * 16, 1, "lamp.pdf"), tuple(words), no_image, 1.0)
    assert all("lamp" in each.context_terms for each in read_passages(Prompt("?", (renamed,))))


def test_confidence_grows_with_every_sign() -> None:
    assert confidence(Features()) < confidence(Features(cosine=0.5)) < 1
    assert confidence(Features(cosine=0.5)) < confidence(Features(cosine=0.5, on_page=0.5))
    assert confidence(Features(page=0.3)) < confidence(Features(page=0.6))


def test_load_model_gives_it() -> None:
    loaded: VisionModel = load_model("extractive")
    events = list(loaded.stream(Prompt("?", ())))
    assert isinstance(events[0], SelfAssessment)
    assert isinstance(events[-1], Usage)


def lines(*texts: str) -> tuple[Word, ...]:
    """Words of a page, each line a block of its own."""
    return tuple(
        Word(text, (0.05 * at, 0.03 * row, 0.05 * at + 0.04, 0.03 * row + 0.02), block=row)
        for row, line in enumerate(texts, 1)
        for at, text in enumerate(line.split())
    )


def prompt_of(question: str, *texts: str, score: float = 0.5) -> Prompt:
    page = Page("0" * 20, 1, "page.pdf")
    return Prompt(question, (Evidence(1, page, lines(*texts), no_image, score),))


def test_sentences_that_the_layout_cuts_are_joined() -> None:
    prompt = prompt_of(
        "?",
        "Elements of objects tend to be",
        "grouped if they form a pattern.",
        "Colours of the van",
        "chalk white",
    )
    texts = [passage.text for passage in read_passages(prompt)]
    assert texts[0] == "Elements of objects tend to be grouped if they form a pattern."
    assert texts[1] == "Colours of the van"  # what follows a title begins in lower case too


def test_items_are_counted(model: Extractive) -> None:
    page = ("Stops on the island:", "• Old quay", "• Seal bay", "• North beach", "Dogs are free.")
    answer = ask(prompt_of("How many stops on the island are listed?", *page), model)
    assert answer.text.splitlines()[0] == "3:"
    assert [c.quote for c in answer.citations] == ["• Old quay", "• Seal bay", "• North beach"]
    assert answer.note.startswith(NOTE)
    assert answer.note != NOTE


@pytest.mark.skipif(not can_translate(), reason="e5 is not installed")
def test_pages_in_another_language_are_quoted(model: Extractive) -> None:
    page = ("Die Maschine muss alle drei Monate entkalkt werden.", "Die Garantie ist lang.")
    answer = ask(prompt_of("How often must the machine be descaled?", *page), model)
    assert answer.citations[0].quote == page[0]
    assert ask(prompt_of("Who painted the Mona Lisa?", *page, score=0.01), model).declined


def test_a_misspelled_name_is_found(model: Extractive) -> None:
    page = ("Netflix paid 34.7 million dollars of rent.", "The tenders were too high.")
    answer = ask(prompt_of("How much rent did Neflix pay? Answer in millions.", *page), model)
    assert "34.7 million" in answer.text
