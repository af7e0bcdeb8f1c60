"""Citations of any text: what holds for all of them, and how long they take to read."""

from __future__ import annotations

import time

import pytest
from cited_pages import HE, KO, PROMPT, ZH, answer, cited
from hypothesis import given, settings
from hypothesis import strategies as st

from generation.citations.cite import CitationParser
from generation.citations.claim import split_claims
from generation.text.quote import find_quote

ENGLISH = ["142 steps", "The lens weighs 3.4 tonnes", "A visitor climbs 142 steps to the lamp."]
PAIRS = ['""', "“”", "„“", "„”", "””", "»«", "«»", "»»", "‹›", "›‹", "‘’", "‚‘", "''", "「」", "『』", "《》"]  # fmt: skip
LABELS = [
    "[1]", " [1]", " ([1])", " [[1]]", "<sup>[1]</sup>", "【1】", " ［1］", " 【1†source】", " [^1]",
    " [p. 1]", r" \[1\]", "\u00a0[\u00a01]", " **[1]**", "\n[1]", " (page [1])", " — [1]", " | [1]",
]  # fmt: skip
LEADS = ["[1] ", "[1]: ", "**[1]** ", "[1] – ", "[^1]: ", "Page [1]: ", "【1】", "[1]\n"]
MARKUP = [("", ""), ("**", "**"), ("*", "*"), ("_", "_"), ("<b>", "</b>"), ("(", ")")]


@settings(max_examples=150, deadline=None)
@given(
    st.sampled_from(ENGLISH),
    st.sampled_from(PAIRS),
    st.sampled_from(LABELS),
    st.sampled_from(MARKUP),
    st.sampled_from(["", "It says ", "Es heißt: ", "- ", "写道：", "| a | "]),
    st.sampled_from(["", ".", " and more.", "\nMore follows.", "。"]),
)
def test_a_quote_before_any_label_is_read(
    quote: str, pair: str, label: str, markup: tuple[str, str], head: str, tail: str
) -> None:
    text = f"{head}{markup[0]}{pair[0]}{quote}{pair[1]}{markup[1]}{label}{tail}"
    assert cited(text) == [(1, quote)]


@settings(max_examples=100, deadline=None)
@given(
    st.sampled_from(ENGLISH),
    st.sampled_from(PAIRS),
    st.sampled_from(LEADS),
    st.sampled_from(MARKUP),
    st.sampled_from(["", ".", "\n\nMore follows.", "。"]),
)
def test_a_quote_after_any_label_is_read(
    quote: str, pair: str, lead: str, markup: tuple[str, str], tail: str
) -> None:
    assert cited(f"{lead}{markup[0]}{pair[0]}{quote}{pair[1]}{markup[1]}{tail}") == [(1, quote)]


@settings(max_examples=150, deadline=None)
@given(st.text(st.characters(exclude_categories=["Nd", "Cs"]), max_size=200))
def test_a_text_without_labels_cites_nothing(text: str) -> None:
    assert cited(text) == []


ODD = st.lists(
    st.sampled_from(
        [
            *"\"'“”„«»‘’「」『』()[]【】|*_\n :。、-",
            *("[1]", "[2]", "[9]", "[1-3]", "【1†s】", "[^2]", "<b>", "page ", ". "),
            *("142 steps", "The lens weighs 3.4 tonnes", "light, fog and time", KO, ZH, HE),
        ]
    )
).map("".join)


@settings(max_examples=200, deadline=None)
@given(ODD, st.integers(1, 9))
def test_what_is_verified_is_printed_however_it_is_cut(text: str, size: int) -> None:
    whole = answer(text)
    cut = answer(*[text[at : at + size] for at in range(0, len(text), size)])
    assert (cut.citations, cut.support, cut.text) == (whole.citations, whole.support, text)
    for each in whole.citations:
        words = PROMPT.evidence[each.label - 1].words
        assert each.verified == (bool(each.quote) and find_quote(each.quote, words) is not None)
        assert (each.grounded == "quote") == each.verified == bool(each.boxes)
    assert 0 <= whole.support <= 1


@settings(max_examples=100, deadline=None)
@given(ODD)
def test_every_citation_is_in_one_claim(text: str) -> None:
    parser = CitationParser(lambda _label, quote: len(quote) % 2 == 0)
    marks = [*parser.feed(text), *parser.close()]
    placed = [mark for claim in split_claims(text, marks) for mark in claim.markers]
    assert placed == marks
    for mark in marks:
        assert mark.span is None or text[slice(*mark.span)].strip()


HOSTILE = [
    '"', "[1]", '"a" [1] ', '"a [1] ', "“", "„a“", "'a ", "[", "]", "[1, ", "【1†", "(", "<b", "\\[",
    '"a"\n', "[1]\n", "> [1] ", "a. ", '"a", ', "*", '""[1]', "“[1]”", '[1] "a" ', '"[1] a ',
    "a。", " ", "\n", "|", "- ", "p. ", "[p", "[1-", "[1][", "라고", '"a"라고 [1] ',
]  # fmt: skip


@pytest.mark.parametrize("piece", HOSTILE)
def test_hostile_text_takes_linear_time(piece: str) -> None:
    def took(length: int) -> float:
        text = (piece * length)[:length]
        start = time.process_time()
        parser = CitationParser(lambda _label, _quote: False)
        marks = [*parser.feed(text), *parser.close()]
        split_claims(text, marks)
        return time.process_time() - start

    assert took(50_000) < 6  # what is quadratic takes minutes
