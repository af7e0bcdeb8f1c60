"""Query syntax: phrases, words left out, beginnings, AND and OR; and what is plain words."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retrieval.query.lexical import LexicalQuery
from retrieval.query.syntax import ParsedQuery, parse_query


@pytest.mark.parametrize(
    "query",
    [
        '"early exit" lease',
        "“early exit” lease",
        "„early exit“ lease",
        "«early exit» lease",
        "« early exit » lease",
        "»early exit« lease",
        "「early exit」lease",
        "『early exit』lease",
    ],
)
def test_quotation_marks_of_any_language_ask_for_the_phrase(query: str) -> None:
    parsed = parse_query(query)
    assert parsed.required == '"early exit"'
    assert parsed.text == "early exit lease"


def test_a_particle_follows_a_quotation_mark() -> None:
    assert parse_query('"early exit"은 어디에 있나요?').required == '"early exit"'
    assert parse_query('a 12"x 5" pipe').required == ""


@pytest.mark.parametrize(
    "query",
    [
        "-18 °C",
        "stored at -18 °C",
        "e-mail - phone",
        "state-of-the-art",
        "--verbose",
        "-draft",
        'a 5" pipe and a 3" bolt',
        'say "hello',
        "TERMS AND CONDITIONS",
        "rock AND",
        "OR not",
        'list format, for example ["p1", "p2"]',
        "5 * 3 ** 2",
        '""',
        "l'été",
    ],
)
def test_plain_words_stay_as_they_are(query: str) -> None:
    assert parse_query(query) == ParsedQuery(query)


def test_words_and_phrases_are_left_out() -> None:
    assert parse_query("lease -draft").excluded == '"draft"'
    assert parse_query("lease -draft").text == "lease"
    assert parse_query('lease -"first draft" -old').excluded == '"first draft" OR "old"'


def test_a_beginning_of_words() -> None:
    parsed = parse_query("spectro* lab")
    assert (parsed.required, parsed.prefixes) == ('"spectro"*', ('"spectro"*',))
    assert parse_query("lab -spectro*").prefixes == ()


def test_and_binds_closer_than_or() -> None:
    assert parse_query("lease AND tenant OR landlord fee").required == (
        '"lease" AND "tenant" OR "landlord"'
    )
    assert parse_query("a lease AND tenant").text == "a lease tenant"
    assert (
        parse_query("Müller AND Kran").required == '("muller" OR "müller" OR "mueller") AND "kran"'
    )


def test_a_phrase_of_a_script_without_spaces_is_one_of_pairs() -> None:
    assert parse_query("「資料庫」").required == '"资料 料库"'


def test_whole_forms_of_a_query() -> None:
    words = LexicalQuery.of("item AB-1234/5 of 3.11.2025")
    assert [form.kind for form in words.whole_forms] == ["identifier", "date"]
    assert "identifier:ab1234-5:" in words.forms


def test_acronyms_rank_pages_where_the_query_is_about_them() -> None:
    assert [form.keys for form in LexicalQuery.of("WHO guidelines").whole_forms] == [("who",)]
    long = LexicalQuery.of("How do US museums pay for the repair of old lighthouses?")
    assert long.whole_forms == ()
    assert "acronym:us:" in long.forms


@given(st.text(alphabet='ab "-*ANDOR“”„«»「」[],0123', max_size=40))
def test_any_query_can_be_parsed(query: str) -> None:
    parsed = parse_query(query)
    assert parsed.required.count('"') % 2 == 0
