"""Conditions on rows of a table: a comparison with a number, or the most.

Words in English, German and Korean.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from ingest.forms.whole.find_forms import normalize_digits
from ingest.forms.whole.numbers import read_numbers

_LARGE = "more|greater|higher|larger|bigger|longer|older|heavier|taller|wider|better"
_SMALL = "less|fewer|lower|smaller|cheaper|shorter|younger|lighter|worse"
_BEFORE: Sequence[tuple[str, Callable[[Decimal, Decimal], bool]]] = (
    (rf"(?:no|not) (?:{_LARGE}) than|at most|up to|höchstens|nicht mehr als|bis zu", operator.le),
    (
        rf"(?:no|not) (?:{_SMALL}) than|at least|mindestens|nicht weniger als|wenigstens",
        operator.ge,
    ),
    (rf"(?:{_LARGE}) than|over|above|exceed(?:s|ed|ing)?|mehr als|über|größer als", operator.gt),
    (rf"(?:{_SMALL}) than|under|below|weniger als|unter|kleiner als", operator.lt),
)
"""What stands before the number, the longer first,"""
_AFTER: Sequence[tuple[str, Callable[[Decimal, Decimal], bool]]] = (
    (r"or more|and more|or above|oder mehr|이상", operator.ge),
    (r"or less|or fewer|or below|oder weniger|이하", operator.le),
    (r"초과", operator.gt),
    (r"미만", operator.lt),
)
"""and after it."""
_MOST = re.compile(
    r"\b(?:most expensive|dearest|most|highest|largest|biggest|greatest|longest|oldest|heaviest|tallest|maximum)\b"
    r"|\b(?:höchste|größte|längste|meiste|teuerste|älteste)[mnrs]?\b|가장 (?:많|높|크|큰|길|긴|비싼|무거)",
    re.IGNORECASE,
)
_LEAST = re.compile(
    r"\b(?:least expensive|least|lowest|smallest|fewest|shortest|cheapest|youngest|lightest|minimum)\b"
    r"|\b(?:niedrigste|kleinste|kürzeste|wenigste|billigste|jüngste)[mnrs]?\b"
    r"|가장 (?:적|낮|작|짧|싼|가벼)",
    re.IGNORECASE,
)
_COLUMNS = {
    "cheap": "price cost fee fare",
    "expensive": "price cost fee fare",
    "billig": "preis",
    "teuer": "preis",
    "비싼": "가격 요금",
    "싼": "가격 요금",
    "old": "age",
    "young": "age",
    "heav": "weight",
    "light": "weight",
    "tall": "height",
}
"""Words for the columns that adjectives are about, by a part of theirs, the longer first."""
MAX_UNIT = 8
"""Characters between a number and what follows it, such as its unit, at most."""


@dataclass(frozen=True, slots=True)
class Condition:
    """Condition on the values of one column.

    `rest` is the question without it: what names the column and the rows. `column` are words for
    the column that an adjective is about, such as prices for the cheapest.
    """

    rest: str
    meets: Callable[[Sequence[Decimal]], list[int]]
    """Positions of the values that meet it."""
    column: str = ""


def read_condition(question: str) -> Condition | None:
    """Read the condition of a question, None for none.

    >>> read_condition("Which boats carry more than 6 people?").meets([Decimal(7), Decimal(6)])
    [0]
    >>> read_condition("Who wrote more than one book?") is None
    True
    """
    text = normalize_digits(question)
    for number in read_numbers(text):
        before, after = text[: number.start], text[number.end :]
        for pattern, compare in _BEFORE:
            if found := re.search(rf"(?<!\w)(?:{pattern})\s?\W?$", before, re.IGNORECASE):
                return Condition(before[: found.start()] + after, _than(compare, number.values[0]))
        for pattern, compare in _AFTER:
            if found := re.match(rf".{{0,{MAX_UNIT}}}?(?:{pattern})", after, re.IGNORECASE):
                return Condition(before + after[found.end() :], _than(compare, number.values[0]))
    for pattern_of, choose in ((_MOST, max), (_LEAST, min)):
        if found := pattern_of.search(text):
            rest = text[: found.start()] + text[found.end() :]
            return Condition(rest, _extreme(choose), _column_of(found[0]))
    return None


def _column_of(word: str) -> str:
    return next((column for stem, column in _COLUMNS.items() if stem in word.lower()), "")


def _than(
    compare: Callable[[Decimal, Decimal], bool], number: Decimal
) -> Callable[[Sequence[Decimal]], list[int]]:
    return lambda values: [at for at, value in enumerate(values) if compare(value, number)]


def _extreme(
    choose: Callable[[Sequence[Decimal]], Decimal],
) -> Callable[[Sequence[Decimal]], list[int]]:
    def meets(values: Sequence[Decimal]) -> list[int]:
        return [at for at, value in enumerate(values) if value == choose(values)]

    return meets
