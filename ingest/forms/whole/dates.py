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

from babel import Locale

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
_LETTER = rf"[^\W\d_{MARKS}][\w{MARKS}]"
_NAME = rf"(?P<name>{_LETTER}{{2,}})"
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
    r"|(\d{4})\s?[年년]\s?(\d{1,2})\s?[月월]\s?(\d{1,2})\s?[日일]"
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
        year, _, month_, day, *cjk = found.groups()
        if cjk[0]:
            year, month_, day = cjk
        yield from _form(found, [_day(year, int(month_), day)])
    yield from _numeric_dates(text)


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
    months: dict[str, int] = {}
    for language in LANGUAGES:
        names = Locale.parse(language).months
        for context in ("format", "stand-alone"):
            for width in ("wide", "abbreviated"):
                for number, name in names[context][width].items():
                    months.setdefault(fold(name).rstrip("."), number)
    return months
