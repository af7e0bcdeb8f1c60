"""Finder of whole forms: every kind, each place of a text read once."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator, Sequence

from ingest.forms.fold import normalize
from ingest.forms.whole.dates import find_dates
from ingest.forms.whole.form import WholeForm
from ingest.forms.whole.identifiers import (
    find_codes,
    find_ibans,
    find_phones,
    find_standards,
    find_versions,
)
from ingest.forms.whole.numbers import find_numbers
from ingest.forms.whole.signs import find_acronyms, find_signs

_FINDERS: tuple[Callable[[str], Iterator[WholeForm]], ...] = (
    find_ibans,
    find_dates,
    find_standards,
    find_phones,
    find_versions,
    find_signs,
    find_numbers,
    find_codes,
)
"""In this order: what one has found the next do not see."""
_OTHER_DIGITS = re.compile(r"[^\D0-9]")
_TAKEN = "\u0001"


def find_whole_forms(text: str) -> list[WholeForm]:
    """Find the whole forms of a text, in order of their place.

    >>> [(f.kind, f.keys) for f in find_whole_forms("AB-1234/5 of 3.11.2025 costs 9,90 EUR")]
    [('identifier', ('ab1234-5',)), ('date', ('2025-11-03',)), ('number', ('9.9',))]
    """
    text = normalize_digits(text)
    left, forms = text, list(find_acronyms(text))
    for find in _FINDERS:
        found = list(find(left))
        left = _without(left, found)
        forms += found
    return sorted(forms, key=lambda form: (form.start, form.end))


def _without(text: str, forms: Sequence[WholeForm]) -> str:
    """Text with the places of forms taken, in one pass; the forms do not overlap."""
    parts, at = [], 0
    for form in sorted(forms, key=lambda form: form.start):
        parts += [text[at : form.start], _TAKEN * (form.end - max(at, form.start))]
        at = max(at, form.end)
    return "".join([*parts, text[at:]]) if forms else text


def normalize_digits(text: str) -> str:
    """Normalized text, of which forms give their places, with all digits as ASCII."""
    text = normalize(text).replace("\u2010", "-")
    if text.isascii():
        return text
    return _OTHER_DIGITS.sub(lambda found: str(unicodedata.digit(found[0])), text)
