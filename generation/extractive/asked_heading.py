"""Asked headings: those that ask the question itself, as in an FAQ."""

from __future__ import annotations

from generation.extractive.page.item_list import MAX_ITEMS, find_lists
from generation.extractive.page.passage import Passage
from generation.extractive.scoring.scorer import Scorer

MIN_ASKED, MIN_SHARED = 0.65, 0.75
"""Share of the question in the heading, and of the heading's terms in the question, at least."""
MIN_WORDS = 5
"""Words of an answer that stands alone, at least: "Yes." goes on in the next sentence."""


def find_asked_heading(scorer: Scorer) -> list[Passage]:
    """What stands right below a heading that asks the question; else none.

    The first sentence, with the next one where it is short, or the items of a list.
    """
    if len(scorer.terms) < 2:
        return []
    every = scorer.passages
    for at, heading in enumerate(every):
        if _asks(scorer, heading):
            page = [p for p in every[at + 1 :] if p.evidence is heading.evidence]
            return _answer(page)
    return []


def _asks(scorer: Scorer, heading: Passage) -> bool:
    """Whether a passage is a question with the terms of the one that is asked, and few others."""
    if not heading.text.rstrip().endswith(("?", "？")) or heading.unit.leads:
        return False
    own = frozenset(term for term in heading.terms if not term.isdigit())
    shared = len(own & scorer.terms) / max(1, len(own))
    return shared >= MIN_SHARED and scorer.share(heading.terms) >= MIN_ASKED


def _answer(below: list[Passage]) -> list[Passage]:
    """The first sentence below a heading, with what belongs to it."""
    below = [p for p in below if p.role not in ("header", "footer", "note")]
    if not below or below[0].role == "heading" or below[0].text.endswith("?"):
        return []
    for each in find_lists(below):
        if each.items[0] is below[0] or (each.lead is below[0] and len(below) > 1):
            lead = [each.lead] if each.lead else []
            return [*lead, *each.items[:MAX_ITEMS]]
    found = below[:1]
    if found[0].end - found[0].start < MIN_WORDS:
        found += [p for p in below[1:2] if p.role == "text"]
    return found
