"""Typed fields: enum values, dates, amounts and numbers, by label and form."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from generation.extraction.label import FoundValue, find_labelled, label_words, matches_label
from generation.extraction.layout import PageLayout, Pages, Row
from generation.text.value import find_value

MAX_LETTERS = 4
"""Letters beside a price that stands below its label, at most."""
_PLAIN_DATE = frozenset({"date", "invoice", "receipt", "issue"})
_NOT_TOTAL = frozenset(
    "sub subtotal qty quantity item items discount rounding tax gst vat saving savings excluding excl".split()
)
_GRAND_TOTAL = frozenset(
    "grand nett net inclusive including incl payable due rounded facture".split()
)


def find_enum(values: Sequence[Any], label: frozenset[str], pages: Pages) -> FoundValue | None:
    """Find the one value of an enum beside the label; none where there are several."""
    beside = find_labelled(label, pages)
    if beside is None:
        return None
    words, inside = beside.page.words, beside.span
    hits = [(v, s) for v in values if isinstance(v, str) and (s := find_value(v, words, inside))]
    if len(hits) != 1:
        return None
    value, span = hits[0]
    return FoundValue(value, beside.page, span)


def find_date(label: frozenset[str], pages: Pages, *, iso: bool) -> FoundValue | None:
    """Find the date beside the label; for a document's own, else the first at all.

    Args:
        iso: give it as YYYY-MM-DD, and only where its day and month are unambiguous.
    """
    beside = find_labelled(label, pages)
    every = [
        (page, printed)
        for page in pages
        if beside and beside.page is page.evidence
        for printed in page.dates_in(beside.span)
    ]
    if label <= _PLAIN_DATE:
        every += [(page, printed) for page in pages for printed in page.dates]
    for page, printed in every:
        if not iso:
            return FoundValue(printed.text, page.evidence, printed.span)
        if len(printed.days) == 1:
            value = next(iter(printed.days)).isoformat()
            return FoundValue(value, page.evidence, printed.span)
    return None


def find_amount(label: frozenset[str], pages: Pages, *, numeric: bool) -> FoundValue | None:
    """Find the amount of the row that best matches the label; the last of equals.

    Args:
        numeric: give it as a number, and only where it has one reading; else as printed.
    """
    best: tuple[tuple[int, int], FoundValue] | None = None
    for page in pages:
        for number, row in enumerate(page.rows):
            printed = label_words(row.text)
            if not _names_amount(label, printed):
                continue
            found = _last_price(page, row, numeric=numeric)
            following = page.rows[number + 1 : number + 2]
            if found is None and following and not _has_label(following[0]):
                found = _last_price(page, following[0], numeric=numeric)
            score = (2 * len(printed & _GRAND_TOTAL) - len(printed & (_NOT_TOTAL - label)), number)
            if found and (best is None or score > best[0]):
                best = (score, found)
    return best[1] if best else None


def find_number(label: frozenset[str], pages: Pages, *, integer: bool) -> FoundValue | None:
    """Find the first number beside the label that has one reading."""
    beside = find_labelled(label, pages)
    page = next((page for page in pages if beside and page.evidence is beside.page), None)
    if beside is None or page is None:
        return None
    for number in page.numbers_in(beside.span):
        if len(set(number.values)) == 1:
            value = float(number.values[0])
            exact = int(value) if integer and value.is_integer() else value
            return FoundValue(exact, beside.page, number.span)
    return None


def _has_label(row: Row) -> bool:
    """Whether a row has more letters than those of a currency and a tax code."""
    return sum(map(str.isalpha, row.text)) > MAX_LETTERS


def _names_amount(label: frozenset[str], printed: frozenset[str]) -> bool:
    """Whether a row's words name the amount; for a total, no subtotal or tax."""
    if not matches_label(label, printed):
        return False
    if "total" not in label:
        return True
    if "total" not in printed:
        return bool(printed & {"due", "payable"})
    return not printed & _NOT_TOTAL - label or bool(printed & _GRAND_TOTAL)


def _last_price(page: PageLayout, row: Row, *, numeric: bool) -> FoundValue | None:
    for number in reversed(page.numbers_in(row.span)):
        if not (number.cents or number.currency):
            continue
        if not numeric:
            text = " ".join(word.text for word in page.words[slice(*number.span)])
            return FoundValue(text.strip(":*"), page.evidence, number.span)
        if len(set(number.values)) == 1 or number.currency:
            return FoundValue(float(number.values[0]), page.evidence, number.span)
    return None
