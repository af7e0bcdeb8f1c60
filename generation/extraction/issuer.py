"""Issuer of a receipt or invoice: the company and address at the head of the page."""

from __future__ import annotations

import re
from collections.abc import Iterator

from generation.extraction.label import FoundValue, printed_value
from generation.extraction.layout import PageLayout, Pages, Row

HEAD = 0.5
"""Share of a page, from its top, that is searched."""
MAX_ADDRESS_WORDS = 40

_COMPANY = re.compile(
    r"\b(?:sdn|bhd|ltd|inc|llc|gmbh|s/b|co|company|enterprise|corp|plc|trading|centre|restaurant)\b",
    re.IGNORECASE,
)
_COMPANY_NUMBER = re.compile(r"\(?[A-Z]{0,2}\d{5,}-?[A-Z]?\)?")
"""A company's number in a register, beside its name."""
_STREET = re.compile(
    r"\b(?:no|lot|jalan|jln|street|st|road|rd|avenue|ave|lane|floor|box|\d{4,6})\b", re.IGNORECASE
)
_NOT_ADDRESS = re.compile(
    r"\b(?:tel|fax|phone|gst|reg|invoice|receipt|www|email|date|bill|cashier|table)\b|@|:\s*\d",
    re.IGNORECASE,
)


def find_company(pages: Pages) -> FoundValue | None:
    """Find the first row at the head with a legal form; with prices, else the first."""
    page = pages[0]
    rows = [row for row in _head(page) if sum(c.isalpha() for c in row.text) >= 4][:8]
    named = [row for row in rows if _COMPANY.search(row.text)]
    priced = any(number.cents for number in page.numbers)
    for row in (named or (rows if priced else []))[:1]:
        at = _without_number(page, row)
        if at and at[-1] - at[0] + 1 == len(at):
            return printed_value(page, (at[0], at[-1] + 1))
    return None


def find_address(pages: Pages) -> FoundValue | None:
    """Find the rows at the head from a street to a phone number or a date."""
    page = pages[0]
    start = end = 0
    for row in _head(page):
        stop = _NOT_ADDRESS.search(row.text) or page.dates_in(row.span)
        if end and (stop or end - start > MAX_ADDRESS_WORDS or row.start != end):
            break
        rest = _without_number(page, row)
        text = " ".join(page.words[at].text for at in rest)
        begins = _STREET.search(text) and not _COMPANY.search(text)
        if not stop and (end or begins):
            start, end = start if end else rest[0], row.end
    return printed_value(page, (start, end)) if end else None


def _without_number(page: PageLayout, row: Row) -> list[int]:
    """Words of a row but those that are a company's number."""
    return [
        at for at in range(row.start, row.end) if not _COMPANY_NUMBER.fullmatch(page.words[at].text)
    ]


def _head(page: PageLayout) -> Iterator[Row]:
    return (row for row in page.rows if row.box[1] < HEAD)
