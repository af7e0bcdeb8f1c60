"""Days without a year, as in rows of a statement: "7 May", "07.05.", "05/07"."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import date

from ingest.forms.whole.dates import month_number
from ingest.forms.whole.form import WholeForm

_NAMED = re.compile(
    r"(?<![\w.,/-])(?P<day>\d{1,2})(?:st|nd|rd|th|er|[.oºª])?[\s-]*(?:(?:de|of)\s+)?(?P<name>[^\W\d_]{3,})(?!\w)"
    r"|(?<!\w)(?P<name2>[^\W\d_]{3,})\.?[\s-]+(?P<day2>\d{1,2})(?:st|nd|rd|th)?(?![\w:%]|[.,/-]\d)"
    r"|(?<!\d)(?P<month3>\d{1,2})\s?[月월]\s?(?P<day3>\d{1,2})\s?[日일]"
)
_NUMERIC = re.compile(
    r"(?<![\w.,/-])(?:(\d{1,2})\.(\d{1,2})\.(?![\w.])|(\d\d)/(\d\d)(?![\w/]|[.,-]\d))"
)
_NO_MONTHS = frozenset({"may", "march", "mars", "set"})
"""Names of months that are other words in lower case."""
LEAP_YEAR = 2024


def find_days(text: str, dates: Sequence[WholeForm] = ()) -> Iterator[WholeForm]:
    """Days of a year in a normalized text, beside its `dates`; keys are month and day.

    >>> [form.keys for form in find_days("7 May, 07.05., 05/07 and 7 may be")]
    [('05-07',), ('05-07',), ('07-05', '05-07')]
    """
    taken = [range(form.start, form.end) for form in dates if form.kind == "date"]
    for found in (*_NAMED.finditer(text), *_NUMERIC.finditer(text)):
        days = _named(found) if found.re is _NAMED else _numeric(found)
        keys = tuple(dict.fromkeys(day for day in days if day))
        if keys and not any(found.start() in span for span in taken):
            yield WholeForm("date", found[0], *found.span(), keys)


def same_day(one: WholeForm, other: WholeForm) -> bool:
    """Whether two dates may be the same day, where either has no year."""
    if one.kind != "date" or other.kind != "date":
        return False
    every, others = ({*form.keys, *form.maybe} for form in (one, other))
    if all(len(key) > len("05-07") for key in every | others):
        return False
    return not {key[-5:] for key in every}.isdisjoint(key[-5:] for key in others)


def _named(found: re.Match[str]) -> Sequence[str | None]:
    if found["month3"]:
        return [_day(int(found["month3"]), int(found["day3"]))]
    name, day = found["name"] or found["name2"], found["day"] or found["day2"]
    month = None if name in _NO_MONTHS else month_number(name)
    return [_day(month, int(day))] if month else []


def _numeric(found: re.Match[str]) -> Sequence[str | None]:
    if found[1]:
        return [_day(int(found[2]), int(found[1]))]
    first, second = int(found[3]), int(found[4])
    return [_day(second, first), _day(first, second)]


def _day(month: int, day: int) -> str | None:
    try:
        return date(LEAP_YEAR, month, day).isoformat()[-5:]
    except ValueError:
        return None
