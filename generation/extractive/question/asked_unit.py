"""Asked units: the unit of measure of a question such as "how many cm", in a text."""

from __future__ import annotations

import re
from functools import lru_cache

_UNITS = (
    ("mm", "millimet(?:re|er)s?|millimeter"),
    ("cm", "centimet(?:re|er)s?|zentimeter"),
    ("m", "met(?:re|er)s?"),
    ("km", "kilomet(?:re|er)s?"),
    ("in", 'inch(?:es)?|zoll|["”″]'),
    ("ft", "feet|foot"),
    ("mi", "miles?"),
    ("mg", "milligram(?:me)?s?|milligramm"),
    ("g", "gram(?:me)?s?|gramm"),
    ("kg", "kilos?|kilogram(?:me)?s?|kilogramm"),
    ("lb", "lbs|pounds?"),
    ("t", "tons?|tonnes?|tonnen"),
    ("ml", "millilit(?:re|er)s?"),
    ("l", "lit(?:re|er)s?"),
    ("s", "sec|seconds?|sekunden?"),
    ("min", "mins|minutes?|minuten?"),
    ("h", "hrs?|hours?|stunden?"),
    ("days", "days?|tagen?"),
    ("weeks", "weeks?|wochen?"),
    ("months", "months?|monaten?"),
    ("years", "years?|jahren?"),
    ("W", "watts?"),
    ("kW", "kilowatts?"),
    ("V", "volts?"),
    ("A", "amps?|amperes?"),
    ("Hz", "hertz"),
    ("MB", "megabytes?"),
    ("GB", "gigabytes?"),
    ("TB", "terabytes?"),
    ("°", "degrees?|grad"),
)
_NAMES = tuple(f"{re.escape(sign)}|{names}" for sign, names in _UNITS)
_HOW_MANY = re.compile(r"\b(?:how many|wie ?viele?)\s+", re.IGNORECASE)


@lru_cache(maxsize=256)
def asked_unit(question: str) -> re.Pattern[str] | None:
    """Pattern of numbers in the unit that a question asks for; None for none.

    >>> bool(asked_unit("How many cm wide is it?").search("Width: 2.5 cm"))
    True
    >>> asked_unit("How many boats are there?")
    """
    asked = [question[found.end() :] for found in _HOW_MANY.finditer(question)]
    for names in _NAMES if asked else ():
        unit = re.compile(rf"(?:{names})(?!\w)", re.IGNORECASE)
        if any(map(unit.match, asked)):
            return re.compile(rf"\d[\d.,]*\s?-?{unit.pattern}", re.IGNORECASE)
    return None
