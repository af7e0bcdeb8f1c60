"""Typed fields: enum values, dates, amounts and numbers, by label and form."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from generation.extraction.label import FoundValue, find_labelled, label_words, matches_label
from generation.extraction.layout import Pages, Row
from generation.prompt import Evidence
from generation.text.value import dates, find_value, numbers

PRICE = re.compile(r"\d[.,]\d\d(?!\d)")

_PLAIN_DATE = frozenset({"date", "invoice", "receipt", "issue"})
_NOT_TOTAL = frozenset(
    "sub subtotal qty quantity item items discount rounding tax gst vat saving savings excluding excl".split()
)
_GRAND_TOTAL = frozenset("grand nett net inclusive incl payable due rounded facture".split())


def find_enum(values: Sequence[Any], label: frozenset[str], pages: Pages) -> FoundValue | None:
    """Find the one value of an enum beside the label; none where there are several."""
    beside = find_labelled(label, pages)
    if beside is None:
        return None
    words = beside.page.words[slice(*beside.span)]
    hits = [(v, s) for v in values if isinstance(v, str) and (s := find_value(v, words))]
    if len(hits) != 1:
        return None
    (value, span), start = hits[0], beside.span[0]
    return FoundValue(value, beside.page, (start + span[0], start + span[1]))


def find_date(label: frozenset[str], pages: Pages, *, iso: bool) -> FoundValue | None:
    """Find the date beside the label; for a document's own, else the first at all.

    Args:
        iso: give it as YYYY-MM-DD, and only where its day and month are unambiguous.
    """
    beside = find_labelled(label, pages)
    every = []
    if beside:
        start = beside.span[0]
        words = beside.page.words[slice(*beside.span)]
        every = [(beside.page, (start + s[0], start + s[1]), t, d) for s, t, d in dates(words)]
    if label <= _PLAIN_DATE:
        every += [(page, *one) for page, _ in pages for one in dates(page.words)]
    for page, span, text, days in every:
        if not iso:
            return FoundValue(text, page, span)
        if len(days) == 1:
            return FoundValue(next(iter(days)).isoformat(), page, span)
    return None


def find_amount(label: frozenset[str], pages: Pages, *, numeric: bool) -> FoundValue | None:
    """Find the amount of the row that best matches the label; the last of equals.

    Args:
        numeric: give it as a number, and only where it has one reading; else as printed.
    """
    best: tuple[tuple[int, int], FoundValue] | None = None
    for page, rows in pages:
        for number, row in enumerate(rows):
            printed = label_words(row.text)
            if not _names_amount(label, printed):
                continue
            found = _last_price(page, row, numeric=numeric)
            if found is None and number + 1 < len(rows):
                found = _last_price(page, rows[number + 1], numeric=numeric)
            score = (2 * len(printed & _GRAND_TOTAL) - len(printed & (_NOT_TOTAL - label)), number)
            if found and (best is None or score > best[0]):
                best = (score, found)
    return best[1] if best else None


def find_number(label: frozenset[str], pages: Pages, *, integer: bool) -> FoundValue | None:
    """Find the first number beside the label that has one reading."""
    beside = find_labelled(label, pages)
    if beside is None:
        return None
    for (at, _), values in numbers(beside.page.words[slice(*beside.span)]):
        if len(values) == 1:
            value = next(iter(values))
            place = beside.span[0] + at
            exact = int(value) if integer and value.is_integer() else value
            return FoundValue(exact, beside.page, (place, place + 1))
    return None


def _names_amount(label: frozenset[str], printed: frozenset[str]) -> bool:
    """Whether a row's words name the amount; for a total, no subtotal or tax."""
    if not matches_label(label, printed):
        return False
    if "total" not in label:
        return True
    if "total" not in printed:
        return bool(printed & {"due", "payable"})
    return not printed & _NOT_TOTAL - label or bool(printed & _GRAND_TOTAL)


def _last_price(page: Evidence, row: Row, *, numeric: bool) -> FoundValue | None:
    for at in reversed(row.at):
        text = page.words[at].text
        read = list(numbers(page.words[at : at + 1]))
        if not read or not PRICE.search(text):
            continue
        values = read[-1][1]
        if not numeric:
            return FoundValue(text.strip(":*"), page, (at, at + 1))
        if len(values) == 1:
            return FoundValue(next(iter(values)), page, (at, at + 1))
    return None
