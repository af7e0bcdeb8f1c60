"""Issuer of a receipt or invoice: the company and address at the head of the page."""

from __future__ import annotations

import re
from collections.abc import Iterator

from generation.extraction.label import FoundValue, contiguous_span
from generation.extraction.layout import Pages, Row
from generation.extraction.typed_field import PRICE
from generation.prompt import Evidence
from generation.text.value import dates

HEAD = 0.5
"""Share of a page, from its top, that is searched."""

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
    rows = [(p, r) for p, r in _head(pages) if sum(c.isalpha() for c in r.text) >= 4][:8]
    named = [pair for pair in rows if _COMPANY.search(pair[1].text)]
    priced = any(PRICE.search(word.text) for word in pages[0][0].words)
    for page, row in (named or (rows if priced else []))[:1]:
        at = [i for i in row.at if not _COMPANY_NUMBER.fullmatch(page.words[i].text)]
        if span := contiguous_span(at) if at else None:
            return FoundValue(" ".join(page.words[i].text for i in at), page, span)
    return None


def find_address(pages: Pages) -> FoundValue | None:
    """Find the rows at the head from a street to a phone number or a date."""
    taken: list[int] = []
    page = pages[0][0]
    for _, row in _head(pages):
        stop = _NOT_ADDRESS.search(row.text) or list(dates([page.words[i] for i in row.at]))
        if taken and (stop or len(taken) > 40):
            break
        begins = _STREET.search(row.text) and not _COMPANY.search(row.text)
        if not stop and (taken or begins):
            taken += [
                i for i in row.at if taken or not _COMPANY_NUMBER.fullmatch(page.words[i].text)
            ]
    span = contiguous_span(taken) if taken else None
    if span is None:
        return None
    return FoundValue(" ".join(page.words[i].text for i in range(*span)), page, span)


def _head(pages: Pages) -> Iterator[tuple[Evidence, Row]]:
    page, rows = pages[0]
    yield from ((page, row) for row in rows if row.top < HEAD)
