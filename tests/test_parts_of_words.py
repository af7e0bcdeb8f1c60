"""Words that are written together or apart, with signs or without, find each other."""

from __future__ import annotations

import pytest

from ingest.forms.index_text import index_text
from ingest.forms.spelling import query_spellings
from ingest.forms.terms import split_terms
from ingest.forms.whole.find_forms import find_whole_forms


@pytest.mark.parametrize(
    ("printed", "typed"),
    [
        ("method getUserName", "user name"),
        ("class HttpClient", "http client"),
        ("16GB of memory", "16 GB"),
        ("16 GB of memory", "16GB"),
        ("a 3.5mm jack", "3.5 mm"),
        ("a 12V lamp", "12 V"),
        ("10 x 20 cm", "10x20"),
        ("10x20", "10 × 20"),
        ("the colo(u)r", "colour"),
        ("the colo(u)r", "color"),
        ("re[vised]", "revised"),
        ("[re]vised", "revised"),
        ("die Mitarbeiter*innen", "Mitarbeiterinnen"),
        ("die Mitarbeiter:innen", "Mitarbeiterinnen"),
        ("die Mitarbeiter/-innen", "Mitarbeiterinnen"),
        ("die Mitarbeiter(innen)", "Mitarbeiterinnen"),
        ("la col·lecció", "colleccio"),
        ("la col·lecció", "col·lecció"),
        ("۱ می\u200cرود", "می رود"),
        ("می رود", "می\u200cرود"),
        ("㈱山田", "株式会社"),
        ("株式会社山田", "(株)山田"),
        ("EUR 100", "€100"),
        ("Die StraÃŸe fÃ¼hrt", "Straße"),
        ("der MÃ¼ller", "Müller"),
        ("ÐœÐ¾Ñ\x81ÐºÐ²Ð°", "Москва"),
        ("€100", "100 EUR"),
        ("USD 100", "$100"),
        ("EUR 100", "100 euros"),
        ("12345円", "¥12345"),
    ],
)
def test_a_word_is_found_however_it_is_divided(printed: str, typed: str) -> None:
    page = index_text(printed)
    tokens = {*page.body.split(), *page.forms.split()}
    asked = {*split_terms(typed), *query_spellings(typed)}
    assert tokens & asked - {"100", "10", "12", "16", "3", "5", "12345"}


@pytest.mark.parametrize(
    ("printed", "typed"),
    [
        ("Flight LH 2041", "LH2041"),
        ("(1,234.00) USD", "1,234.00 USD"),
        ("(1,234.00) USD", "-1,234 USD"),
    ],
)
def test_forms_that_may_be_meant_are_found(printed: str, typed: str) -> None:
    page = {token for form in find_whole_forms(printed) for token in form.page_tokens}
    asked = {token for form in find_whole_forms(typed) for token in form.asked}
    assert page & asked


@pytest.mark.parametrize("text", ["Dr. Quist (Umber) left", "a [sic] note", "A$ 5", "U(1)"])
def test_other_signs_make_no_words(text: str) -> None:
    assert query_spellings(text) == []


def test_an_amount_in_another_currency_proves_less() -> None:
    [asked] = find_whole_forms("€100")
    proved = {
        page: max(
            asked.asked.get(token, 0)
            for form in find_whole_forms(page)
            for token in form.page_tokens
        )
        for page in ("EUR 100", "100.00 €", "USD 100")
    }
    assert proved["EUR 100"] == proved["100.00 €"] > proved["USD 100"] > 0
