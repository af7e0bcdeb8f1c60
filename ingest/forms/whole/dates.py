"""Dates as days in ISO form, from the forms in which they are printed.

The names of months are those of the Unicode CLDR, by Babel. A numeric date such as
03/11/2025 has both readings, unless another date of the same text shows the order;
with points it is day first.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from functools import cache

from ingest.forms.fold import fold
from ingest.forms.terms import MARKS
from ingest.forms.whole.form import WholeForm

LANGUAGES = (
    "en de fr es it pt nl sv da nb fi is pl cs sk sl hu ro bg ru uk sr el tr et lv lt ar fa he hi bn"
    " id ms ca"
).split()
"""Languages whose months are known; where two differ on a name, the first has it."""
CENTURY = 70
"""Years of two digits are of the 20th century from here on."""
_NAME = rf"(?P<name>[^\W\d_{MARKS}](?:[^\W\d_]|[{MARKS}]){{2,}})"
_YEAR = r"(?P<year>\d{4})"
_DAY = r"(?P<day>\d{1,2})"
_NAMED = re.compile(
    rf"(?<![\w.,/-]){_DAY}(?:st|nd|rd|th|er|re|[oºª]|\.)?[\s\-/]*(?:(?:de|of|d'|del|di)\s+)?{_NAME}"
    rf"\.?,?(?:\s+del?)?[\s\-/]*(?P<year>\d{{4}}|\d{{2}}(?=\W|$))(?!\w|[.,]\d)"
    rf"|(?<![\w{MARKS}]){_NAME.replace('name', 'name2')}\.?\s*{_DAY.replace('day', 'day2')}"
    rf"(?:st|nd|rd|th)?(?:,\s*|\s+){_YEAR.replace('year', 'year2')}(?!\w)"
    rf"|(?<!\w){_YEAR.replace('year', 'year3')}[\s.-]+{_NAME.replace('name', 'name3')}[\s.-]+"
    rf"{_DAY.replace('day', 'day3')}(?!\w)",
    re.IGNORECASE,
)
_ISO = re.compile(
    r"(?<![\w.,/-])(\d{4})([-./])(\d{1,2})\2(\d{1,2})(?![\d/]|[.,-]\d)"
    r"|(?<![\w.,/-])(\d{4})(\.) (\d{1,2})\. (\d{1,2})(?!\w|[/,-]\d)"
)
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
_NUMERIC = re.compile(
    r"(?<![\w,/-])(?<!\d\.)(\d{1,2})([./-])\s?(\d{1,2})\2\s?(\d{4}|\d{2})(?!\w|/|[.,-]\d)"
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
        for at in ("", "2", "3"):
            if name := parts[f"name{at}"]:
                month = month_number(name)
                days = [_day(parts[f"year{at}"], month, parts[f"day{at}"])] if month else []
                yield from _form(found, days)
    for found in _ISO.finditer(text):
        year, _, month_, day = [part for part in found.groups() if part]
        yield from _form(found, [_day(year, int(month_), day)])
    for found in _EAST_ASIAN.finditer(text):
        yield from _form(found, [_east_asian_day(found)])
    yield from _numeric_dates(text)


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
    found = list(_NUMERIC.finditer(text))
    month_first = any(int(f[3]) > 12 >= int(f[1]) for f in found if f[2] != ".")
    day_first = any(int(f[1]) > 12 >= int(f[3]) for f in found if f[2] != ".")
    for f in found:
        by_day, by_month = _day(f[4], int(f[3]), f[1]), _day(f[4], int(f[1]), f[3])
        if f[2] == "." or (day_first and not month_first):
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
    return known.get(folded) or known.get(folded.removeprefix("ב"))


def _form(found: re.Match[str], days: list[str | None]) -> Iterator[WholeForm]:
    if keys := tuple(day for day in days if day):
        yield WholeForm("date", found[0], *found.span(), keys)


def _day(year: str, month: int, day: str) -> str | None:
    full = int(year) if len(year) == 4 else int(year) + (1900 if int(year) >= CENTURY else 2000)
    try:
        return date(full, month, int(day)).isoformat()
    except ValueError:
        return None


@cache
def _months() -> dict[str, int]:
    from babel import Locale

    months: dict[str, int] = {}
    for language in LANGUAGES:
        names = Locale.parse(language).months
        for context in ("format", "stand-alone"):
            for width in ("wide", "abbreviated"):
                for number, name in names[context][width].items():
                    months.setdefault(fold(name).rstrip("."), number)
    return months
