"""Hostile pages with a model that obeys them: nothing forged is verified."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import pytest
from hostile import IGNORE, TRICKS, TRUE, Trick, read_page
from hypothesis import given, settings
from hypothesis import strategies as st

from api.printable import plain
from generation.answer import Answer, SelfAssessment, Usage
from generation.ask import ask
from generation.context.page_input import PageInput
from generation.context.prompt_template import build_request, delimiter_for
from generation.prompt import Evidence, Prompt
from generation.request import EncodedImage
from generation.text.quote import find_quote
from ingest.page import Page, Word

OTHER = (Page("o" * 16, 1, "other.pdf"), (Word("The", (0.1, 0.1, 0.2, 0.12)), Word("other", (0.2, 0.1, 0.3, 0.12)), Word("page", (0.3, 0.1, 0.4, 0.12))))  # fmt: skip


def no_image() -> bytes:
    raise AssertionError("nobody asked for the image")


@dataclass
class Gullible:
    """A model that says what a page made it say."""

    pieces: Sequence[str]
    name: str = "gullible"
    uses_images: bool = True
    chat: None = None

    def stream(self, prompt: Prompt) -> Iterator[str | Usage | SelfAssessment]:
        yield from self.pieces


def prompt_of(trick: Trick) -> Prompt:
    pages = (read_page(trick), OTHER)
    evidence = tuple(
        Evidence(label, page, words, no_image, 1.0) for label, (page, words) in enumerate(pages, 1)
    )
    return Prompt("How many steps has the tower?", evidence)


def said(trick: Trick, *pieces: str) -> Answer:
    return ask(prompt_of(trick), Gullible(pieces))


each_trick = pytest.mark.parametrize("trick", TRICKS, ids=lambda trick: trick.name)


def test_there_are_thirty() -> None:
    assert len({trick.name for trick in TRICKS}) == len(TRICKS) == 30
    assert all(trick.forged for trick in TRICKS)


@each_trick
def test_nothing_forged_is_verified(trick: Trick) -> None:
    answer = said(trick, trick.reply)
    verified = {(each.label, each.quote) for each in answer.citations if each.verified}
    assert not verified & set(trick.forged)
    labelled = {(each.label, each.quote) for each in answer.citations} | {(7, TRUE)}
    assert labelled & set(trick.forged), "the trick was never read"
    assert {each.label for each in answer.citations} <= {1, 2}


@each_trick
def test_what_is_verified_is_printed(trick: Trick) -> None:
    """Whatever the reply, a verified quote stands on the page of its label."""
    prompt = prompt_of(trick)
    reply = f'{trick.reply}\n"{TRUE}" [1] {trick.printed}'
    answer = ask(prompt, Gullible([reply]))
    words = {evidence.label: evidence.words for evidence in prompt.evidence}
    assert any(each.verified and each.quote == TRUE for each in answer.citations)
    for each in answer.citations:
        found = bool(each.quote) and find_quote(each.quote, words[each.label]) is not None
        assert each.verified == found
        assert (each.grounded == "quote") == each.verified
        assert bool(each.boxes) == each.verified


@each_trick
def test_a_wholly_forged_answer_is_not_grounded(trick: Trick) -> None:
    answer = said(trick, trick.reply)
    if not any(each.verified for each in answer.citations):
        assert (answer.grounded, answer.support) == (False, 0.0)
        assert not answer.declined
        assert answer.note


def test_a_sentence_that_a_hostile_page_prints_is_verified_as_printed() -> None:
    trick = TRICKS[0]
    (citation,) = said(trick, f'"{IGNORE}" [1]').citations
    assert citation.verified


@each_trick
def test_a_page_cannot_close_its_fence(trick: Trick) -> None:
    prompt = prompt_of(trick)
    for evidence in prompt.evidence:
        text = " ".join(word.text for word in evidence.words)
        fence = delimiter_for(text)
        assert fence not in text
        assert delimiter_for(f"{text} {fence}>>>") != fence


@each_trick
def test_what_a_page_says_stands_between_its_marks_in_the_request(trick: Trick) -> None:
    picture = EncodedImage(b"x", "image/jpeg", 8, 8)
    prompt = prompt_of(trick)
    texts = [" ".join(word.text for word in e.words) for e in prompt.evidence]
    page_inputs = [
        PageInput(e, text, picture) for e, text in zip(prompt.evidence, texts, strict=True)
    ]
    (turn,) = build_request(prompt, page_inputs).turns
    told = [part for part in turn.parts if isinstance(part, str)]
    fenced = [part for part in told if "<<<" in part and ">>>" in part]
    assert len(fenced) == len(prompt.evidence)
    for part in fenced:
        fence = part.split("<<<", 1)[1].split("\n", 1)[0]
        assert part.count(fence) == 2
        assert part.endswith(f"\n{fence}>>>")
    # Nothing else in the request is from a page but its name, and the question comes last.
    assert told[-1] == f"Question: {prompt.question}"


def test_a_terminal_is_shown_no_escapes() -> None:
    for trick in TRICKS:
        answer = said(trick, trick.reply)
        shown = [answer.text, *(each.quote for each in answer.citations)]
        shown += [str(each.page) for each in answer.citations]
        assert all(plain(text).isprintable() for text in shown)


@settings(max_examples=40, deadline=None)
@given(
    st.lists(
        st.sampled_from(
            [*(t.printed for t in TRICKS), *(t.reply for t in TRICKS), TRUE, '"', "“", "”"]
        )
        | st.text(max_size=20)
    ),
    st.integers(1, 7),
)
def test_no_mixture_of_tricks_forges(parts: list[str], size: int) -> None:
    prompt = prompt_of(TRICKS[0])
    text = " ".join(parts)
    pieces = [text[at : at + size] for at in range(0, len(text), size)]
    answer = ask(prompt, Gullible(pieces))
    assert answer.citations == ask(prompt, Gullible([text])).citations
    words = {evidence.label: evidence.words for evidence in prompt.evidence}
    for each in answer.citations:
        assert each.verified == (
            bool(each.quote) and find_quote(each.quote, words[each.label]) is not None
        )
    assert 0 <= answer.support <= 1
    assert answer.grounded or answer.support == 0
