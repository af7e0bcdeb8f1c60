"""Numbers and temperatures by decimal value, with their sign.

9,90 is 9.9, and 1.000,20 is 1,000.20 and 1 000,20. Where one separator stands before
three digits (1.000), both readings are kept. Small whole numbers and years count only
with a currency, a degree sign or a sign of their own.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from functools import cache

from ingest.forms.parts_of_words import CURRENCY_SIGNS
from ingest.forms.whole.form import Kind, WholeForm, form_token

_GROUPED = r"\d{1,3}(?P<space> )\d{3}(?: \d{3}){0,4}(?:[.,]\d{1,12})?"
_DIGITS = r"\d{1,24}(?:[.,'’]\d{1,12}){0,8}"
_WORDS = frozenset("ALL CUP MOP PEN TOP TRY".split())
"""Codes of currencies that are words in capitals."""
_FIRST_OF_CODE = "A-Zkzl元円원ر"
_SIGN = (
    r"[-\u2010-\u2013\u2212+±](?=[^\s])|\u2212\s|[-\u2010-\u2013](?=\s\d[\d.,]*\s?°)\s"
    r"|(?i:minus)\s|\((?=[^()\s]*\d\))"
)


@cache
def _code() -> str:
    """Pattern of what a currency is called; Babel's list is read at first use."""
    from babel.numbers import list_currencies

    iso_codes = "|".join(sorted(list_currencies() - _WORDS))
    return rf"(?:{iso_codes}|Rs\.?|kr\.?|zł|Kč|Ft|lei|TL|R\$|[A-Z]{{1,2}}\$|元|円|원|ريال)"


@cache
def _before() -> str:
    """Pattern of a currency before a number."""
    return rf"(?:[$€£¥₩₹₺₽₪฿₫₴¢]|(?<![^\W\d]){_code()})"


def _after() -> str:
    """Pattern of a unit, currency or sign after a number."""
    return (
        rf"\s?(?:°\s?[CFKcf](?!\w)|[°º]|degrees?(?:\s[CF]\w*)?|%|‰|[$€£¥₩₹₺₽₪]|{_code()}(?!\w))"
        r"|-(?=\s|$)|\)"
    )


@cache
def _grammar(start: str, end: str) -> re.Pattern[str]:
    """Pattern of a number with its sign, currency and unit, between what bounds it.

    It takes 30 ms to compile: at first use.
    """
    return re.compile(
        rf"(?=[\d(+±\-\u2010-\u2013\u2212mM$€£¥₩₹₺₽₪฿₫₴¢{_FIRST_OF_CODE}])"
        rf"(?P<before>{_before()}\s?)?{start}(?P<sign>(?:(?<!\w)(?:{_SIGN}))?)(?P<between>{_before()}\s?)?"
        rf"(?P<digits>{_GROUPED}|{_DIGITS})(?P<after>{_after()})?{end}"
    )


_ALONE = (r"(?<![\w.,/:])(?<![^\W\d][-\u2010-\u2015])", r"(?![\w]|[.,/:]\d|-[\w])")
"""What bounds a number that stands by itself,"""
_ANYWHERE = (r"(?<![\d.,])", "")
"""and one that may be part of a date, a code or a measure, such as 5kg."""
_YEAR = re.compile("1[5-9]\\d\\d|20\\d\\d")
_RANGE = re.compile(r"\d\s?$")
_IN_RANGE = re.compile(r"\d[-\u2010-\u2015]$")
_KINDS: tuple[Kind, ...] = ("temperature", "number")
MIN_DIGITS = 4
"""Digits of a whole number that counts by itself."""


@cache
def _attached() -> re.Pattern[str]:
    """Pattern of a currency's code that a number is written to, as in USD5."""
    return re.compile(rf"(?<![^\W\d])(?=[{_FIRST_OF_CODE}])({_code()})(?=\d)")


def find_numbers(text: str) -> Iterator[WholeForm]:
    """Find the numbers of a normalized text that count as a whole.

    >>> [form.keys for form in find_numbers("9,90 EUR, 1.000,20, −18 °C and 1 000.20")]
    [('9.9',), ('1000.2',), ('-18c',), ('1000.2',)]
    """
    if not any(map(str.isdigit, text)):
        return
    for number in _find(_grammar(*_ALONE), _attached().sub(lambda f: f[1][:-1] + " ", text)):
        found, after = number.found, number.after
        keys = tuple(_key(value) for value in number.values)
        span = text[number.start : found.end()], number.start, found.end()
        if after.startswith(("°", "º", "degree")):
            unit = next((letter for letter in after[1:].lower() if letter in "cfk"), "")
            if after.startswith("degree"):
                unit = after.partition(" ")[2][:1].lower()
            also = [form_token(kind, key) for key in keys for kind in _KINDS]
            with_unit = tuple(key + unit for key in keys)
            yield WholeForm("temperature", *span, with_unit, also=tuple(also))
        elif _counts(found, after, number.minus):
            maybe = _last_group(found)
            if number.minus and found["sign"] == "(":
                maybe += tuple(_key(-value) for value in number.values)
            yield WholeForm("number", *span, keys, maybe, full=_full(found, after, keys[0]))


@dataclass(frozen=True, slots=True)
class Number:
    """Number at `start` up to (not with) `end` of a text, with its likely values.

    The likelier value is first. `currency` where it has one, `cents` where two decimals.
    """

    start: int
    end: int
    values: tuple[Decimal, ...]
    currency: bool
    cents: bool


def read_numbers(text: str) -> Iterator[Number]:
    """Read every number of a normalized text, also small ones and parts of codes.

    1 234 has the values of its parts too, for it may be two numbers side by side.

    >>> [[*map(str, number.values)] for number in read_numbers("9,90 EUR, 5kg and 1.234")]
    [['9.90'], ['5'], ['1234', '1.234']]
    """
    for number in _find(_grammar(*_ANYWHERE), text):
        found, values = number.found, number.values
        currency = bool(_currency(found) or re.fullmatch(_before(), number.after))
        if found["sign"] == "(":
            values += tuple(-value for value in values)
        if not currency and re.fullmatch(r"\d+ \d+", found["digits"]):
            values += tuple(map(Decimal, found["digits"].split(" ")))
        cents = re.search(r"[.,]\d\d$", found["digits"]) is not None
        yield Number(number.start, found.end(), values, currency, cents)


@dataclass(frozen=True, slots=True)
class _Found:
    found: re.Match[str]
    start: int
    after: str
    minus: bool
    values: tuple[Decimal, ...]


def _find(pattern: re.Pattern[str], text: str) -> Iterator[_Found]:
    for found in pattern.finditer(text):
        after = (found["after"] or "").strip()
        minus = _is_negative(found, after, text)
        values = tuple(-value if minus else value for value in readings(found["digits"]))
        start = found.start("between" if found["between"] else "digits")
        if minus:
            start = found.start("sign")
        if found["before"]:
            start = found.start("before")
        if values:
            yield _Found(found, start, after, minus, values)


def readings(digits: str) -> list[Decimal]:
    """Values of digits with separators, the likelier first; none for no number."""
    bare = re.sub("[ '’]", "", digits)
    marks = [mark for mark in bare if mark in ".,"]
    if not marks:
        return [Decimal(bare)] if _well_grouped(digits) else []
    last = marks[-1]
    whole, _, rest = bare.rpartition(last)
    if len(set(marks)) == 2:
        return [Decimal(f"{re.sub('[.,]', '', whole)}.{rest}")] if whole.count(last) == 0 else []
    if len(marks) > 1:
        grouped = re.fullmatch(rf"\d{{1,3}}(?:\{last}\d{{2,3}})*\{last}\d{{3}}", bare)
        return [Decimal(bare.replace(last, ""))] if grouped else []
    decimal = Decimal(f"{whole}.{rest}")
    if len(rest) == 3 and 1 <= len(whole) <= 3 and not whole.startswith("0") and bare == digits:
        return [Decimal(whole + rest), decimal]
    return [decimal]


def _well_grouped(digits: str) -> bool:
    return digits.isdigit() or re.fullmatch(r"\d{1,3}(?:[ '’]\d{3})+", digits) is not None


def _is_negative(found: re.Match[str], after: str, text: str) -> bool:
    sign = found["sign"].strip()
    if sign == "(" and after == ")":
        return "." in found["digits"] or "," in found["digits"]
    if after == "-" and re.search("[.,]", found["digits"]):
        return True
    dash = bool(sign) and sign not in "+±("
    return dash and not _RANGE.search(text[max(0, found.start("sign") - 2) : found.start("sign")])


def _counts(found: re.Match[str], after: str, minus: bool) -> bool:
    digits = found["digits"]
    currency = _currency(found)
    unit = after if after not in ("-", ")") else ""
    if not unit and _IN_RANGE.search(
        found.string[max(0, found.start("digits") - 2) : found.start("digits")]
    ):
        return False
    if minus or not digits.isdigit() or currency or unit.strip("%‰"):
        return True
    padded = len(digits) > 1 and digits.startswith("0")
    return len(digits) >= MIN_DIGITS and not padded and not _YEAR.fullmatch(digits)


def _currency(found: re.Match[str]) -> str:
    """Currency before the digits."""
    return (found["before"] or found["between"] or "").strip()


def _full(found: re.Match[str], after: str, key: str) -> str:
    """A number with the code of its currency; empty where it has none."""
    printed = _currency(found) or (after if re.fullmatch(_before(), after) else "")
    code = CURRENCY_SIGNS.get(printed, printed).lower()
    return f"{key}{code}" if code.isalpha() else ""


def _last_group(found: re.Match[str]) -> tuple[str, ...]:
    """What stands after the last space, which may lie between two cells."""
    last = found["digits"].rpartition(" ")[2]
    return tuple(map(_key, readings(last))) if found["space"] else ()


def _key(value: Decimal) -> str:
    text = f"{value:f}"
    text = text.rstrip("0").rstrip(".") if "." in text else text
    return text if text != "-0" else "0"
