"""Whole forms: dates, amounts, identifiers and signs in one normal form each."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.forms.index_text import index_text
from ingest.forms.whole.find_forms import find_whole_forms
from ingest.forms.whole.form import WholeForm


def one(text: str) -> WholeForm:
    (form,) = find_whole_forms(text)
    return form


@pytest.mark.parametrize(
    "text",
    [
        "2025-11-03",
        "2025/11/03",
        "2025.11.03",
        "3 November 2025",
        "November 3, 2025",
        "November 3rd, 2025",
        "3rd of November 2025",
        "November 3,2025",
        "03-Nov-2025",
        "3. November 2025",
        "03.11.2025",
        "3.11.25",
        "3. 11. 2025",
        "3 novembre 2025",
        "3 de noviembre de 2025",
        "3 Kasım 2025",
        "3 ноября 2025 г.",
        "3 listopada 2025",
        "3 נובמבר 2025",
        "3 בנובמבר 2025",
        "3 نوفمبر 2025",
        "٣ نوفمبر ٢٠٢٥",
        "3 नवंबर 2025",
        "2025年11月3日",
        "2025년 11월 3일",
        "２０２５年１１月３日",
        "2025 年 11 月 3 日",
        "2025年11月3号",
        "二〇二五年十一月三日",
        "令和7年11月3日",
        "令和 7 年 11 月 3 日",
        "令和七年十一月三日",
        "㋿7年11月3日",
        "平成37年11月3日",
        "民國114年11月3日",
        "2025. 11. 3.",
        "2025. 11. 03.",
        "03NOV2025",
        "Nov 3rd, '25",
        "3 Nov ’25",
        "Nov-03-2025",
        "2025/Nov/03",
        "the 3rd day of November 2025",
        "3.XI.2025",
        "3/XI/2025",
        "03.11.2568",
        "3 พฤศจิกายน 2568",
        "3 พ.ย. 2568",
        "๓ พฤศจิกายน พ.ศ. ๒๕๖๘",
        "3 tháng 11 năm 2025",
        "2025 m. lapkričio 3 d.",
        "2025. gada 3. novembris",
        "3η Νοεμβρίου 2025",
        "3 நவம்பர் 2025",
        "३ नोव्हेंबर २०२५",
        "3 ნოემბერი 2025",
        "3.11.2025г.",
        "2025 - 11 - 03",
        "令7.11.3",
    ],
)
def test_a_day_is_the_same_however_it_is_printed(text: str) -> None:
    assert (one(text).kind, one(text).keys) == ("date", ("2025-11-03",))


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("令和元年5月1日", "2019-05-01"),
        ("平成31年4月30日", "2019-04-30"),
        ("平成元年1月8日", "1989-01-08"),
        ("昭和64年1月7日", "1989-01-07"),
        ("昭和二十年八月十五日", "1945-08-15"),
        ("大正12年9月1日", "1923-09-01"),
        ("明治45年7月29日", "1912-07-29"),
        ("二零二四年十二月三十一日", "2024-12-31"),
    ],
)
def test_years_of_eras_and_numbers_in_characters(text: str, day: str) -> None:
    assert (one(text).kind, one(text).keys) == ("date", (day,))


@pytest.mark.parametrize(
    "text", ["令和7年13月3日", "令和0年1月1日", "7年11月3日", "二五年十一月三日"]
)
def test_a_year_without_its_era_is_no_date(text: str) -> None:
    assert [form for form in find_whole_forms(text) if form.kind == "date"] == []


@pytest.mark.parametrize("text", ["20251103", "20251103T081500", "R7.11.3"])
def test_what_may_be_a_day_is_found_as_one(text: str) -> None:
    assert (one(text).kind, one(text).maybe) == ("date", ("2025-11-03",))


@pytest.mark.parametrize("text", ["3-5 November 2025", "3. bis 5. November 2025", "3/5 Nov 2025"])
def test_both_ends_of_days_are_found(text: str) -> None:
    assert sorted(one(text).keys) == ["2025-11-03", "2025-11-05"]


@pytest.mark.parametrize("text", ["20251399", "99999999", "3.XV.2025", "12345678"])
def test_other_digits_are_no_days(text: str) -> None:
    assert all(form.kind != "date" for form in find_whole_forms(text))


def test_an_ambiguous_date_has_both_readings() -> None:
    form = one("03/11/2025")
    assert (form.keys, form.maybe) == ((), ("2025-11-03", "2025-03-11"))


def test_another_date_of_the_text_shows_the_order() -> None:
    assert [f.keys for f in find_whole_forms("03/25/2025, 03/11/2025")][1] == ("2025-03-11",)
    assert [f.keys for f in find_whole_forms("25/03/2025, 03/11/2025")][1] == ("2025-11-03",)


@pytest.mark.parametrize("text", ["31.02.2025", "99/99/9999", "3 Foobar 2025", "in 2025"])
def test_what_is_no_day_is_no_date(text: str) -> None:
    assert [form for form in find_whole_forms(text) if form.kind == "date"] == []


@pytest.mark.parametrize(
    ("text", "keys"),
    [
        ("9,90", ("9.9",)),
        ("9.90 EUR", ("9.9",)),
        ("€9.90", ("9.9",)),
        ("EUR9.90", ("9.9",)),
        ("1.000,20", ("1000.2",)),
        ("1,000.20", ("1000.2",)),
        ("1000.20", ("1000.2",)),
        ("1 000,20", ("1000.2",)),
        ("1\u00a0000,20", ("1000.2",)),
        ("1\u202f000,20", ("1000.2",)),
        ("1'000.20", ("1000.2",)),
        ("1,00,000.50", ("100000.5",)),
        ("10.000.000", ("10000000",)),
        ("٩٫٩٠".replace("٫", ","), ("9.9",)),
        ("$1,234", ("1234", "1.234")),
        ("12345", ("12345",)),
        ("₹500", ("500",)),
        ("US$ 500", ("500",)),
        ("500 kr", ("500",)),
        ("-1,234.50", ("-1234.5",)),
        ("−1,234.50", ("-1234.5",)),
        ("(1,234.50)", ("-1234.5",)),
        ("1.234,50-", ("-1234.5",)),
        ("-18", ("-18",)),
    ],
)
def test_amounts_by_their_value(text: str, keys: tuple[str, ...]) -> None:
    assert (one(text).kind, one(text).keys) == ("number", keys)


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("-18 °C", "-18c"),
        ("−18 °C", "-18c"),
        ("–18°C", "-18c"),
        ("- 18 °C", "-18c"),
        ("minus 18 °C", "-18c"),
        ("-18 ℃", "-18c"),
        ("18 °C", "18c"),
        ("+18 °C", "18c"),
        ("10-18 °C", "18c"),
        ("64,5 °F", "64.5f"),
    ],
)
def test_temperatures_keep_their_sign(text: str, key: str) -> None:
    assert (one(text).kind, one(text).keys) == ("temperature", (key,))


@pytest.mark.parametrize("text", ["in 2019", "5 kg", "10-year", "2019-2020", "15%", "10:30", "3/4"])
def test_small_numbers_years_and_times_are_no_forms(text: str) -> None:
    assert find_whole_forms(text) == []


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("AB-1234/5", "ab1234-5"),
        ("ab 1234/5".upper(), "ab1234-5"),
        ("AB‑1234/5", "ab1234-5"),
        ("AB-5/1234", "ab5-1234"),
        ("AB-12345", "ab12345"),
        ("02091-C-71", "02091c71"),
        ("02091C71", "02091c71"),
        ("02091 C 71", "02091c71"),
        ("12 O 345/21", "12o345-21"),
        ("02091-C-712", "02091c712"),
        ("W-2", "w2"),
        ("000123", "000123"),
        ("INV2025-0042", "inv2025-0042"),
        ("2025-0042", "2025-0042"),
        ("ISO 9001:2015", "iso9001:2015"),
        ("iso9001:2015", "iso9001:2015"),
        ("DIN EN 1090-2", "dinen1090-2"),
        ("§ 12", "§12"),
        ("978-3-16-148410-0", "978-3-16-148410-0"),
    ],
)
def test_identifiers_without_the_separators_that_do_not_matter(text: str, key: str) -> None:
    assert (one(text).kind, one(text).keys) == ("identifier", (key,))


@pytest.mark.parametrize(
    ("text", "kind", "key"),
    [
        ("DE89 3704 0044 0532 0130 00", "iban", "de89370400440532013000"),
        ("DE89370400440532013000", "iban", "de89370400440532013000"),
        ("GB82 WEST 1234 5698 7654 32", "iban", "gb82west12345698765432"),
        ("+49 (0)30 1234567", "phone", "301234567"),
        ("0049 30 1234567", "phone", "301234567"),
        ("030/1234567", "phone", "301234567"),
        ("(555) 123-4567", "phone", "5551234567"),
        ("v2.10.3", "version", "2.10.3"),
        ("Version 2.10", "version", "2.10"),
        ("192.168.0.1", "version", "192.168.0.1"),
        ("C#", "sign", "c#"),
        ("c++", "sign", "c++"),
        (".NET", "sign", ".net"),
        ("WHO", "acronym", "who"),
        ("U.S.", "acronym", "us"),
    ],
)
def test_other_kinds(text: str, kind: str, key: str) -> None:
    assert (one(text).kind, one(text).keys) == (kind, (key,))


def test_an_iban_ends_before_a_word() -> None:
    assert one("DE89 3704 0044 0532 0130 00 bank").keys == ("de89370400440532013000",)
    wrong = find_whole_forms("DE88 3704 0044 0532 0130 0000 bank")[0]
    assert wrong.keys == ("de8837040044053201300000",)


def test_capitals_throughout_are_no_acronyms() -> None:
    assert find_whole_forms("WHO WE ARE AND WHAT WE DO") == []


def test_a_standard_is_found_without_its_year() -> None:
    printed = one("ISO 9001:2015")
    asked = one("ISO 9001")
    assert asked.asked.keys() & set(printed.page_tokens)


def test_a_temperature_is_found_without_its_unit_and_not_with_another_sign() -> None:
    printed = set(one("-18 °C").page_tokens)
    assert one("-18").asked.keys() & printed
    assert not one("18 °C").asked.keys() & printed


@given(st.text(max_size=60))
def test_forms_lie_apart_in_their_text(text: str) -> None:
    forms = [form for form in find_whole_forms(text) if form.kind != "acronym"]
    assert all(a.end <= b.start for a, b in zip(forms, forms[1:], strict=False))
    assert all(" " not in token for form in forms for token in form.page_tokens)


@pytest.mark.parametrize(
    "piece", ["a:", "1'", "1.", "123 456 ", "DE89 3704 ", "-1.5 ", "a-", "3.11.2025 "]
)
def test_work_on_a_page_is_bounded(piece: str) -> None:
    before = time.process_time()
    index_text(piece * (40_000 // len(piece)) + "@")
    assert time.process_time() - before < 3
