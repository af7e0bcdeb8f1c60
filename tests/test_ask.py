"""Citations are read from a stream, and none is believed unseen."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from generation.answer import Answer, Citation, Usage, Verdict
from generation.ask import ask, stream_answer
from generation.models.model import NoModel, load_model
from generation.prompt import Evidence, Prompt
from ingest.page import Page, Word

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

    pieces: Sequence[str | Usage | Verdict]
    name: str = "said"

    def stream(self, prompt: Prompt) -> Iterator[str | Usage | Verdict]:
        yield from self.pieces


def cited(*pieces: str | Usage | Verdict) -> list[tuple[int, str, bool]]:
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


def test_the_verdict_reaches_the_answer() -> None:
    answer = ask(PROMPT, Said([Verdict(0.2, 0.5, declined=True, note="so"), "No."]))
    assert (answer.declined, answer.confidence, answer.threshold) == (True, 0.2, 0.5)
    assert answer.note == "so"


def test_many_quotation_marks_are_read_quickly() -> None:
    assert len(cited('" "' * 3_000 + " [1]")) == 1


def test_an_unknown_model_names_one_that_is_there() -> None:
    with pytest.raises(NoModel, match="extractive"):
        load_model("gpt-9")
