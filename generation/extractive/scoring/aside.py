"""Asides: headings, captions and echoes of the question, which answer nothing."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from generation.extractive.page.passage import Passage, running_titles, without_numbers
from generation.extractive.scoring.type_match import TypeMatch

MIN_NEW_TERMS = 3
"""Terms of a heading that the question does not have, for it to be an answer."""
_CAPTION = re.compile(r"(?:table|figure|fig\.?|chart|abbildung|tabelle) \d", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Asides:
    """Passages that answer nothing.

    Attributes:
        terms: stems of the question.
        of_page: those of them that say which page is asked about.
        titles: running headers and footers.
        by_author: the question asks who wrote something.
    """

    terms: frozenset[str]
    of_page: frozenset[str]
    types: TypeMatch
    titles: frozenset[str]
    by_author: bool

    @classmethod
    def find(
        cls,
        terms: frozenset[str],
        of_page: frozenset[str],
        types: TypeMatch,
        passages: Sequence[Passage],
        *,
        by_author: bool,
    ) -> Asides:
        """Asides among passages."""
        return cls(terms, of_page, types, running_titles(passages), by_author)

    def has(self, passage: Passage) -> bool:
        """Whether a passage answers nothing: an echo, a heading, a caption."""
        unit = passage.unit
        if passage.role == "heading" and not self._may_answer(passage):
            return True
        names_only = self.terms - self.of_page and not self.types.types and not self.by_author
        return (
            passage.terms <= self.terms
            or bool(names_only and self._only_names(passage))
            or unit.is_head
            or unit.leads
            or unit.text.endswith("?")
            or _CAPTION.match(unit.text) is not None
            or passage.role in ("header", "footer")
            or passage.is_running
            or without_numbers(unit.text) in self.titles
        )

    def _only_names(self, passage: Passage) -> bool:
        """Whether all that a short passage has of the question is which page it asks about."""
        held = passage.terms & self.terms
        return passage.short and passage.role != "row" and bool(held) and held <= self.of_page

    def _may_answer(self, heading: Passage) -> bool:
        """Whether a heading may be the answer: a name, a number, or more than the question."""
        if self.types.types:
            return self.types.has_type(heading)
        return len(heading.terms - self.terms) >= MIN_NEW_TERMS
