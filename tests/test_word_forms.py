"""Forms of a question's words among the terms of passages."""

from __future__ import annotations

import pytest
from make_library import make_words

from generation.extractive.page.passage import Passage, read_passages
from generation.extractive.page.word_forms import with_word_forms
from generation.prompt import Evidence, Prompt
from ingest.page import Page


def passages_of(question: str, text: str) -> list[Passage]:
    page = Page("d" * 20, 1)
    prompt = Prompt(question, (Evidence(1, page, make_words(text), bytes, 1.0),))
    return read_passages(prompt)


@pytest.mark.parametrize(
    ("question", "text", "word"),
    [
        ("Ile kosztuje remont dachu?", "Koszt remontu to 83 500 zł.", "remont"),
        ("Combien paient les étudiantes ?", "Un étudiant paie six euros.", "etudiant"),
        ("Сколько стоит абонемент?", "Стоимость абонемента 3200 рублей.", "абонемент"),
        ("Wann wird der Sperrmüll abgeholt?", "Man holt den Sperrmüll am Dienstag ab.", "abgeholt"),
        ("Wann ist er abzuholen?", "Er holt ihn am Dienstag ab.", "abzuholen"),
    ],
)
def test_a_form_counts_as_the_word(question: str, text: str, word: str) -> None:
    (plain,) = passages_of(question, text)
    (formed,) = with_word_forms(question, [plain])
    assert word not in plain.terms
    assert word in formed.terms
    assert plain.terms <= formed.terms


def test_others_and_english_stay_as_they_are() -> None:
    for question, text in [
        ("Ile kosztuje remont?", "Basen jest otwarty codziennie."),
        ("What do students pay?", "A student pays six euros."),
        ("Wann wird er abgeholt?", "Die Post holt er am Dienstag."),
    ]:
        passages = passages_of(question, text)
        assert with_word_forms(question, passages) == passages
