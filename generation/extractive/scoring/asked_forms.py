"""Asked forms: dates, amounts and identifiers of a question, in the passages.

A page without them is not quoted where another page has them, and a passage with
another identifier or date in their place is scored down. Where no page has them the
answer is less sure, most of all where the pages have another of the same shape.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from generation.extractive.page.passage import Passage
from generation.extractive.scoring.day_of_year import find_days, same_day
from ingest.forms.shape import shape_of
from ingest.forms.whole.find_forms import find_whole_forms, normalize_digits
from ingest.forms.whole.form import WholeForm

HELD, HELD_ROW, REPLACED = 0.3, 0.6, -0.3
"""Added to the score of a passage with an asked form, more for a row of a table, and of one with
another in its place, on a page that has both."""
MISSING = 0.8
"""Factor on the confidence where no page has any of the asked forms."""
OTHER_IN_PLACE = 0.4
"""The same, where the pages have others of the same shape."""
_EXACT_KINDS = frozenset({"identifier", "iban", "phone", "version", "date", "temperature", "sign"})
"""Kinds of which another one in the same place is a wrong answer. Other numbers are not."""
_ASKS_FOR_DATE = re.compile(
    r"\b(?:when|(?:what|which) (?:date|day)|wann|quand|cuándo|quando|ne zaman)\b|언제|何日|いつ|哪天",
    re.IGNORECASE,
)
_DATED = re.compile(r"\b(?:dated|datiert)(?: (?:on|vom|auf))?\s*$", re.IGNORECASE)
"""What stands before a form and says no more than it."""


@dataclass(frozen=True, slots=True)
class AskedForms:
    """Whole forms of a question, and the labels of the evidence that has any of them.

    `mixed` are the labels of the evidence that has others of their kinds, too or instead.
    """

    forms: tuple[WholeForm, ...]
    labels: frozenset[int]
    mixed: frozenset[int]
    asks_for_date: bool

    @classmethod
    def find(cls, question: str, passages: Sequence[Passage]) -> AskedForms:
        """Find the whole forms of a question on the pages of the passages."""
        forms = tuple(form for form in _forms_of(question) if _is_asked(form))
        if not forms:
            return cls((), frozenset(), frozenset(), False)
        printed = _by_page(passages)
        labels = frozenset(
            label
            for label, held in printed.items()
            if any(_is_like(f, p) for f in forms for p in held)
        )
        mixed = frozenset(
            label
            for label, held in printed.items()
            if any(_is_other(f, p) for f in forms for p in held)
        )
        return cls(forms, labels, mixed, bool(_ASKS_FOR_DATE.search(question)))

    def keep(self, passages: Sequence[Passage]) -> list[Passage]:
        """The passages of pages with an asked form; all, where none has one."""
        if not self.labels:
            return list(passages)
        return [passage for passage in passages if passage.evidence.label in self.labels]

    def score(self, passage: Passage) -> float:
        """What the forms in a passage add to its score."""
        if not self.labels or passage.evidence.label not in self.mixed:
            return 0.0
        held = _forms_of(passage.text)
        if any(_is_like(form, each) for form in self.forms for each in held):
            return HELD_ROW if passage.role == "row" else HELD
        replaced = any(_is_other(form, each) for form in self.forms for each in held)
        return REPLACED if replaced and not (self.asks_for_date and self.are_dates) else 0.0

    def without_forms(self, question: str) -> str:
        """The question without its forms, where pages have them: what is asked about them."""
        if not self.labels:
            return question
        text = normalize_digits(question)
        for form in reversed(self.forms):
            text = f"{_DATED.sub('', text[: form.start])} {text[form.end :]}"
        return text

    def without_dates(self, question: str) -> str:
        """The same for dates; a question with other forms is left as it is."""
        return self.without_forms(question) if self.are_dates else question

    @property
    def are_dates(self) -> bool:
        """Whether there are dates, and nothing else."""
        return bool(self.forms) and all(form.kind == "date" for form in self.forms)

    @property
    def confidence(self) -> float:
        """Factor on the confidence of an answer."""
        if not self.forms or self.labels:
            return 1.0
        return OTHER_IN_PLACE if self.mixed else MISSING


def _by_page(passages: Sequence[Passage]) -> Mapping[int, Sequence[WholeForm]]:
    """Whole forms of each page by its label; some lie across passages."""
    texts: dict[int, list[str]] = {}
    for passage in passages:
        texts.setdefault(passage.evidence.label, []).append(passage.text)
    return {label: _forms_of(" ".join(parts)) for label, parts in texts.items()}


@lru_cache(maxsize=1 << 10)
def _forms_of(text: str) -> tuple[WholeForm, ...]:
    found = tuple(find_whole_forms(text))
    days = find_days(normalize_digits(text), found)
    return tuple(sorted((*found, *days), key=lambda form: form.start))


def _is_like(form: WholeForm, other: WholeForm) -> bool:
    return form.is_like(other) or same_day(form, other)


def _is_other(form: WholeForm, other: WholeForm) -> bool:
    """Whether another form could stand in the place of one, and is not the same."""
    return (
        form.kind in _EXACT_KINDS
        and form.kind == other.kind
        and not _is_like(form, other)
        and (form.kind != "identifier" or _shape(form) == _shape(other))
    )


def _is_asked(form: WholeForm) -> bool:
    """Whether pages must have a form; "FY 2015" may be no identifier, and acronyms are terms."""
    return form.kind != "acronym" and (form.kind != "identifier" or bool(form.keys))


def _shape(form: WholeForm) -> str:
    """Shape of the likeliest normal form."""
    return shape_of((*form.keys, *form.maybe)[0])
