"""Languages of queries: function words, answer types, forms of words."""

from __future__ import annotations

import pytest

from generation.extractive.question.answer_type import _patterns, _read, asked_types, held_types
from generation.extractive.question.question_terms import find_names, question_stems
from ingest.forms.languages.languages import STOP_WORDS, function_words, languages_of
from retrieval.query.terms import content_terms


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("Wie hoch ist die Miete?", "de"),
        ("Quel est le montant du loyer ?", "fr"),
        ("¿Cuánto cuesta la entrada?", "es"),
        ("Chi gestisce il rifugio?", "it"),
        ("Quem é o responsável?", "pt"),
        ("Hoeveel kost een kaartje?", "nl"),
        ("Ile wynosi kaucja?", "pl"),
        ("Сколько стоит абонемент?", "ru"),
        ("Скільки коштує абонемент?", "uk"),
        ("Πόσο κοστίζει το εισιτήριο;", "el"),
        ("كم رسم الاشتراك؟", "ar"),
        ("כמה עולה הכרטיס?", "he"),
        ("कितना किराया है?", "hi"),
        ("家賃はいくらですか", "ja"),
        ("租金是多少？", "zh"),
        ("보증금은 얼마인가요?", "ko"),
    ],
)
def test_the_language_of_a_question(text: str, language: str) -> None:
    assert language in languages_of(text)


@pytest.mark.parametrize(
    "text",
    [
        "What is the rent?",
        "rent deposit",
        "Las Vegas",
        "",
        "42",
        "Who is in the Los Angeles office?",
    ],
)
def test_english_and_names_alone_have_no_other_language(text: str) -> None:
    assert languages_of(text) == ()


def test_content_terms_leave_out_the_grammar_of_the_language() -> None:
    assert content_terms("Quel est le montant total de la facture ?") == [
        "montant", "total", "facture",
    ]  # fmt: skip
    assert content_terms("die hard") == ["die", "hard"]
    assert content_terms("Wer ist wer?") == ["wer", "ist", "wer"]


def test_no_language_takes_content_from_another() -> None:
    for lists in function_words().values():
        assert lists.questions <= lists.words
        assert "" not in lists.words
        assert not lists.words >= STOP_WORDS


@pytest.mark.parametrize(
    ("question", "text", "type_"),
    [
        ("Quand le phare a-t-il été construit ?", "Il date du 3 février.", "date"),
        ("¿Cuánto cuesta el carné?", "Los adultos pagan doce pesos.", "money"),
        ("Kto jest właścicielem?", "Właścicielem jest Łukasz Żak.", "person"),
        ("Hoe lang duurt de overtocht?", "Twaalf minuten.", "duration"),
        ("Когда открытие?", "В марте, в среду.", "date"),
        ("Quantas garrafas?", "São noventa e duas.", "number"),
        ("契約はいつ終わりますか", "三月まで", "date"),
        ("多少钱？", "学生半价", "money"),
        ("Wann wird er abgeholt?", "Am Dienstag.", "date"),
    ],
)
def test_types_that_are_asked_for_and_held(question: str, text: str, type_: str) -> None:
    assert type_ in asked_types(question)
    assert type_ in held_types(text, languages_of(question))


def test_words_of_one_language_are_no_values_in_another() -> None:
    assert "number" not in held_types("The rent is due.", ())
    assert "number" in held_types("Ne restano due.", ("it",))


def test_every_pattern_compiles_and_matches_not_everything() -> None:
    for language in _read():
        for side in ("asked", "held"):
            for name, pattern in _patterns(language, side).items():
                assert name == "person" or not pattern.search("qxz"), (language, side, name)


def test_german_nouns_are_no_names() -> None:
    assert find_names("Wann wird der Sperrmüll abgeholt?") == []
    assert find_names("Was zahlt Ada Kerrow für K-12?") == ["Ada Kerrow", "12"]
    assert question_stems("Wann wird der Sperrmüll abgeholt?") == {"sperrmul", "abgeholt"}
