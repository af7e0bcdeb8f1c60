"""Quotes by the kind of question: the best passages, a list, two documents."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from generation.extractive.asked_heading import find_asked_heading
from generation.extractive.matching_rows import rows_meeting
from generation.extractive.page.item_list import MAX_ITEMS, ItemList, find_lists
from generation.extractive.page.passage import Passage, heads_of, with_neighbour
from generation.extractive.party_block import find_party
from generation.extractive.question.question_kind import comparison_subject
from generation.extractive.question.question_terms import has_term
from generation.extractive.ranking import SHORTLIST, Ranked, best_first, rank
from generation.extractive.scoring.line_features import WEIGHTS
from generation.extractive.scoring.scorer import Scorer
from generation.extractive.title_fact import find_title_fact
from generation.extractive.titled_part import find_title
from generation.extractive.total_amount import find_totals

MAX_QUOTES = 3
MAX_GAP, MAX_GAP_SURE, MAX_GAP_E5 = 0.15, 0.04, 0.1
"""A further quote is given where its score is at most this far below the best; less where the best
has most of the question and the type of value that is asked for, and by e5, whose cosines lie
closer together."""
SURE, SURE_ROW = 0.75, 0.5
"""Share of the question that the best passage covers for that, and a row."""
NO_ROWS = ("definition", "author", "yes_no", "steps")
"""Kinds of question that rows of a table do not answer by a condition."""
LIST_BONUS, STEPS_BONUS, ROWS_BONUS = 0.3, 0.25, 0.0
"""Added to the score of a list where a question asks for one, for steps, and of a table's rows."""

MAX_COSINE_LOSS = 0.2
"""By how much the cosine of a list may be below that of the best sentence."""


@dataclass(frozen=True, slots=True)
class Quotes:
    """Passages to quote.

    `count` is how many items there are, where a question asks for that; `meets`, where their form
    shows that they answer, is the share of what else it asks on their page.
    """

    passages: list[Passage]
    count: int = 0
    meets: float = 0.0


def quotes_of(scorer: Scorer, ranked: Ranked) -> Quotes:
    """Quotes by the kind of the question."""
    if titled := find_title(scorer.question, scorer.passages):
        return Quotes([titled], meets=1.0)
    if fact := find_title_fact(scorer):
        return Quotes([fact], meets=1.0)
    if below := find_asked_heading(scorer):
        return Quotes(below, meets=1.0)
    if totals := find_totals(scorer):
        return Quotes(totals, meets=1.0)
    if party := find_party(scorer):
        return Quotes(party, meets=1.0)
    if scorer.kind == "comparison" and (two := _two_documents(scorer)):
        return Quotes(two)
    if scorer.kind not in NO_ROWS:
        rows, share = rows_meeting(scorer, ranked.passages[0])
        if rows:
            heads = heads_of(rows[0], scorer.passages, [], scorer.stems)
            return Quotes([*heads, *rows[:MAX_ITEMS]], meets=share)
    if scorer.kind in ("list", "steps", "item_count") and (found := _list_of(scorer, ranked)):
        if scorer.kind != "item_count":
            return Quotes(found.quoted())
        counted = found.with_terms(frozenset(scorer.weights))
        return Quotes(counted.quoted(), counted.count)
    return Quotes(_best(scorer, ranked))


def _best(scorer: Scorer, ranked: Ranked) -> list[Passage]:
    """The best passages, some joined with their label, rows with their heads."""
    passages = scorer.passages
    most = 1 if scorer.kind in ("yes_no", "author", "definition") else MAX_QUOTES
    first = ranked.passages[0]
    if beside := _typed_beside(scorer, first):
        return [beside, first]
    covered = scorer.covered(first)
    sure = bool(scorer.types.types) and scorer.types.has_type(first) and covered >= SURE
    sure = sure or scorer.names_focus(first) or (first.role == "row" and covered >= SURE_ROW)
    gap = MAX_GAP_SURE if sure else MAX_GAP_E5 if scorer.translates else MAX_GAP
    chosen: list[Passage] = []
    number = 0
    for passage, total in zip(ranked.passages[: 4 * MAX_QUOTES], ranked.totals, strict=False):
        if total < ranked.totals[0] - gap or number >= most:
            break
        joined = _below_heading(scorer, with_neighbour(passage, passages, scorer.terms))
        if any(_same(joined, c) for c in chosen):
            continue
        led = _led_by(scorer, joined)
        chosen += [*heads_of(joined, passages, chosen, scorer.stems), joined, *led]
        number += 1
    most = MAX_ITEMS if any(c.text.endswith(":") for c in chosen) else MAX_QUOTES
    ends = [at for at, each in enumerate(chosen, start=1) if not each.is_head]
    return chosen[: ends[:most][-1]]


def _typed_beside(scorer: Scorer, passage: Passage) -> Passage | None:
    """The sentence after or before one without a value of the type that is asked for.

    It has such a value, and more of the question: "Four piles are cracked. Ada leads the work."
    """
    if not scorer.types.types or scorer.types.has_type(passage) or passage.role != "text":
        return None
    page = [p for p in scorer.passages if p.evidence is passage.evidence and p.role == "text"]
    at = next((at for at, p in enumerate(page) if p is passage), len(page))
    lacking = frozenset(t for t in scorer.terms if not has_term(t, passage.terms))
    for beside in (*page[at + 1 : at + 2], *page[at - 1 : at if at else 0]):
        more = any(has_term(term, beside.terms) for term in lacking)
        if more and scorer.types.has_type(beside) and not scorer.asides.has(beside):
            return beside
    return None


def _below_heading(scorer: Scorer, passage: Passage) -> Passage:
    """The first sentence below a heading, unless the heading may be the answer itself."""
    if passage.role != "heading" or not scorer.asides.has(passage):
        return passage
    at = scorer.passages.index(passage) if passage in scorer.passages else -1
    after = scorer.passages[at + 1 : at + 2]
    below = after and after[0].evidence is passage.evidence and not scorer.asides.has(after[0])
    return after[0] if at >= 0 and below else passage


def _led_by(scorer: Scorer, passage: Passage) -> tuple[Passage, ...]:
    """The items below a passage that ends in a colon, or the row right below it.

    Of how to do something also the sentence that goes on with what it names.
    """
    if not passage.text.endswith((":", "：")):
        return _next_step(scorer, passage) if scorer.kind == "steps" else ()
    for each in find_lists(scorer.passages):
        if each.lead is passage:
            return each.items[:MAX_ITEMS]
    below = [
        p for p in scorer.passages if p.evidence is passage.evidence and p.start == passage.end
    ]
    return tuple(p for p in below if p.role == "row")


def _next_step(scorer: Scorer, passage: Passage) -> tuple[Passage, ...]:
    """The next sentence, where it repeats a term that a sentence has beside the question's."""
    named = frozenset(t for t in passage.terms - scorer.stems if not has_term(t, scorer.terms))
    after = (p for p in scorer.passages if p.evidence is passage.evidence and p.role == "text")
    return tuple(p for p in after if p.start == passage.end and named & p.terms)


def _list_of(scorer: Scorer, ranked: Ranked) -> ItemList | None:
    """The list that a question asks for; none where a sentence fits better."""
    lists = list(find_lists(scorer.passages))
    if not lists:
        return None
    places = [_place_of(scorer, each) for each in lists]
    best_lists = best_first(np.array(places))[: SHORTLIST // 3]
    some = [lists[at] for at in best_lists]
    cosines = scorer.embedded.of([each.text for each in some])
    scores = [
        places[at] + WEIGHTS.cosine * float(cosine) + _bonus(scorer, each)
        for at, each, cosine in zip(best_lists, some, cosines, strict=True)
    ]
    at = int(np.argmax(scores))
    best = some[at]
    others = [i for i, passage in enumerate(ranked.passages) if not best.has(passage)]
    if not others:
        return best
    nearer = ranked.cosines[others[0]] - float(cosines[at]) > MAX_COSINE_LOSS
    return None if nearer or scores[at] < ranked.totals[others[0]] else best


def _place_of(scorer: Scorer, each: ItemList) -> float:
    """The score of a list before the cosine: what stands above it, and its items."""
    first = each.items[0]
    above = frozenset().union(*(p.terms for p in (each.heading, each.lead) if p))
    items = frozenset().union(*(p.terms for p in each.items))
    return scorer.place_of_terms(first, above, items)


def _bonus(scorer: Scorer, each: ItemList) -> float:
    if each.rows:
        return ROWS_BONUS
    return STEPS_BONUS if scorer.kind == "steps" and each.numbered else LIST_BONUS


def _two_documents(scorer: Scorer) -> list[Passage]:
    """The best passage of each of the two documents that a question compares.

    They are those whose names or titles it names; what it asks of them is the rest of it.
    """
    first = {p.evidence.page.document_id: p for p in reversed(scorer.passages)}
    named = {key: scorer.names_of_document(passage) for key, passage in first.items()}
    order = sorted(first, key=lambda key: (-named[key], first[key].evidence.label))[:2]
    if len(order) < 2 or not all(named[key] for key in order):
        return []
    asked = comparison_subject(scorer.asked_text)
    order.sort(key=lambda key: first[key].evidence.label)
    return [quote for key in order for quote in _best_of_document(scorer, asked, key)]


def _best_of_document(scorer: Scorer, asked: str, document_id: str) -> Iterator[Passage]:
    passages = [p for p in scorer.passages if p.evidence.page.document_id == document_id]
    own = scorer.about(asked, passages)
    best = rank(own, passages).passages[0]
    yield from heads_of(best, passages, [], own.stems)
    yield best


def _same(one: Passage, other: Passage) -> bool:
    """Whether they say the same, or are parts of each other."""
    if one.evidence is other.evidence and one.start < other.end and other.start < one.end:
        return True
    return one.terms == other.terms
