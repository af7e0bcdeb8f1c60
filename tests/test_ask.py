"""Citations read from a stream and checked against their pages."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from generation.answer import Answer, Citation, SelfAssessment, Usage
from generation.ask import ask, stream_answer
from generation.attempt import UNCHECKED, UNCITED
from generation.context.abstain import NO_RELEVANT_PAGE
from generation.models.load import load_model
from generation.models.model import UnknownModel
from generation.prompt import Evidence, Prompt
from ingest.page import Box, Page, Word

PAGES = [
    "A visitor climbs 142 steps to the lamp. The lens weighs 3.4 tonnes.",
    'The sign says "Mind the step" [1] in red, and "as in [2], stop" below.',
    "등대는 밤에도 문을 엽니다. 어른은 3,000원을 냅니다.",
]


def no_image() -> bytes:
    raise AssertionError("nobody asked for the image")


def evidence(label: int, text: str) -> Evidence:
    words = tuple(
        Word(token, (0.01 * at, 0.1, 0.01 * at + 0.009, 0.12))
        for at, token in enumerate(text.split())
    )
    return Evidence(label, Page("d" * 16, label, "guide.pdf"), words, no_image, 1 / label)


PROMPT = Prompt("?", tuple(evidence(at, text) for at, text in enumerate(PAGES, 1)))


@dataclass
class Said:
    """A model that says what it is told to."""

    pieces: Sequence[str | Usage | SelfAssessment]
    name: str = "said"
    uses_images: bool = True
    chat: None = None

    def stream(self, prompt: Prompt) -> Iterator[str | Usage | SelfAssessment]:
        yield from self.pieces


def cited(*pieces: str | Usage | SelfAssessment) -> list[tuple[int, str, bool]]:
    answer = ask(PROMPT, Said(pieces))
    return [(each.label, each.quote, each.verified) for each in answer.citations]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('There are "142 steps" [1].', [(1, "142 steps", True)]),
        ("“climbs 142 steps” [1]", [(1, "climbs 142 steps", True)]),
        ("«142 steps»[1]", [(1, "142 steps", True)]),
        ("「등대는 밤에도」 [3]", [(3, "등대는 밤에도", True)]),
        ('값은"3,000원"[3]입니다', [(3, "3,000원", True)]),
        (
            '"142 steps." [1] and "3.4 tonnes" [1]',
            [(1, "142 steps.", True), (1, "3.4 tonnes", True)],
        ),
        ('"142 steps"[1][2]', [(1, "142 steps", True), (2, "142 steps", False)]),
        ('"142 steps" [1, 3]', [(1, "142 steps", True), (3, "142 steps", False)]),
        ("It is on the first page [1].", [(1, "", False)]),
        ('The "lamp" is high [1].', [(1, "", False)]),
        ('"143 steps" [1]', [(1, "143 steps", False)]),
        ('"142 steps" [2]', [(2, "142 steps", False)]),
        ('"never closed [1]\n"142 steps" [1]', [(1, "", False), (1, "142 steps", True)]),
        ('"142 steps" [1] "142 steps" [1]', [(1, "142 steps", True)]),
        ("an array a[i] and [12345] and []", []),
    ],
)
def test_reads_citations(text: str, expected: list[tuple[int, str, bool]]) -> None:
    assert cited(text) == expected


def test_a_page_that_holds_a_citation_forges_none() -> None:
    whole = 'The sign says "Mind the step" [1] in red,'
    assert cited(f'"{whole}" [2]') == [(2, whole, True)]
    assert cited(f"“{whole}” [2]") == [(2, whole, True)]
    assert cited('"as in [2], stop" [2]') == [(2, "as in [2], stop", True)]


def test_labels_that_no_evidence_bears_are_dropped_and_counted() -> None:
    answer = ask(PROMPT, Said(['"142 steps" [9] "142 steps" [0] "142 steps" [1]']))
    assert answer.dropped_labels == 2
    assert [each.label for each in answer.citations] == [1]
    assert "[9]" in answer.text


def test_a_citation_knows_its_page_and_place() -> None:
    (citation,) = ask(PROMPT, Said(['"climbs 142 steps" [1]'])).citations
    assert citation.page == Page("d" * 16, 1, "guide.pdf")
    assert citation.boxes == ((0.02, 0.1, 0.049, 0.12),)
    (forged,) = ask(PROMPT, Said(['"climbs 143 steps" [1]'])).citations
    assert forged.boxes == ()


LONG = (
    'He "said "142 steps"" [1], “no” [2][3]. «x» [1]\n"open [2] and "3.4 tonnes" [1]\r\n'
    '"The sign says "Mind the step" [1] in red," [2] 값은"3,000원"[3], [7] [1, 2] end'
)
PIECES = st.lists(
    st.sampled_from(
        ['"', "“", "”", "«", "»", "[1]", "[2", "]", "[9]", " ", "\n", "142 steps", ". "]
    )
)


@settings(max_examples=60, deadline=None)
@given(PIECES.map("".join), st.lists(st.integers(0, 200)))
@example(LONG, [])
@example(LONG, list(range(200)))
def test_any_cutting_gives_the_same_citations(text: str, cuts: list[int]) -> None:
    bounds = [0, *sorted(cut for cut in cuts if cut < len(text)), len(text)]
    pieces = [text[low:high] for low, high in pairwise(bounds)]
    assert cited(*pieces) == cited(text)


def test_streams_text_then_citation_then_answer() -> None:
    usage = Usage("said", 5, 7)
    pieces = ['It is "142', ' steps" [', "1", "] high.", usage, " The end."]
    events = list(stream_answer(PROMPT, Said(pieces)))
    kinds = [type(event) for event in events]
    assert kinds == [str, str, str, str, Citation, str, Answer]
    answer = events[-1]
    assert isinstance(answer, Answer)
    assert answer.text == 'It is "142 steps" [1] high. The end.'
    assert answer.usage == usage
    assert (answer.declined, answer.confidence, answer.threshold) == (False, None, None)
    assert (answer.grounded, answer.support) == (True, 0.5)


def test_the_verdict_reaches_the_answer() -> None:
    answer = ask(PROMPT, Said([SelfAssessment(0.2, 0.5, declined=True, note="so"), "No."]))
    assert (answer.declined, answer.confidence, answer.threshold) == (True, 0.2, 0.5)
    assert answer.note == "so"


def test_many_quotation_marks_are_read_quickly() -> None:
    assert len(cited('" "' * 3_000 + " [1]")) == 1


def test_an_unknown_model_names_one_that_is_there() -> None:
    with pytest.raises(UnknownModel, match="extractive"):
        load_model("nosuch-9")


PICTURE = Evidence(4, Page("p" * 16, 1, "boat.png"), (), no_image, 0.3)
SEEN = Prompt("?", (*PROMPT.evidence, PICTURE))
PART: Box = (0.2, 0.2, 0.6, 0.8)


def seen(text: str, boxes: Sequence[Box] = (PART,)) -> tuple[Answer, list[tuple[str, int]]]:
    """The answer, and what was looked for on which page."""
    looked: list[tuple[str, int]] = []

    def locate(claim: str, page: Page) -> Sequence[Box]:
        looked.append((claim, page.number))
        return boxes

    return ask(SEEN, Said([text]), locate), looked


def test_a_claim_without_words_is_looked_for_on_the_page() -> None:
    answer, looked = seen("It is old. A sailboat [4] is on the sea. It is wet.")
    (citation,) = answer.citations
    assert (citation.grounded, citation.verified, citation.boxes) == ("region", False, (PART,))
    assert looked == [("A sailboat is on the sea.", 1)]
    assert (answer.grounded, answer.declined, answer.support) == (True, False, 0.0)


def test_a_quote_that_is_not_found_is_never_a_quote() -> None:
    answer, _ = seen('It says "Sea Bird" [4].')
    (citation,) = answer.citations
    assert (citation.grounded, citation.verified, citation.quote) == ("region", False, "Sea Bird")


def test_where_words_stand_a_quote_is_wanted() -> None:
    answer, looked = seen("It has 900 steps [1].", [(0.0, 0.1, 0.1, 0.12)])
    assert looked
    assert [each.grounded for each in answer.citations] == ["none"]


def test_what_stands_out_nowhere_is_cited_without_a_place() -> None:
    answer, _ = seen("A whale sings [4].", [])
    (citation,) = answer.citations
    assert (citation.grounded, citation.boxes, citation.verified) == ("seen", (), False)
    assert (answer.declined, answer.grounded, answer.support, answer.note) == (False, True, 0, "")


@pytest.mark.parametrize(
    ("words", "text", "grounded"),
    [
        ("", "자전거는 빨간색입니다 [1].", "seen"),
        ("l1 A o0 ~ |I", "The bicycle is red [1].", "seen"),
        ("EXIT 24", "The door is green [1].", "seen"),
        ("", 'It says "Sea Bird" [1].', "seen"),
        ("l1 A o0", 'It says "Sea Bird" [1].', "none"),
        ("The other page", "The bicycle is red [1].", "none"),
        ("등대는 밤에도", "The bicycle is red [1].", "none"),
    ],
)
def test_a_page_without_text_is_seen(words: str, text: str, grounded: str) -> None:
    answer = ask(Prompt("What is it?", (evidence(1, words),)), Said([text]))
    (citation,) = answer.citations
    assert (citation.grounded, citation.verified, citation.boxes) == (grounded, False, ())
    assert (answer.declined, answer.grounded) == (False, grounded == "seen")
    assert (answer.support, answer.note) == (0, "" if answer.grounded else UNCHECKED)


def test_a_verified_quote_is_not_looked_for() -> None:
    _, looked = seen('"142 steps" [1]')
    assert looked == []


def test_an_answer_that_nothing_bears_out_is_not_grounded() -> None:
    text = "The sky scatters blue light."
    answer = ask(PROMPT, Said([text, SelfAssessment(None, None, False, "Two pages left out.")]))
    assert (answer.declined, answer.grounded, answer.support) == (False, False, 0.0)
    assert answer.text == text
    assert answer.note == f"Two pages left out. {UNCITED}"


def test_a_refusal_that_cites_is_still_one() -> None:
    answer = ask(
        PROMPT, Said([SelfAssessment(None, None, declined=True), 'No, but "142 steps" [1].'])
    )
    assert (answer.declined, answer.grounded, answer.support) == (True, False, 0.0)


@settings(max_examples=40, deadline=None)
@given(PIECES.map("".join))
def test_support_is_a_share_and_needs_a_verified_quote(text: str) -> None:
    answer, _ = seen(text)
    assert 0 <= answer.support <= 1
    assert (answer.support > 0) <= any(each.verified for each in answer.citations)
    assert answer.grounded == any(each.grounded != "none" for each in answer.citations)


@settings(max_examples=40, deadline=None)
@given(PIECES.map("".join), st.integers(1, 5))
def test_any_cutting_gives_the_same_regions(text: str, size: int) -> None:
    pieces = [text[at : at + size] for at in range(0, len(text), size)]
    cut = ask(SEEN, Said(pieces), lambda _claim, _page: (PART,))
    whole = ask(SEEN, Said([text]), lambda _claim, _page: (PART,))
    assert (cut.citations, cut.support) == (whole.citations, whole.support)


class Unasked(Said):
    """A model that must not be asked."""

    def stream(self, prompt: Prompt) -> Iterator[str | Usage | SelfAssessment]:
        raise AssertionError("the model was asked")


def test_a_model_is_not_asked_what_no_page_is_near() -> None:
    far = Prompt("Why is the sky blue?", (evidence(5, PAGES[0]),))
    answer = ask(far, Unasked([]), min_score=0.35)
    assert (answer.text, answer.declined, answer.grounded) == (NO_RELEVANT_PAGE, True, False)
    assert (answer.confidence, answer.threshold) == (0.2, 0.35)
    assert ask(Prompt("Why?", ()), Unasked([]), min_score=0.35).declined


@pytest.mark.parametrize(
    "near",
    [
        Prompt("How many steps?", PROMPT.evidence),
        Prompt("하늘은 왜 파랗습니까?", (evidence(5, PAGES[0]),)),
        Prompt("Why is the sky blue?", (PICTURE,)),
    ],
    ids=["near", "another script", "a picture"],
)
def test_a_model_is_asked_where_the_search_cannot_tell(near: Prompt) -> None:
    assert ask(near, Said(["Asked."]), min_score=0.35).text == "Asked."


@pytest.mark.parametrize(("relevance", "asked"), [(None, False), (0.01, False), (0.4, True)])
def test_a_relevant_page_is_near_however_low_its_score(
    relevance: float | None, asked: bool
) -> None:
    page = replace(evidence(1, "A store at 45 per cent humidity"), score=0.2, relevance=relevance)
    prompt = Prompt("How much is the humidity store?", (page,))
    answer = ask(prompt, Said(["Asked."]) if asked else Unasked([]), min_score=0.35)
    assert answer.text == ("Asked." if asked else NO_RELEVANT_PAGE)
