"""Numbers and temperatures by decimal value, with their sign.

9,90 is 9.9, and 1.000,20 is 1,000.20 and 1 000,20. Where one separator stands before
three digits (1.000), both readings are kept. Small whole numbers and years count only
with a currency, a degree sign or a sign of their own.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from decimal import Decimal

from babel.numbers import list_currencies

from ingest.forms.whole.form import Kind, WholeForm, form_token

_GROUPED = r"\d{1,3}(?P<space> )\d{3}(?: \d{3})*(?:[.,]\d+)?"
_DIGITS = r"\d+(?:[.,'’]\d+)*"
_WORDS = frozenset("ALL CUP MOP PEN TOP TRY".split())
"""Codes of currencies that are words in capitals."""
_ISO_CODES = "|".join(sorted(list_currencies() - _WORDS))
_CODE = rf"(?:{_ISO_CODES}|Rs\.?|kr\.?|zł|Kč|Ft|lei|TL|R\$|[A-Z]{1, 2}\$|元|円|원|ريال)"
_CURRENCY = rf"(?:[$€£¥₩₹₺₽₪฿₫₴¢]|(?<![^\W\d]){_CODE})"
_NUMBER = re.compile(
    rf"(?P<before>{_CURRENCY}\s?)?"
    r"(?<![\w.,/:])(?<![^\W\d][-\u2010-\u2015])(?P<sign>(?:[-\u2010-\u2013\u2212+±](?=[^\s])|\u2212\s|"
    r"[-\u2010-\u2013](?=\s\d[\d.,]*\s?°)\s|(?i:minus)\s|\((?=[^()\s]*\d\)))?)"
    rf"(?P<between>{_CURRENCY}\s?)?"
    rf"(?P<digits>{_GROUPED}|{_DIGITS})"
    r"(?P<after>\s?(?:°\s?[CFKcf](?!\w)|[°º]|degrees?(?:\s[CF]\w*)?|%|‰|[$€£¥₩₹₺₽₪]"
    rf"|{_CODE}(?!\w))|-(?=\s|$)|\))?"
    r"(?![\w]|[.,/:]\d|-[\w])"
)
_ATTACHED = re.compile(rf"(?<![^\W\d])({_CODE})(?=\d)")
_YEAR = re.compile("1[5-9]\\d\\d|20\\d\\d")
_RANGE = re.compile(r"\d\s?$")
_IN_RANGE = re.compile(r"\d[-\u2010-\u2015]$")
_KINDS: tuple[Kind, ...] = ("temperature", "number")
MIN_DIGITS = 4
"""Digits of a whole number that counts by itself."""


def find_numbers(text: str) -> Iterator[WholeForm]:
    """Find the numbers of a normalized text that count as a whole.

    >>> [form.keys for form in find_numbers("9,90 EUR, 1.000,20, −18 °C and 1 000.20")]
    [('9.9',), ('1000.2',), ('-18c',), ('1000.2',)]
    """
    for found in _NUMBER.finditer(_ATTACHED.sub(lambda f: f[1][:-1] + " ", text)):
        after = (found["after"] or "").strip()
        minus = _is_negative(found, after, text)
        values = readings(found["digits"])
        if not values:
            continue
        keys = tuple(_key(-value if minus else value) for value in values)
        start = (
            found.start("sign")
            if minus
            else found.start("between" if found["between"] else "digits")
        )
        if found["before"]:
            start = found.start("before")
        span = text[start : found.end()], start, found.end()
        if after.startswith(("°", "º", "degree")):
            unit = next((letter for letter in after[1:].lower() if letter in "cfk"), "")
            if after.startswith("degree"):
                unit = after.partition(" ")[2][:1].lower()
            also = [form_token(kind, key) for key in keys for kind in _KINDS]
            with_unit = tuple(key + unit for key in keys)
            yield WholeForm("temperature", *span, with_unit, also=tuple(also))
        elif _counts(found, after, minus):
            yield WholeForm("number", *span, keys, _last_group(found))


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
    return dash and not _RANGE.search(text[: found.start("sign")])


def _counts(found: re.Match[str], after: str, minus: bool) -> bool:
    digits = found["digits"]
    currency = (found["before"] or found["between"] or "").strip()
    unit = after if after not in ("-", ")") else ""
    if not unit and _IN_RANGE.search(found.string[: found.start("digits")]):
        return False
    if minus or not digits.isdigit() or currency or unit.strip("%‰"):
        return True
    padded = len(digits) > 1 and digits.startswith("0")
    return len(digits) >= MIN_DIGITS and not padded and not _YEAR.fullmatch(digits)


def _last_group(found: re.Match[str]) -> tuple[str, ...]:
    """What stands after the last space, which may lie between two cells."""
    last = found["digits"].rpartition(" ")[2]
    return tuple(map(_key, readings(last))) if found["space"] else ()


def _key(value: Decimal) -> str:
    text = f"{value:f}"
    text = text.rstrip("0").rstrip(".") if "." in text else text
    return text if text != "-0" else "0"
