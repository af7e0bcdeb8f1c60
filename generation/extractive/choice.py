"""Choice of quotes that answer a question, by its kind."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from generation.extractive.confidence import Features
from generation.extractive.page.item_list import MAX_ITEMS, ItemList, find_lists
from generation.extractive.page.passage import (
    Passage,
    heads_of,
    read_passages,
    with_neighbour,
)
from generation.extractive.question.instruction import without_instructions
from generation.extractive.question.question_kind import (
    asks_expansion,
    comparison_subject,
    defined_name,
)
from generation.extractive.question.question_terms import latin_share, named_share
from generation.extractive.question.spelling import mend_spelling
from generation.extractive.scoring.asked_forms import AskedForms
from generation.extractive.scoring.author import find_authors
from generation.extractive.scoring.definition import DEFINES, definition_bonus
from generation.extractive.scoring.line_features import WEIGHTS, totals
from generation.extractive.scoring.scorer import COSINE, Scorer
from generation.extractive.scoring.similarity import is_english
from generation.prompt import Prompt
from ingest.encoders.embedded.minilm import MiniLmEncoder
from ingest.page import Vectors
from retrieval.query.syntax import parse_query

SHORTLIST = 24
"""Passages whose cosines are computed."""
MAX_QUOTES = 3
MAX_GAP, MAX_GAP_SURE = 0.15, 0.04
"""A further quote is given where its score is at most this far below the best; less where the best
has most of the question and the type of value that is asked for."""
SURE, SURE_ROW, WHOLE = 0.75, 0.5, 0.99
"""Share of the question that the best passage covers for that, a row, and its page where it is
strong."""
LIST_BONUS, STEPS_BONUS, ROWS_BONUS = 0.2, 0.25, 0.0
"""Added to the score of a list where a question asks for one, for steps, and of a table's rows."""
NO_TYPE_FACTOR = 0.7
"""Factor on the confidence where the best quote has no value of the type that is asked for,"""
NO_NAME_FACTOR = 0.8
"""and where its page has none of the question's names."""


@dataclass(frozen=True, slots=True)
class Choice:
    """Chosen passages, features of the best, and a factor on the confidence.

    `by_document` where they are of documents that are compared; `strong` where the form of
    the best shows that it answers: it defines the name, names the authors, or has all that
    is asked with a value of the type. `count` is how many items there are, where a question
    asks for that.
    """

    passages: tuple[Passage, ...]
    features: Features
    factor: float = 1.0
    by_document: bool = False
    strong: bool = False
    count: int = 0


@dataclass(frozen=True, slots=True)
class _Ranked:
    """Passages of the short list, best first, with their totals and cosines."""

    passages: tuple[Passage, ...]
    totals: tuple[float, ...]
    cosines: tuple[float, ...]


def choose(prompt: Prompt, encoder: MiniLmEncoder) -> Choice:
    """Choose the passages that answer a question, with what belongs to them."""
    every = read_passages(prompt)
    full = parse_query(prompt.question).text
    prompt = replace(prompt, question=_mended(without_instructions(full), prompt))
    asked = AskedForms.find(prompt.question, every)
    passages = asked.keep(every)
    scorer = Scorer(prompt.question, passages, asked, encoder, full)
    if not passages or not scorer.terms:
        return Choice((), Features())
    ranked = _rank(scorer, passages)
    best = ranked.passages[0]
    chosen, count = _by_kind(scorer, ranked)
    features = _features(prompt, best, chosen, scorer, ranked.cosines[0])
    factor = asked.confidence
    if scorer.types.lacks_strict(best):
        factor *= NO_TYPE_FACTOR
    if scorer.names and not scorer.names & scorer.page_terms[best.evidence.label]:
        factor *= NO_NAME_FACTOR
    by_document = (
        scorer.kind == "comparison" and len({c.evidence.page.document_id for c in chosen}) > 1
    )
    strong = by_document or _is_strong(scorer, best, features)
    return Choice(tuple(chosen), features, factor, by_document, strong, count)


def _mended(question: str, prompt: Prompt) -> str:
    """The question in the spelling of the pages; other languages than English as they are."""
    if not is_english(question):
        return question
    words = (word.text for evidence in prompt.evidence for word in evidence.words)
    return mend_spelling(question, words)


def _is_strong(scorer: Scorer, best: Passage, features: Features) -> bool:
    """Whether the form of the best passage shows that it answers."""
    if features.named < 1:
        return False
    if scorer.kind == "definition":
        name, expansion = defined_name(scorer.question), asks_expansion(scorer.question)
        return definition_bonus(name, best.text, expansion=expansion) >= DEFINES
    if scorer.kind == "author":
        return any(p is best and sure >= SURE for sure, p in find_authors(scorer.passages))
    whole = len(scorer.terms) > 1 and features.on_page > WHOLE and features.covered >= SURE
    return whole and bool(scorer.types.types) and scorer.types.has_type(best)


def _rank(scorer: Scorer, passages: Sequence[Passage]) -> _Ranked:
    features = scorer.features(passages)
    listed = _best_first(totals(features))[: SHORTLIST * (1 + scorer.translates)]
    shortlist = [passages[at] for at in listed]
    features = features[listed]
    scorer.add_cosines(features, shortlist)
    scores = totals(features)
    order = _best_first(scores)
    return _Ranked(
        tuple(shortlist[at] for at in order),
        tuple(float(scores[at]) for at in order),
        tuple(float(features[at, COSINE]) for at in order),
    )


def _by_kind(scorer: Scorer, ranked: _Ranked) -> tuple[list[Passage], int]:
    """Passages to quote, and how many items a question counts; 0 for any other."""
    if scorer.kind == "comparison" and (two := _two_documents(scorer)):
        return two, 0
    if scorer.kind in ("list", "steps", "item_count") and (found := _list_of(scorer, ranked)):
        if scorer.kind != "item_count":
            return found.quoted(), 0
        counted = found.with_terms(frozenset(scorer.weights))
        return counted.quoted(), counted.count
    return _best(scorer, ranked), 0


def _best(scorer: Scorer, ranked: _Ranked) -> list[Passage]:
    """The best passages, some joined with their label, rows with their heads."""
    passages = scorer.passages
    most = 1 if scorer.kind in ("yes_no", "author", "definition") else MAX_QUOTES
    first = ranked.passages[0]
    covered = scorer.covered(first)
    sure = bool(scorer.types.types) and scorer.types.has_type(first) and covered >= SURE
    sure = sure or (first.role == "row" and covered >= SURE_ROW)
    gap = MAX_GAP_SURE if sure else MAX_GAP
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
    return chosen[: MAX_ITEMS if any(c.text.endswith(":") for c in chosen) else MAX_QUOTES]


def _below_heading(scorer: Scorer, passage: Passage) -> Passage:
    """The first sentence below a heading, unless the heading may be the answer itself."""
    if passage.role != "heading" or not scorer.asides.has(passage):
        return passage
    at = scorer.passages.index(passage) if passage in scorer.passages else -1
    after = scorer.passages[at + 1 : at + 2]
    below = after and after[0].evidence is passage.evidence and not scorer.asides.has(after[0])
    return after[0] if at >= 0 and below else passage


def _led_by(scorer: Scorer, passage: Passage) -> tuple[Passage, ...]:
    """The items below a passage that ends in a colon."""
    if not passage.text.endswith((":", "：")):
        return ()
    return next(
        (each.items[:MAX_ITEMS] for each in find_lists(scorer.passages) if each.lead is passage), ()
    )


def _list_of(scorer: Scorer, ranked: _Ranked) -> ItemList | None:
    """The list that a question asks for; none where a sentence fits better."""
    lists = list(find_lists(scorer.passages))
    if not lists:
        return None
    places = [_place_of(scorer, each) for each in lists]
    best_lists = _best_first(np.array(places))[: SHORTLIST // 3]
    some = [lists[at] for at in best_lists]
    cosines = scorer.embedded.of([each.text for each in some])
    scores = [
        places[at] + WEIGHTS.cosine * float(cosine) + _bonus(scorer, each)
        for at, each, cosine in zip(best_lists, some, cosines, strict=True)
    ]
    at = int(np.argmax(scores))
    best = some[at]
    others = [t for p, t in zip(ranked.passages, ranked.totals, strict=True) if not best.has(p)]
    return None if others and scores[at] < others[0] else best


def _place_of(scorer: Scorer, each: ItemList) -> float:
    """The score of a list before the cosine: what its heading and lead, and its items name."""
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
    best = _rank(own, passages).passages[0]
    yield from heads_of(best, passages, [], own.stems)
    yield best


def _best_first(totals: Vectors) -> list[int]:
    """Positions of the best totals first; equals in their order."""
    return [int(at) for at in np.argsort(-totals, kind="stable")]


def _same(one: Passage, other: Passage) -> bool:
    """Whether they say the same, or are parts of each other."""
    if one.evidence is other.evidence and one.start < other.end and other.start < one.end:
        return True
    return one.terms == other.terms


def _features(
    prompt: Prompt, best: Passage, chosen: Sequence[Passage], scorer: Scorer, cosine: float
) -> Features:
    held = frozenset().union(*(p.terms | p.context_terms for p in (best, *chosen)))
    page = scorer.page_terms[best.evidence.label]
    latin = 1.0 if scorer.translates else latin_share(scorer.terms)
    return Features(
        cosine=max(0.0, cosine),
        nearby=scorer.share(held),
        on_page=scorer.share(page),
        named=named_share(scorer.names, page, best.evidence.page.document_name),
        latin=latin,
        page=latin * max(each.score for each in prompt.evidence),
        covered=scorer.covered(best),
    )
