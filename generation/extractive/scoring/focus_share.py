"""Focus of a question in passages: how much of what is asked for a passage names."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from generation.extractive.page.passage import Passage, names_cell
from generation.extractive.question.focus import focus_stems
from generation.extractive.question.question_terms import has_term

SCOPE_WEIGHT = 0.7
"""Factor on the weight of the other terms, where the passages have all of the focus."""
IN_CONTEXT = 0.5
"""Worth of a term of the focus that stands in a passage's context alone."""

_NONE: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class FocusShare:
    """Focus of a question as stems; none where it does not say what it asks for.

    `stems` are those of the whole question.
    """

    focus: frozenset[str]
    stems: frozenset[str]

    @classmethod
    def of(cls, question: str, stems: frozenset[str]) -> FocusShare:
        """Read the focus of a question with these stems."""
        return cls(focus_stems(question), stems)

    def of_passage(self, passage: Passage) -> float:
        """The share of the focus in a passage, 0..1.

        All of it in a row of which the question names a cell: a caption may say what it holds.
        """
        if not self.focus:
            return 0.0
        if names_cell(passage, self.stems):
            return 1.0
        quoted = passage.terms | (passage.heads or _NONE)
        held = [term for term in self.focus if has_term(term, quoted)]
        near = [term for term in self.focus - set(held) if has_term(term, passage.context_terms)]
        return (len(held) + IN_CONTEXT * len(near)) / len(self.focus)

    def lacks(self, passage: Passage) -> bool:
        """Whether a passage names nothing of what is asked for."""
        return bool(self.focus) and not self.of_passage(passage)

    def weigh(self, weights: dict[str, float], passages: Sequence[Passage]) -> dict[str, float]:
        """Weights of terms, those of the others lowered where the passages have the focus.

        Not where they name row and column of a table: these say where the answer stands.
        """
        if not self.focus or any(names_cell(passage, self.stems) for passage in passages):
            return weights
        held = _NONE.union(*(passage.terms for passage in passages))
        if not all(has_term(term, held) for term in self.focus):
            return weights
        return {
            term: weight if term in self.focus else SCOPE_WEIGHT * weight
            for term, weight in weights.items()
        }
