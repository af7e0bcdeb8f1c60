"""Whole form: a date, number, identifier or such as printed, and its normal forms."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

Kind = Literal[
    "date",
    "number",
    "temperature",
    "phone",
    "iban",
    "version",
    "identifier",
    "sign",
    "acronym",
]
"""What a form is; forms of other kinds never stand in each other's place."""
EXACT, SURE, MAYBE, UNLIKELY = 3.0, 2.0, 1.0, 0.5
"""How much a token proves that a page has a form: as printed, in a likely reading, or less."""
MIN_DIGITS = 8
"""Digits of a number that is found by them alone."""
_NO_DIGITS = frozenset({"date", "temperature", "sign", "acronym"})
_DASHES = re.compile("[\u2010-\u2015\u2212\ufe63]")
_SPACES = re.compile(r"\s+")


@dataclass(frozen=True)
class WholeForm:
    """Form as printed at `start` up to (not with) `end` of a normalized text.

    `keys` are its normal forms, more than one where its print is ambiguous and both
    are likely; `maybe` are less likely ones; `also` are further index tokens that a page
    with this form is found by, and that a query with it does not ask for. `full` is its
    normal form with its unit, which proves as much as its print.
    """

    kind: Kind
    printed: str
    start: int
    end: int
    keys: tuple[str, ...]
    maybe: tuple[str, ...] = ()
    also: tuple[str, ...] = ()
    full: str = ""

    @cached_property
    def asked(self) -> dict[str, float]:
        """Index tokens that a query with this form looks for, and how much each proves."""
        asked = {_maybe(self.kind, key): UNLIKELY for key in self.maybe}
        asked |= {_maybe(self.kind, key): MAYBE for key in self.keys}
        asked |= {form_token(self.kind, key): MAYBE for key in self.maybe}
        asked |= {form_token(self.kind, key): SURE for key in self.keys}
        asked |= dict.fromkeys(self._digits, UNLIKELY)
        asked |= {form_token(self.kind, self.full): EXACT} if self.full else {}
        return asked | {self.printed_token: EXACT}

    @property
    def printed_token(self) -> str:
        """Index token of the form as printed, without spaces and case."""
        return f"={_SPACES.sub('', _DASHES.sub('-', self.printed)).lower()}:"

    @property
    def page_tokens(self) -> list[str]:
        """Every token under which a page with this form is found."""
        return [
            self.printed_token,
            *(form_token(self.kind, key) for key in self.keys),
            *(_maybe(self.kind, key) for key in self.maybe),
            *self.also,
            *((form_token(self.kind, self.full),) if self.full else ()),
            *self._digits,
        ]

    @property
    def _digits(self) -> tuple[str, ...]:
        """Index token of the digits of a long number, however it is grouped and begins."""
        digits = re.sub(r"\D", "", self.printed)
        is_amount = self.kind == "number" and re.search("[.,]", self.printed)
        if self.kind in _NO_DIGITS or is_amount or len(digits) < MIN_DIGITS:
            return ()
        return (f"digits:{digits}:",)

    def is_like(self, other: WholeForm) -> bool:
        """Whether another form may be the same: they share a normal form."""
        return self.kind == other.kind and not (
            {*self.keys, *self.maybe}.isdisjoint((*other.keys, *other.maybe))
        )


def form_token(kind: Kind, key: str) -> str:
    """Index token of a normal form. Its last character keeps stemmers off."""
    return f"{kind}:{key}:"


def _maybe(kind: Kind, key: str) -> str:
    return f"{kind}?{key}:"
