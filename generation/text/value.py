"""Value matching: text, numbers and dates of a record among printed words.

Numbers are compared as numbers, so 1234.5 is found in "1,234.50"; a date is
found where one reading of a printed date is that day.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import date
from typing import Any

from generation.text.quote import find_quote
from ingest.page import Word

Span = tuple[int, int]
_NUMBER = re.compile(r"(?<![\d.,])([-−(]?)[^\w\s(\-−]?(?:[A-Z]{2,3})?([-−]?)(\d[\d.,'’]*)(?:%|\))?")
_SPLIT = re.compile(r"[\s./\-年月日]+")
_MONTHS = {
    name: at
    for at, names in enumerate(
        "jan january,feb february,mar march,apr april,may,jun june,jul july,aug august"
        ",sep sept september,oct october,nov november,dec december".split(","),
        start=1,
    )
    for name in names.split()
}
_MONTH = "|".join(sorted(_MONTHS, key=len, reverse=True))
_DATE = re.compile(
    rf"(?<![\d.])(?:\d{{1,4}}[./\-]\d{{1,2}}[./\-]\d{{1,4}}"
    rf"|\d{{1,2}}(?:st|nd|rd|th)?[\s\-./]*(?:{_MONTH})[\s\-.,/]*\d{{2,4}}"
    rf"|(?:{_MONTH})[\s.]*\d{{1,2}}(?:st|nd|rd|th)?[\s,]+\d{{4}}"
    r"|\d{4}년\s*\d{1,2}월\s*\d{1,2}일)(?![.\-/]?\d)",
    re.IGNORECASE,
)


def find_value(value: Any, words: Sequence[Word]) -> Span | None:
    """Find where a value is printed: words `start` up to (not with) `end`, or None."""
    match value:
        case bool() | None:
            return None
        case int() | float():
            return next((span for span, read in numbers(words) if value in read), None)
        case str() if value.strip():
            found = find_quote(value, words)
            return found or _find_date(value, words)
    return None


def numbers(words: Sequence[Word]) -> Iterator[tuple[Span, frozenset[float]]]:
    """Printed numbers, each with its values: 1,234 is 1234 or 1.234."""
    for at, word in enumerate(words):
        for found in _NUMBER.finditer(word.text):
            sign = -1.0 if found[1] or found[2] else 1.0
            values = frozenset(sign * read for read in _readings(found[3].rstrip(".,'’")))
            if found[1] == "(":
                values |= {-read for read in values}
            if values:
                yield (at, at + 1), values


def dates(words: Sequence[Word]) -> Iterator[tuple[Span, str, frozenset[date]]]:
    """Printed dates, each with its text and days: two where the order is ambiguous."""
    starts: list[int] = []
    text = ""
    for word in words:
        starts.append(len(text))
        text += word.text + " "
    for found in _DATE.finditer(text):
        first = max(i for i, start in enumerate(starts) if start <= found.start())
        last = max(i for i, start in enumerate(starts) if start < found.end())
        if days := parse_date(found[0]):
            yield (first, last + 1), found[0].strip(), days


def parse_date(text: str) -> frozenset[date]:
    """Parse a date as printed to its possible days."""
    parts = [
        p.rstrip(",")
        for p in _SPLIT.split(re.sub(r"(?i)(?<=\d)(?=[a-z])|(?<=[a-z])(?=\d)", " ", text))
    ]
    parts = [p for p in parts if p and p.lower() not in {"st", "nd", "rd", "th", ","}]
    parts = re.findall(r"\d+", text) if "년" in text else parts
    if len(parts) != 3:
        return frozenset()
    named = [i for i, p in enumerate(parts) if p.lower() in _MONTHS]
    if not all(p.isdecimal() for i, p in enumerate(parts) if i not in named):
        return frozenset()
    if named:
        month = _MONTHS[parts[named[0]].lower()]
        day, year = (p for i, p in enumerate(parts) if i != named[0])
        tries = [(year, month, day)]
    elif len(parts[0]) == 4:
        tries = [(parts[0], int(parts[1]), parts[2])]
    else:
        tries = [(parts[2], int(parts[1]), parts[0]), (parts[2], int(parts[0]), parts[1])]
    return frozenset(day for one in tries if (day := _day(*one)))


def _day(year: str, month: int, day: str) -> date | None:
    full = int(year) if len(year) == 4 else 2000 + int(year) if len(year) == 2 else 0
    try:
        return date(full, month, int(day))
    except ValueError:
        return None


def _find_date(value: str, words: Sequence[Word]) -> Span | None:
    try:
        wanted = date.fromisoformat(value)
    except ValueError:
        return None
    return next((span for span, _, days in dates(words) if wanted in days), None)


def _readings(digits: str) -> Iterator[float]:
    """Values of digits with separators, by the conventions 1,234.5 and 1.234,5."""
    for thousands, point in (("[,'’]", "."), ("[.'’]", ",")):
        whole, _, rest = digits.partition(point)
        if re.fullmatch(rf"\d+|\d{{1,3}}(?:{thousands}\d{{3}})+", whole) and re.fullmatch(
            r"\d*", rest
        ):
            yield float(f"{re.sub(r'[^0-9]', '', whole)}.{rest or 0}")
