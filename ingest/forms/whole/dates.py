"""Dates as days in ISO form, from the forms in which they are printed.

The names of months are those of the Unicode CLDR (`months.json`). A numeric date such as
03/11/2025 has both readings, unless another date of the same text shows the order;
with points it is day first.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import date
from functools import cache
from pathlib import Path

from ingest.forms.fold import fold
from ingest.forms.terms import MARKS
from ingest.forms.whole.form import WholeForm

_MONTHS = Path(__file__).parent / "months.json"
_OTHER_NAMES = {"nopember": "november", "pebruari": "februari"}
BUDDHIST, FIRST_BUDDHIST = 543, 2400
"""Years of the Buddhist era begin so much earlier; those from 2400 on are of it."""
CENTURY = 70
"""Years of two digits are of the 20th century from here on."""
_THAI = r"[\u0e01-\u0e2e]\u0e35?\.[\u0e01-\u0e2e]"
_NAME = rf"(?P<name>[^\W\d_{MARKS}](?:[^\W\d_]|[{MARKS}]){{2,}}|{_THAI})"
_YEAR = r"(?P<year>\d{4})"
_DAY = r"(?P<day>\d{1,2})"
_NTH = "st|nd|rd|th|er|re|[oºª]|η|ης"
_TO = r"[-\u2013\u2014/&+]|bis|to|and|und|et|og|och|en|[aà]u?|al|y|e|do|до|и"
_ERA = r"(?:พ\.?\s?ศ\.?|ค\.?\s?ศ\.?|m\.|gada)"
_NAMED = re.compile(
    rf"(?<![\w.,/-])(?:(?P<from>\d{{1,2}})(?:{_NTH}|\.)?\s?(?:{_TO})\s?)?"
    rf"{_DAY}(?:{_NTH}|\.)?[\s\-/]*(?:(?:de|of|d'|del|di|day of)\s+)?{_NAME}"
    rf"\.?,?(?:\s+(?:del?|{_ERA}))?[\s\-/]*"
    rf"(?P<year>\d{{4}}|['’]?\d{{2}}(?=\W|$))(?!\w|[.,]\d)"
    rf"|(?<![\w{MARKS}]){_NAME.replace('name', 'name2')}\.?[\s\-/]*{_DAY.replace('day', 'day2')}"
    rf"(?:st|nd|rd|th)?(?:,\s*|[\s\-/]+)(?P<year2>\d{{4}}|['’]\d{{2}})(?!\w)"
    rf"|(?<!\w){_YEAR.replace('year', 'year4')}\. gada {_DAY.replace('day', 'day4')}\. "
    rf"{_NAME.replace('name', 'name4')}"
    rf"|(?<!\w){_YEAR.replace('year', 'year3')}[\s./-]+(?:m\.\s+)?{_NAME.replace('name', 'name3')}"
    rf"[\s./-]+{_DAY.replace('day', 'day3')}(?!\w)",
    re.IGNORECASE,
)
_ISO = re.compile(
    r"(?<![\w.,/-])(\d{4})\s?([-./])\s?(\d{1,2})\s?\2\s?(\d{1,2})(?![\d/]|[.,-]\d)"
    r"|(?<![\w.,/-])(\d{4})(\.) (\d{1,2})\. (\d{1,2})(?!\w|[/,-]\d)"
)
_COMPACT = re.compile(
    r"(?<![\w.,/+-])((?:19|20)\d\d)([01]\d)([0-3]\d)(?:T\d{4}(?:\d\d)?Z?)?(?![\w/]|[.,-]\d)"
)
_VIETNAMESE = re.compile(
    r"(?<!\w)(\d{1,2}) tháng (\d{1,2})(?:,| năm),? (\d{4})(?!\w)", re.IGNORECASE
)
_ROMAN = re.compile(r"(?<![\w.,/-])(\d{1,2})([./-]) ?([IVX]{1,4})\2 ?(\d{4})(?!\w|[.,/-]\d)")
_ROMAN_MONTHS = "I II III IV V VI VII VIII IX X XI XII".split()
_ERAS = {"明治": 1868, "大正": 1912, "昭和": 1926, "平成": 1989, "令和": 2019}
_ERAS |= dict.fromkeys(("民國", "民国"), 1912)
"""First years of Japanese eras, and of the Republic of China; documents made before an era
ended count on in it."""
_NUMERALS = dict(zip("〇一二三四五六七八九", range(10), strict=True)) | {"零": 0, "元": 1}
_NUMERAL = rf"(?:\d{{1,2}}|[{''.join(_NUMERALS)}十]{{1,3}})"
_EAST_ASIAN = re.compile(
    rf"(?:(?P<era>{'|'.join(_ERAS)})\s?(?P<of_era>\d{{1,3}}|[{''.join(_NUMERALS)}十百]{{1,5}})"
    rf"|(?<!\d)(?P<year>\d{{4}}|[{''.join(_NUMERALS)}]{{4}}))\s?[年년]"
    rf"\s?(?P<month>{_NUMERAL})\s?[月월]\s?(?P<day>{_NUMERAL})\s?[日号號일]"
)
_SHORT_ERAS = {"R": 2019, "H": 1989, "S": 1926, "T": 1912, "M": 1868}
_SHORT_ERAS |= {"令": 2019, "平": 1989, "昭": 1926}
_SHORT_ERA = re.compile(
    rf"(?<!\w)([{''.join(_SHORT_ERAS)}])(\d{{1,2}})\.(\d{{1,2}})\.(\d{{1,2}})(?!\w|[.,-]\d)"
)
_NUMERIC = re.compile(
    r"(?<![\w,/-])(?<!\d\.)(\d{1,2})(?:([./-])\s?| ([/-]) )(\d{1,2})(?:\2\s?| \3 )"
    r"(\d{4}|\d{2})(?=г\W|г$|(?!\w|/|[.,-]\d))"
)


def find_dates(text: str) -> Iterator[WholeForm]:
    """Find the dates of a normalized text.

    >>> [form.keys for form in find_dates("3. November 2025, 2025-11-03, Nov 3, 2025")]
    [('2025-11-03',), ('2025-11-03',), ('2025-11-03',)]
    >>> [(form.keys, form.maybe) for form in find_dates("03/11/2025")]
    [((), ('2025-11-03', '2025-03-11'))]
    """
    for found in _NAMED.finditer(text):
        parts = found.groupdict()
        for at in ("", "2", "3", "4"):
            if name := parts[f"name{at}"]:
                month, year = month_number(name), parts[f"year{at}"].lstrip("'’")
                given = [parts[f"day{at}"], None if at else parts["from"]]
                days = [_day(year, month, day) for day in given if month and day]
                yield from _form(found, days)
    for found in _ISO.finditer(text):
        year, _, month_, day = [part for part in found.groups() if part]
        yield from _form(found, [_day(year, int(month_), day)])
    for found in _EAST_ASIAN.finditer(text):
        yield from _form(found, [_east_asian_day(found)])
    for found in _VIETNAMESE.finditer(text):
        yield from _form(found, [_day(found[3], int(found[2]), found[1])])
    for found in _ROMAN.finditer(text):
        if found[3] in _ROMAN_MONTHS:
            yield from _form(found, [_day(found[4], _ROMAN_MONTHS.index(found[3]) + 1, found[1])])
    yield from _numeric_dates(text)
    yield from _likely_dates(text)


def _likely_dates(text: str) -> Iterator[WholeForm]:
    """Digits and versions that may be dates: 20251103, and R7.11.3 of a Japanese era."""
    for found in _COMPACT.finditer(text):
        if day := _day(found[1], int(found[2]), found[3]):
            yield WholeForm("date", found[0], *found.span(), (), (day,))
    for found in _SHORT_ERA.finditer(text):
        year = _SHORT_ERAS[found[1]] + int(found[2]) - 1
        day = _day(f"{year}", int(found[3]), found[4]) if int(found[2]) else None
        if day and found[1].isascii():
            yield WholeForm("date", found[0], *found.span(), (), (day,))
        else:
            yield from _form(found, [day])


def _east_asian_day(found: re.Match[str]) -> str | None:
    """Day of a date with the characters for year, month and day.

    Its year may be one of an era, its numbers may be in characters.
    """
    number = _in_characters(found["of_era"] or found["year"])
    year = _ERAS[found["era"]] + number - 1 if found["era"] else number
    month, day = _in_characters(found["month"]), _in_characters(found["day"])
    return _day(f"{year:04}", month, f"{day}") if number else None


def _in_characters(text: str) -> int:
    """Number in digits, place by place as 二〇二五, or with tens as 三十一."""
    if text.isdecimal():
        return int(text)
    number = 0
    for weight, unit in ((100, "百"), (10, "十")):
        if unit in text:
            before, _, text = text.partition(unit)
            number += weight * (_in_characters(before) if before else 1)
    return number + int("".join(str(_NUMERALS[one]) for one in text if one in _NUMERALS) or 0)


def _numeric_dates(text: str) -> Iterator[WholeForm]:
    found = [(f, f[2] or f[3], f[1], f[4], f[5]) for f in _NUMERIC.finditer(text)]
    month_first = any(int(b) > 12 >= int(a) for _, mark, a, b, _ in found if mark != ".")
    day_first = any(int(a) > 12 >= int(b) for _, mark, a, b, _ in found if mark != ".")
    for f, mark, first, second, year in found:
        by_day, by_month = _day(year, int(second), first), _day(year, int(first), second)
        if mark == "." or (day_first and not month_first):
            yield from _form(f, [by_day])
        elif month_first and not day_first:
            yield from _form(f, [by_month])
        elif not (by_day and by_month) or by_day == by_month:
            yield from _form(f, [by_day or by_month])
        else:
            yield WholeForm("date", f[0], *f.span(), (), (by_day, by_month))


def month_number(name: str) -> int | None:
    """Number of a month by its name or abbreviation, in any of the languages."""
    folded = fold(name).rstrip(".")
    known = _months()
    folded = _OTHER_NAMES.get(folded, folded)
    return known.get(folded) or known.get(folded.removeprefix("ב"))


def _form(found: re.Match[str], days: list[str | None]) -> Iterator[WholeForm]:
    if keys := tuple(day for day in days if day):
        yield WholeForm("date", found[0], *found.span(), keys)


def _day(year: str, month: int, day: str) -> str | None:
    full = int(year) if len(year) == 4 else int(year) + (1900 if int(year) >= CENTURY else 2000)
    if FIRST_BUDDHIST <= full < FIRST_BUDDHIST + 300:
        full -= BUDDHIST
    try:
        return date(full, month, int(day)).isoformat()
    except ValueError:
        return None


@cache
def _months() -> dict[str, int]:
    """Numbers of months by folded name. Babel takes 0.4 s to read them all."""
    months: dict[str, int] = json.loads(_MONTHS.read_text(encoding="utf-8"))
    return months
