"""Total amounts: the lines of a receipt or an invoice that give its total."""

from __future__ import annotations

import re
from collections.abc import Sequence
from decimal import Decimal

from generation.extractive.page.passage import Passage
from generation.extractive.question.focus import question_focus
from generation.extractive.scoring.scorer import Scorer
from ingest.forms.whole.find_forms import normalize_digits
from ingest.forms.whole.numbers import Number, read_numbers

MAX_LINES = 3
ROUNDING = Decimal("0.1")
"""Totals before and after rounding differ by this at most, in units of the currency."""
_TOTAL = re.compile(
    r"\b(?:grand\s?)?totals?\b|\b(?:gesamt|rechnungs|end)(?:betrag|summe|preis)?\b|\bsumme\b"
    r"|\b(?:amount|balance) due\b|\b(?:amount|amt) payable\b|\bzu zahlen\b|\bmontant dû\b"
    r"|합계|총액|총계|총\s?금액|合計|总计|總計",
    re.IGNORECASE,
)
_ASKED = re.compile(
    r"(?:(?:grand |final |overall )?totals?|gesamt\w*|rechnungsbetrag|(?:end)?summe|합계|총액|총계)"
    r"(?: (?:amount|sum|cost|price|bill|payment|금액))?",
    re.IGNORECASE,
)
_DUE = re.compile(r"\b(?:amount|balance|total) (?:due|payable)\b", re.IGNORECASE)
_PART = re.compile(
    r"\b(?:sub|net|netto|zwischen\w*|tax|vat|mwst|gst amount|discount|savings?|rabatt|qty|quantity|items?"
    r"|ex|excl|excluding|exkl|before|rounding|change|paid|points|weight|sr|hours?)\b|소계|세액|부가세|小計",
    re.IGNORECASE,
)
"""Labels of parts of a total, of what is taken from it, or of counts."""
_WITH_TAX = re.compile(
    r"\(?\b(?:incl?|including|inclusive|inkl|with|w/|inc)\b\.?:?(?: of)?[^\d:)]{0,12}(?:@? ?\d+ ?%)?\)?",
    re.IGNORECASE,
)


def asks_total(question: str) -> bool:
    """Whether a question asks for a total.

    >>> asks_total("What is the total amount on the receipt from Ondine?")
    True
    >>> asks_total("What is the total number of berths?")
    False
    """
    return bool(_ASKED.fullmatch(question_focus(question)) or _DUE.search(question))


def find_totals(scorer: Scorer) -> list[Passage]:
    """Lines that give the total which is asked for; none where it is that of a part.

    They are on the first page with most of the question's names: the last amount that is labelled
    as a total, since what is taken off stands above it, and what differs from it by rounding.
    """
    if not asks_total(scorer.question):
        return []
    label = max(scorer.names_on, key=lambda label: (scorer.names_on[label], -label))
    page = [p for p in scorer.passages if p.evidence.label == label]
    found = [(_amount(p.text), p) for p in page if _gives_total(p)]
    whole = [(amount, p) for amount, p in found if amount is not None]
    if not whole or _asks_part(scorer, page):
        return []
    last = whole[-1][0]
    return [p for amount, p in whole if abs(last - amount) <= ROUNDING][-MAX_LINES:]


def _asks_part(scorer: Scorer, page: Sequence[Passage]) -> bool:
    """Whether the rest of the question names one of the amounts of a page."""
    rest = scorer.terms - scorer.focus - scorer.of_page
    return any(rest & p.terms and _has_price(p.text) for p in page)


def _gives_total(passage: Passage) -> bool:
    """Whether a line is labelled as a total, and has one amount."""
    if not (passage.short or passage.role == "row"):
        return False
    text = _WITH_TAX.sub(" ", passage.text)
    label = _TOTAL.search(text)
    return label is not None and not _PART.search(text) and len(_amounts(text[label.end() :])) == 1


def _amounts(text: str) -> Sequence[Number]:
    """Numbers of a text with decimals or a currency, others where there are none of these."""
    numbers = list(read_numbers(normalize_digits(text)))
    return _prices(numbers) or numbers


def _prices(numbers: Sequence[Number]) -> list[Number]:
    return [number for number in numbers if number.cents or number.currency]


def _has_price(text: str) -> bool:
    return bool(_prices(_amounts(text)))


def _amount(text: str) -> Decimal | None:
    """The last amount of a text."""
    found = _amounts(text)
    return found[-1].values[0] if found else None
