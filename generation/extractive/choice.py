"""Choice of the passages that answer a question, and how sure it is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from generation.extractive.across import choose_across, foreign_passages
from generation.extractive.confidence import STRONG, THRESHOLD, Features, confidence, sure_within
from generation.extractive.page.passage import Passage, read_passages
from generation.extractive.page.word_forms import with_word_forms
from generation.extractive.question.answer_type import held_types
from generation.extractive.question.instruction import without_instructions
from generation.extractive.question.question_kind import asks_expansion, defined_name
from generation.extractive.question.question_terms import (
    has_term,
    latin_share,
    named_share,
    proper_names,
)
from generation.extractive.question.spelling import mend_spelling
from generation.extractive.quoted_phrase import find_phrase
from generation.extractive.quotes import SURE, quotes_of
from generation.extractive.ranking import rank
from generation.extractive.scoring.asked_forms import AskedForms
from generation.extractive.scoring.author import find_authors
from generation.extractive.scoring.definition import DEFINES, definition_bonus
from generation.extractive.scoring.scorer import Scorer
from generation.extractive.scoring.similarity import can_translate, is_english, language, may_share
from generation.prompt import Evidence, Prompt
from ingest.encoders.embedded.minilm import MiniLmEncoder
from ingest.forms.languages.languages import languages_of
from retrieval.query.syntax import parse_query

WHOLE, HALF = 0.99, 0.5
"""Share of the question on the page of a passage that is strong, and in a passage that needs no
other language."""
NEAR = 0.6
"""The share of the best page's score from which a page in the question's language is near."""
OWN_LANGUAGE = 0.12
"""By how much e5's cosines are higher within a language, about."""
FAR, FAR_FACTOR = 0.03, 0.5
"""Score of a page in another language that the search did not find near, and the factor there."""
NO_TYPE_FACTOR, NO_PERSON_FACTOR = 0.6, 0.7
"""Factor on the confidence where the best quote has no value of the type that is asked for, or
nobody's name,"""
ADDRESSES = frozenset({"email", "phone"})
NO_ADDRESS_FACTOR = 0.3
"""where it has no e-mail address or telephone number: nothing else can be one,"""
NO_NAME_FACTOR = 0.6
"""where its page has none of the question's names,"""
UNKNOWN_NAME_FACTOR = 0.8
"""where no page at all has a name of the question, as for forms that no page has,"""
CARRIED_FACTOR = 0.6
"""and where all that it has of the question is from an earlier one."""
LITTLE, LITTLE_FACTOR = 0.2, 0.85
"""Share of the question on a page that has little of it, and the factor there."""
PLACE_FACTOR = 1.3
"""Factor where the page, figure or table that the question names is there."""
MET = 0.4
"""Share of the question, but for its condition, on the page of the rows that meet it."""
RELEVANT = 0.3
"""Relevance by the reranker of the page of a passage that has all of the question."""
MOST = 0.6
"""The same of a row of which the question names row and column."""
MIN_OF_AUTHOR = 0.2
"""Share of the question on a page whose author is named."""


@dataclass(frozen=True, slots=True)
class Choice:
    """Chosen passages, features of the best, and how sure they answer, 0..1.

    `by_document` where they are of documents that are compared. `count` is how many items
    there are, where a question asks for that. `unanswered` are parts of a question for which
    nothing was found (`choice_by_part`).
    """

    passages: tuple[Passage, ...]
    features: Features
    sure: float = 0.0
    by_document: bool = False
    count: int = 0
    unanswered: tuple[str, ...] = ()


def choose(prompt: Prompt, encoder: MiniLmEncoder) -> Choice:
    """Choose the passages that answer a question, with what belongs to them.

    Pages in another language than the question are read by e5 too, where that is surer.
    """
    every = with_word_forms(prompt.question, read_passages(prompt))
    if phrase := find_phrase(prompt.question, every):
        return Choice((phrase,), Features(), STRONG)
    full = parse_query(prompt.question).text
    prompt = replace(prompt, question=_mended(without_instructions(full), prompt))
    english = is_english(prompt.question)
    choice = _choose(prompt, full, every if english else _of_own_language(prompt, every), encoder)
    answered = choice.sure >= THRESHOLD and _is_own(prompt.question, choice.passages[0])
    if not can_translate() or (english and answered):
        return choice
    foreign = foreign_passages(prompt.question, every)
    asked = AskedForms.find(prompt.question, foreign)
    scorer = Scorer(prompt.question, foreign, asked, encoder, full, prompt.translations)
    if not foreign or not scorer.terms or choice.features.covered >= HALF:
        return choice
    passages, features, sure = choose_across(scorer, own=bool(_own_pages(prompt)))
    sure *= asked.confidence * _untyped(scorer, passages[0], passages[0])
    sure *= FAR_FACTOR if features.page < FAR else 1.0
    own = 0.0 if english else _own_cosine(prompt, choice, translated=bool(features.on_page))
    return (
        Choice(passages, features, sure) if sure > choice.sure and features.cosine > own else choice
    )


def _own_cosine(prompt: Prompt, choice: Choice, *, translated: bool) -> float:
    """Cosine above which a passage in another language is nearer than the chosen one.

    A passage in the question's own language has to be outdone, unless it does not answer and
    the other page has a translation of a word.
    """
    own = bool(choice.passages) and _is_own(prompt.question, choice.passages[0])
    outdone = own and (choice.sure >= THRESHOLD or not translated)
    return choice.features.cosine - (0.0 if outdone else OWN_LANGUAGE)


def _of_own_language(prompt: Prompt, every: Sequence[Passage]) -> Sequence[Passage]:
    """Passages in the question's language, where the search found such a page about as near.

    Related languages share words: the same notice in another one would be quoted as well.
    """
    pages = _own_pages(prompt)
    best = max((evidence.score for evidence in prompt.evidence), default=0.0)
    if not any(page.score >= NEAR * best for page in pages):
        return every
    labels = {page.label for page in pages}
    return [passage for passage in every if passage.evidence.label in labels] or every


def _own_pages(prompt: Prompt) -> list[Evidence]:
    """Pages that may be in the language of the question."""
    asked = language(prompt.question)
    return [p for p in prompt.evidence if p.words and may_share(asked, language(p.text))]


def _is_own(question: str, passage: Passage) -> bool:
    """Whether the page of a passage may be in the language of the question."""
    return may_share(language(question), language(passage.evidence.text))


def _choose(prompt: Prompt, full: str, every: Sequence[Passage], encoder: MiniLmEncoder) -> Choice:
    asked = AskedForms.find(prompt.question, every)
    passages = asked.keep(every)
    scorer = Scorer(prompt.question, passages, asked, encoder, full)
    if not passages or not scorer.terms:
        return Choice((), Features())
    ranked = rank(scorer, passages)
    best = ranked.passages[0]
    quotes = quotes_of(scorer, ranked)
    chosen = quotes.passages
    features = _features(prompt, best, chosen, scorer, ranked.cosines[0])
    by_document = (
        scorer.kind == "comparison" and len({c.evidence.page.document_id for c in chosen}) > 1
    )
    first = next((passage for passage in chosen if not passage.is_head), best)
    within = scorer.translates and _is_own(prompt.question, best)
    sure = sure_within(features) if within else confidence(features)
    sure *= asked.confidence * _lacking(scorer, best, first)
    sure *= UNKNOWN_NAME_FACTOR if _has_unknown_name(prompt.question, every) else 1.0
    if by_document or quotes.meets >= MET or _is_strong(scorer, best, features):
        sure = max(sure, STRONG)
    return Choice(tuple(chosen), features, min(1.0, sure), by_document, quotes.count)


def _lacking(scorer: Scorer, best: Passage, first: Passage) -> float:
    """Factor on the confidence for what the best passage or its page lacks."""
    factor = _untyped(scorer, best, first)
    page = scorer.page_terms[best.evidence.label]
    if scorer.names and not named_share(scorer.names, page, best.evidence.page.document_name):
        factor *= NO_NAME_FACTOR
    if scorer.kind != "author" and scorer.carried and scorer.bare and not scorer.bare & page:
        factor *= CARRIED_FACTOR
    if not scorer.translates and scorer.share(page) < LITTLE:
        factor *= LITTLE_FACTOR
    if scorer.is_in_place(best):
        factor *= PLACE_FACTOR
    return factor


def _has_unknown_name(question: str, every: Sequence[Passage]) -> bool:
    """Whether a name of the question stands on no page and in no document's name."""
    names = proper_names(question)
    held = frozenset[str]().union(*(p.terms | p.context_terms for p in every)) if names else ()
    return any(not name.intersection(held) for name in names)


def _untyped(scorer: Scorer, best: Passage, first: Passage) -> float:
    """The same for the type of the answer."""
    if scorer.types.lacks_strict(best):
        return NO_ADDRESS_FACTOR if scorer.types.types & ADDRESSES else NO_TYPE_FACTOR
    nobody = "person" not in held_types(first.text, languages_of(first.evidence.text))
    return NO_PERSON_FACTOR if scorer.types.types == {"person"} and nobody else 1.0


def _mended(question: str, prompt: Prompt) -> str:
    """The question in the spelling of the pages, where it is in English."""
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
        named = features.on_page >= MIN_OF_AUTHOR
        return named and any(
            p is best and sure >= SURE for sure, p in find_authors(scorer.passages)
        )
    relevant = (best.evidence.relevance or 0.0) >= RELEVANT
    enough = MOST if relevant else WHOLE
    if min(features.on_page, features.covered) > enough and _names_cell(scorer, best):
        return True
    if features.on_page <= WHOLE:
        return False
    if scorer.has_form(best) and best.role == "row":
        return True
    if features.covered < SURE:
        return False
    if (best.role == "row" or relevant) and _holds_all(scorer, best):
        return True
    if scorer.has_form(best):
        return True
    several = len(scorer.terms) > 1 or best.role == "row"
    return several and bool(scorer.types.types) and scorer.types.has_type(best)


def _names_cell(scorer: Scorer, row: Passage) -> bool:
    """Whether a question names a column and a row of a table, in other words too."""
    heads, terms = row.heads or frozenset(), row.terms
    named = (
        any(has_term(t, part) for t in scorer.terms) for part in (heads - terms, terms - heads)
    )
    return all(named)


def _holds_all(scorer: Scorer, passage: Passage) -> bool:
    """Whether a passage has all terms of a question of several itself, and others."""
    held = all(has_term(term, passage.terms) for term in scorer.terms)
    return held and len(scorer.terms) > 1 and not passage.terms <= scorer.terms


def _features(
    prompt: Prompt, best: Passage, chosen: Sequence[Passage], scorer: Scorer, cosine: float
) -> Features:
    held = frozenset().union(*(p.terms | p.context_terms for p in (best, *chosen)))
    label = best.evidence.label
    page = scorer.page_terms[label]
    latin = 1.0 if scorer.translates else latin_share(scorer.terms)
    return Features(
        cosine=max(0.0, cosine),
        nearby=scorer.with_forms(scorer.share(held), label),
        on_page=scorer.with_forms(scorer.share(page), label),
        named=named_share(scorer.names, page, best.evidence.page.document_name),
        latin=latin,
        page=latin * max(each.score for each in prompt.evidence),
        covered=scorer.with_forms(scorer.covered(best), label),
    )
