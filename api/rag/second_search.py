"""Second search: with what a first one gave, for questions in two steps."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from generation.models.model import VisionModel
    from generation.prompt import Evidence, Step
    from retrieval.hit import Hit

FoundPages = Sequence[tuple["Evidence", "Hit"]]
"""Pages of a search as evidence, each with its hit."""


def search_in_steps(
    model: VisionModel,
    question: str,
    first: FoundPages,
    search: Callable[[str], FoundPages],
    top: int,
) -> tuple[FoundPages, tuple[Step, ...]]:
    """Pages of the steps of a question, then those of the first search, and the steps.

    The first search's alone, and no steps, where the question has none, one is not sure, or
    their pages are more than `top`.
    """
    find_steps = getattr(model, "find_steps", None)
    if find_steps is None:
        return first, ()
    hits = {}

    def find(text: str) -> Sequence[Evidence]:
        found = search(text)
        hits.update({evidence.page: hit for evidence, hit in found})
        return [evidence for evidence, _ in found]

    steps: Sequence[Step] = find_steps(question, find)
    own = {step.evidence.page: step.evidence for step in steps}
    if not steps or len(own) > top:
        return first, ()
    pages = [(evidence, hits[page]) for page, evidence in own.items()]
    pages += [(evidence, hit) for evidence, hit in first if evidence.page not in own]
    labelled = [
        (replace(evidence, label=label), hit)
        for label, (evidence, hit) in enumerate(pages[:top], start=1)
    ]
    by_page = {evidence.page: evidence for evidence, _ in labelled}
    return labelled, tuple(replace(s, evidence=by_page[s.evidence.page]) for s in steps)
