from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.forms.terms import split_terms
from ingest.library.bm25 import as_match
from retrieval.query.question_words import strip_question_words
from retrieval.query.terms import content_terms


@pytest.mark.parametrize(
    ("question", "left"),
    [
        ("배터리를 어떻게 교체하나요?", "배터리 교체?"),
        ("박물관에서 사진 촬영이 가능한가요", "박물관 사진 촬영"),
        ("계약 해지는 언제까지 알려 주세요", "계약 해지"),
        ("보증금은 얼마입니까?", "보증금 ?"),
        ("2023년 revenue 얼마", "2023년 revenue"),
        ("warranty는 2년인가요", "warranty 2년"),
        ("GPU를 E41이", "GPU E41"),
        ("국가 나이 사과 마을", "국가 나이 사과 마을"),
        ("하나 은행", "하나 은행"),
        ("책이 어디에 있나요", "책이 책"),
        ("什么是保修期", "是保修期"),
        ("電池の交換はできますか", "電池 交換 でき"),
        ("図書館はいつ建てられましたか", "図書館 建てられ"),
        ("家賃はいくらですか", "家賃"),
        ("博物馆是什么时候建的？", "博物馆 建 ?"),
        ("馆长是谁？", "馆长 ?"),
        ("What is the fee?", "What is the fee?"),
    ],
)
def test_what_only_asks_and_what_has_grown_on_comes_off(question: str, left: str) -> None:
    for form in ("NFC", "NFD"):
        assert strip_question_words(unicodedata.normalize(form, question)).split() == left.split()


def test_a_question_that_does_nothing_but_ask_keeps_its_terms() -> None:
    assert content_terms("무엇인가요") == ["무엇", "엇인", "인가", "가요"]
    assert content_terms("什么") == ["什么"]


@pytest.mark.parametrize("particle", ["을", "은", "이", "에서", "으로", "까지", "의", "에서는"])
def test_a_noun_is_the_same_with_any_particle(particle: str) -> None:
    assert content_terms(f"도서관{particle}") == content_terms("도서관") == ["도서", "서관"]


@given(st.text())
def test_nothing_new_comes_in(question: str) -> None:
    whole = "".join(split_terms(question))
    assert all(character in whole for character in "".join(content_terms(question)))


def test_a_single_syllable_is_looked_for_as_the_head_of_words_too() -> None:
    assert as_match("책") == '"책"*'
    assert as_match("本") == '"本"*'
    assert as_match("도서") == '"도서"'
    assert as_match("a") == '"a"'
