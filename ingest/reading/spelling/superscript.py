"""Superscripts: reference marks are left out, exponents and ordinals kept."""

from __future__ import annotations

import re
import unicodedata

MAX_LENGTH = 60
"""Letters of a word that may have a superscript."""
MAX_PRODUCT = 3
"""Letters of a product of variables."""
_SMALL = str.maketrans("0123456789+-−–()", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁻⁻⁽⁾")
_RAISED = "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁽⁾"
_OWN = re.compile(f"(.*[^{_RAISED}])([{_RAISED}]+)([.,;:!?)\\]”\"'»]*)")
_EXPONENT = re.compile(r"[-−–+]?\d{1,2}")
_UNIT = re.compile(r"(?:.*[\d/·(])?(?:[cdkmµμn]?m|km|in|ft|yd|s|sec|Hz|kg|g|K|°C)", re.DOTALL)
_POWER = re.compile(r"(?:.*[^\d.,])?(?:10|\d)", re.DOTALL)
_LARGE_BASE = re.compile(r"(?:.*[×x·*])10", re.DOTALL)
_VARIABLE = re.compile(r"(?:.*[^\w])?[^\W\d_]|[a-z]+[(\[]?.*[)\]]", re.DOTALL)
_CHARGE = re.compile(r"\d?[-−–+]")
_ION = re.compile(r"[\[(]*(?:[A-Z][a-z]?\d{0,2}[)\]]?\d?)+")
_COUNTED = re.compile(r"\D*\d{1,2}|\d{3}", re.DOTALL)
_CENTURY, _ROMAN = re.compile("[IVX]{1,5}"), re.compile("[IVXLCDM]{2,7}")
_SHORTENED = frozenset({("n", "o"), ("n", "os"), ("s", "t"), ("c", "ie"), ("d", "r")})
"""Numbers and titles of which the last letters are raised: nº, St, Cie."""
_ORDINAL = frozenset("st nd rd th er re e ème eme o a os as º ª te de".split())


def attach_superscript(base: str, mark: str) -> str | None:
    """Word with a superscript, as it is read; None where that is no part of the word.

    A raised number after a word or a number is the mark of a footnote, unless the base is
    a unit, a variable or a power of ten, or the mark is the charge of an ion.

    >>> attach_superscript("4,120", "3"), attach_superscript("1,250", "a")
    (None, None)
    >>> attach_superscript("Ca", "2+"), attach_superscript("OH", "−")
    ('Ca²⁺', 'OH⁻')
    >>> attach_superscript("m", "2"), attach_superscript("×10", "-6"), attach_superscript("2", "nd")
    ('m²', '×10^-6', '2nd')
    """
    if len(base) > MAX_LENGTH:
        return None
    if mark.isalpha():
        return _attach_letters(base, mark)
    if _CHARGE.fullmatch(mark) and _ION.fullmatch(base):
        return base + mark.translate(_SMALL)
    if not _EXPONENT.fullmatch(mark):
        return None
    if _POWER.fullmatch(base):
        return f"{base}^{mark.replace('−', '-').replace('–', '-')}"
    signed = not mark[0].isdigit()
    if _UNIT.fullmatch(base) and (signed or mark in ("2", "3", "4")):
        return base + mark.translate(_SMALL)
    if _VARIABLE.fullmatch(base) and len(mark) == 1 and not base[-1:].isupper():
        return base + mark.translate(_SMALL)
    return base + mark.translate(_SMALL) if signed else None


def attach_power(base: str, mark: str) -> str | None:
    """A product of variables with its exponent, after the sign of an equation: mc².

    >>> attach_power("mc", "2"), attach_power("cost", "2")
    ('mc²', None)
    """
    if mark in ("2", "3") and len(base) <= MAX_PRODUCT and base.isalpha():
        return base + mark.translate(_SMALL)
    return None


def _attach_letters(base: str, mark: str) -> str | None:
    if _COUNTED.fullmatch(base) and mark.lower() in _ORDINAL:
        return base + mark
    if (_CENTURY if mark == "e" else _ROMAN).fullmatch(base) and mark in _ORDINAL:
        return base + mark
    if (base.lower(), mark) in _SHORTENED:
        return base + mark
    if mark in ("TM", "SM") or len(mark) == 1:
        return None
    return base + mark if base.isalpha() and len(base) <= 3 else None


def read_superscript(text: str) -> str:
    """Text of a word without the reference mark that its own characters end with.

    >>> read_superscript("4,120³"), read_superscript("m²"), read_superscript("10⁶,")
    ('4,120', 'm²', '10^6,')
    """
    if text.isascii() or len(text) > MAX_LENGTH or not (found := _OWN.fullmatch(text)):
        return text
    base, mark, end = found.groups()
    whole = attach_superscript(base, unicodedata.normalize("NFKC", mark).replace("−", "-"))
    return (base if whole is None else whole) + end
