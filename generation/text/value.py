"""Value matching: text, numbers and dates of a record among printed words.

Dates and numbers are read as the index reads them. Numbers are compared as numbers, so
1234.5 is found in "1,234.50"; a date is found where one reading of a printed date is
that day.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from itertools import accumulate
from typing import Any

from generation.text.quote import find_quote
from ingest.forms.whole.dates import find_dates
from ingest.forms.whole.find_forms import normalize_digits
from ingest.forms.whole.numbers import read_numbers
from ingest.page import Word
from ingest.reading.line import cell_starts, split_lines

Span = tuple[int, int]


@dataclass(frozen=True, slots=True)
class PrintedDate:
    """Date as printed in the words `span`.

    Its days are two where the order of day and month is ambiguous.
    """

    span: Span
    text: str
    days: frozenset[date]


@dataclass(frozen=True, slots=True)
class PrintedNumber:
    """Number as printed in the words `span`, with its values, the likelier first.

    `currency` where it has one, `cents` where it has two decimals.
    """

    span: Span
    values: tuple[Decimal, ...]
    currency: bool
    cents: bool


def text_of(words: Sequence[Word], span: Span) -> str:
    """Text of a span of words."""
    return " ".join(word.text for word in words[slice(*span)])


def find_value(value: Any, words: Sequence[Word], within: Span | None = None) -> Span | None:
    """Find where a value is printed: words `start` up to (not with) `end`, or None.

    Args:
        within: words to look among; dates are read as on the whole page, where another
            one may show the order of day and month.
    """
    within = within or (0, len(words))
    match value:
        case bool() | None:
            return None
        case int() | float():
            wanted = Decimal(str(value))
            inside = words[slice(*within)]
            spans = (n.span for n in read_word_numbers(inside) if wanted in n.values)
            return _shift(next(spans, None), within[0])
        case str() if value.strip():
            found = _shift(find_quote(value, words[slice(*within)]), within[0])
            return found or _find_date(value, words, within)
    return None


def read_word_numbers(words: Sequence[Word]) -> Iterator[PrintedNumber]:
    """Printed numbers: 1,234 is 1234 or 1.234."""
    text = _Text(words)
    for number in read_numbers(text.text):
        span = text.words_at(number.start, number.end)
        yield PrintedNumber(span, number.values, number.currency, number.cents)


def read_word_dates(words: Sequence[Word]) -> Iterator[PrintedDate]:
    """Printed dates, in the languages that the index knows."""
    text = _Text(words)
    for form in sorted(find_dates(text.text), key=lambda form: form.start):
        days = frozenset(map(date.fromisoformat, form.keys or form.maybe))
        span = text.words_at(form.start, form.end)
        yield PrintedDate(span, " ".join(form.printed.split()), days)


class _Text:
    """Words as one normalized text; a line end comes before each cell."""

    def __init__(self, words: Sequence[Word]) -> None:
        texts = [normalize_digits(word.text) for word in words]
        firsts = {
            line.start + at
            for line in split_lines(words)
            for at in (0, *cell_starts(words[line.start : line.end]))
        }
        parts = [("\n" if at in firsts else " ") + text for at, text in enumerate(texts)]
        self.text = "".join(parts)
        self.starts = list(accumulate(map(len, parts), initial=0))[:-1]

    def words_at(self, start: int, end: int) -> Span:
        return bisect_right(self.starts, start) - 1, bisect_right(self.starts, end - 1)


def _shift(span: Span | None, by: int) -> Span | None:
    return (span[0] + by, span[1] + by) if span else None


def _find_date(value: str, words: Sequence[Word], within: Span) -> Span | None:
    try:
        wanted = date.fromisoformat(value)
    except ValueError:
        return None
    spans = (printed.span for printed in read_word_dates(words) if wanted in printed.days)
    return next((s for s in spans if within[0] <= s[0] and s[1] <= within[1]), None)
