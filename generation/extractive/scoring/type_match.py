"""Type match: whether passages have a value of the type that a question asks for."""

from __future__ import annotations

import re
from functools import cached_property

from generation.extractive.page.passage import Passage
from generation.extractive.question.answer_type import STRICT, asked_types, held_types
from generation.extractive.question.asked_unit import asked_unit
from generation.extractive.question.question_terms import find_names
from generation.prompt import Evidence
from ingest.forms.languages.languages import languages_of

_ITEM_NUMBER = re.compile(r"^\W*(?:\d{1,2}[.)]|\d{1,2}(?:\.\d{1,2})+\.?)\s+(?=[^\W\d_a-zß-ÿ])")
"""Number of an item, a clause or a heading: it is no value of what is said there."""


class TypeMatch:
    """Types that a question asks for; what it says itself is no answer.

    Attributes:
        types: none where the question does not say.
    """

    def __init__(self, question: str) -> None:
        self._question = question
        self.types = asked_types(question)
        self._unit = asked_unit(question)
        self._languages: dict[int, tuple[str, ...]] = {}

    def has_type(self, passage: Passage) -> bool:
        """Whether a passage has a value of a type that is asked for; True where none is.

        A number has to be in the unit that is asked for; a column's head may name it.
        """
        if self._unit and not passage.heads and not self._unit.search(passage.text):
            return False
        return not self.types or bool(self.types & self._held(passage))

    def lacks_strict(self, passage: Passage) -> bool:
        """Whether a type is asked for that an answer must have, and a passage has none."""
        strict = self.types & STRICT
        return bool(strict) and not strict & self._held(passage)

    def _held(self, passage: Passage) -> frozenset[str]:
        """Types of values in a passage beside what the question says."""
        text = passage.text if passage.role == "row" else _ITEM_NUMBER.sub("", passage.text)
        text = self._said.sub(" ", text) if self._said else text
        return held_types(text, self._languages_of(passage.evidence))

    def _languages_of(self, evidence: Evidence) -> tuple[str, ...]:
        """Languages of a page, read once for all its passages."""
        if evidence.label not in self._languages:
            self._languages[evidence.label] = languages_of(evidence.text)
        return self._languages[evidence.label]

    @cached_property
    def _said(self) -> re.Pattern[str] | None:
        """Names and numbers of the question."""
        said = sorted(set(find_names(self._question)), key=len, reverse=True)
        said = [word for word in said if len(word) > 1]
        return re.compile(rf"\b(?:{'|'.join(map(re.escape, said))})\b") if said else None
