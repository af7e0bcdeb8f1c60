"""Claims of an answer, and the citations of each."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from generation.citations.cite import CitationParser
from generation.citations.claim import split_claims


def claims_of(text: str) -> list[tuple[str, int]]:
    """Each claim that says something, and how many citations it has."""
    parser = CitationParser(lambda _label, _quote: True)
    marks = [*parser.feed(text), *parser.close()]
    return [
        (claim.text, len(claim.markers))
        for claim in split_claims(text, marks)
        if claim.is_assertion
    ]


@pytest.mark.parametrize(
    ("text", "claims"),
    [
        ("It is tall. It is old.", [("It is tall.", 0), ("It is old.", 0)]),
        ('It has "142 steps" [1]. It is old [2].', [('It has "142 steps" .', 1), ("It is old .", 1)]),
        ("It is tall. [1] It is old.", [("It is tall.", 1), ("It is old.", 0)]),
        ('It is tall. "climbs 142 steps" [1]', [('It is tall. "climbs 142 steps"', 1)]),
        ('It is tall. ("climbs 142 steps" [1]). Yes.', [('It is tall. ("climbs 142 steps" ).', 1), ("Yes.", 0)]),
        ('"One. Two. Three." [1][2]', [('"One. Two. Three."', 2)]),
        ("# Steps\n**Height**\n- It is tall [1]\n- It is old", [("It is tall", 1), ("It is old", 0)]),
        ("The pages say:\n1. It is tall.\n\nShall I go on?", [("It is tall.", 0)]),
        ("Dr. Vos led it, e.g. in 2023 [1].", [("Dr. Vos led it, e.g. in 2023 .", 1)]),
        ("등대는 높습니다. 밤에 엽니다 [1].", [("등대는 높습니다.", 0), ("밤에 엽니다 .", 1)]),
        ("塔很高。很老[1]。", [("塔很高。", 0), ("很老 。", 1)]),
        ("", []),
        ("[1]\n---", []),
    ],
)  # fmt: skip
def test_splits(text: str, claims: list[tuple[str, int]]) -> None:
    assert claims_of(text) == claims


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.sampled_from(["It is tall", ". ", '"a. b"', " [1]", "\n", " ", "?", "。", "[9]"]))
)
def test_every_mark_stands_in_one_claim(parts: list[str]) -> None:
    text = "".join(parts)
    parser = CitationParser(lambda _label, _quote: True)
    marks = [*parser.feed(text), *parser.close()]
    claims = split_claims(text, marks)
    placed = [mark for claim in claims for mark in claim.markers]
    assert sorted(placed, key=marks.index) == marks
    assert all(one.end <= other.start for one, other in zip(claims, claims[1:], strict=False))
