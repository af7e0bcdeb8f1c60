"""Index forms of words: folding by script, second spellings, compounds, pairs."""

from __future__ import annotations

import pytest

from ingest.forms.compound import compound_parts, guess_compounding, split_compound
from ingest.forms.fold import fold, keep_accents, normalize
from ingest.forms.index_text import index_text
from ingest.forms.spelling import page_spellings, query_spellings, spellings
from ingest.forms.terms import split_terms


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("STRASSE", "Straße"),
        ("café", "CAFÉ"),
        ("cafe", "cafe\u0301"),
        ("İSTANBUL", "istanbul"),
        ("ISTANBUL", "istanbul"),
        ("IĞDIR", "ığdır"),
        ("Ørsted", "ørsted"),
        ("Œuvre", "oeuvre"),
        ("Łódź", "lodz"),
        ("Þór", "thor"),
        ("ﬁle", "file"),
        ("Wert\u00adpapier", "wertpapier"),
        ("zero\u200bwidth", "zerowidth"),
        ("مَدْرَسَةٌ", "مدرسة"),
        ("أحمد", "احمد"),
        ("إيجار", "ايجار"),
        ("كتــــاب", "كتاب"),
        ("على", "علي"),
        ("کتاب", "كتاب"),
        ("שָׁלוֹם", "שלום"),
        ("क़लम", "कलम"),
        ("पाँच", "पांच"),
        ("Αθήνα", "ΑΘΗΝΑ"),
        ("ё", "е"),
        ("資料庫", "资料库"),
        ("臺灣", "台湾"),
        ("ｶﾞｰﾄﾞ", "ガード"),
        ("한국", "\u1112\u1161\u11ab\u1100\u116e\u11a8"),
        ("٢٠٢٥", "2025"),
        ("१२३", "123"),
    ],
)
def test_spellings_that_a_search_does_not_tell_apart(one: str, other: str) -> None:
    assert fold(one) == fold(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [("बिजली", "बाजली"), ("बिल", "बल"), ("か", "が"), ("ハ", "パ"), ("й", "и"), ("น้ำ", "นา")],
)
def test_marks_that_are_part_of_a_letter_stay(one: str, other: str) -> None:
    assert fold(one) != fold(other)


def test_normalizing_keeps_case_and_accents() -> None:
    assert normalize("É\u00ad") == "É"
    assert keep_accents("İzmir") == "izmir"


@pytest.mark.parametrize(
    ("text", "terms"),
    [
        ("बिजली का बिल", ["बिजली", "का", "बिल"]),
        ("ค่าไฟ", ["ค่", "่า", "าไ", "ไฟ"]),
        ("עֵץ", ["עץ"]),
        ("ஒரு வீடு", ["ஒரு", "வீடு"]),
        ("資料庫", ["资料", "料库"]),
        ("a漢字b", ["a", "汉字", "b"]),
    ],
)
def test_words_keep_their_vowel_signs(text: str, terms: list[str]) -> None:
    assert split_terms(text) == terms


@pytest.mark.parametrize(
    ("word", "forms"),
    [
        ("Müller", ("müller", "mueller")),
        ("Ærø", ("ærø", "aeroe")),
        ("Åse", ("åse", "aase")),
        ("naïve", ("naïve",)),
        ("договоров", ("~договор",)),
        ("والمدرسة", ("~مدرسه",)),
        ("किताबें", ("~किताब",)),
        ("plain", ()),
    ],
)
def test_second_spellings_of_a_word(word: str, forms: tuple[str, ...]) -> None:
    assert spellings(word) == forms


@pytest.mark.parametrize(
    ("printed", "typed"),
    [
        ("渡邉様", "渡辺"),
        ("桜並木", "樱"),
        ("髙橋", "高橋"),
        ("山﨑", "山崎"),
        ("鉄道", "铁道"),
        ("鐵道", "鉄道"),
    ],
)
def test_japanese_and_chinese_forms_of_a_character_are_found(printed: str, typed: str) -> None:
    page = {*split_terms(printed), *page_spellings(printed)}
    assert page & {*split_terms(typed), *query_spellings(typed)} or typed in "".join(page)


def test_characters_printed_apart_are_found_in_pairs() -> None:
    assert set(split_terms("契約書")) <= set(page_spellings("契 約 書"))


def test_a_fraction_is_apart_from_its_number() -> None:
    assert split_terms("2½ pints") == split_terms("2 1/2 pints") == ["2", "1", "2", "pints"]


def test_words_with_hyphens_are_found_as_one() -> None:
    assert query_spellings("e-mail") == ["email"]
    assert list(page_spellings("a spectro- photometer for co-operation")) == [
        "spectrophotometer",
        "cooperation",
    ]
    assert query_spellings("10-18 - dash") == []


def test_two_letters_are_one_in_names() -> None:
    assert list(page_spellings("Frau Mueller does queue")) == ["muller"]


@pytest.mark.parametrize(
    ("word", "language", "parts"),
    [
        ("Hafenkran", "de", {"hafen", "kran"}),
        ("Krankenversicherung", "de", {"kranken", "versicherung"}),
        ("Rechnungsnummer", "de", {"rechnung", "nummer"}),
        ("Straßenbahnhaltestelle", "de", {"strassenbahn", "haltestelle"}),
        ("havenkraan", "nl", {"haven", "kraan"}),
        ("sjukförsäkring", "sv", {"forsakring"}),
        ("sygeforsikring", "da", {"forsikring"}),
        ("sykehusavdeling", "no", {"sykehus", "avdeling"}),
    ],
)
def test_compounds_are_found_by_their_parts(word: str, language: str, parts: set[str]) -> None:
    assert parts <= set(split_compound(word, language))


@pytest.mark.parametrize("word", ["Versicherung", "Verbindung", "Entwicklung", "Rechnung"])
def test_words_that_are_no_compounds_stay_whole(word: str) -> None:
    assert split_compound(word, "de") == ()


@pytest.mark.parametrize(
    ("word", "language", "part"),
    [
        ("Außenbordmotoren", "de", "motor"),
        ("arbeidsongeschiktheidsverzekering", "nl", "verzekering"),
    ],
)
def test_the_second_part_is_found_where_the_first_is_unknown(
    word: str, language: str, part: str
) -> None:
    assert part in split_compound(word, language)


@pytest.mark.parametrize("word", ["Informationen", "Universität", "Verantwortung", "Verträgen"])
def test_words_that_end_like_others_have_no_second_part(word: str) -> None:
    assert split_compound(word, "de") == ()


def test_words_have_their_base_form_where_a_vowel_changes() -> None:
    text = "Auf den Dächern der Häuser liegt Schnee und die Böden sind nass."
    assert {"dach", "haus"} <= set(compound_parts(text))
    assert "bok" in compound_parts("Det är de böcker som och att på")


def test_compounds_are_split_in_the_languages_that_write_them() -> None:
    assert guess_compounding("the notebook of the harbour is on the table".split()) is None
    assert guess_compounding("Der Kran ist neu und die Winde auch".split()) == "de"
    assert compound_parts("the overcharge of the household is in the notebook") == []


def test_a_page_is_indexed_in_words_and_forms() -> None:
    text = index_text("Müller AB-1234/5")
    assert text.body == "muller ab 1234 5"
    assert set(text.forms.split()) >= {"mueller", "identifier:ab1234-5:", "=ab-1234/5:"}


def test_half_of_a_surrogate_pair_is_left_as_it_is() -> None:
    assert fold("caf\udce9") == "caf\udce9"
