"""Extractive model: the best sentences of the evidence, without a language model.

Scores each passage of the evidence by the question's terms in it, by the cosine
of the MiniLM vectors, and by the score of its region in the search. Declines
where the confidence is low (`generation.models.confidence`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from generation.answer import SelfAssessment, Usage
from generation.models.asked_forms import AskedForms
from generation.models.confidence import THRESHOLD, Features, confidence
from generation.models.main_passages import main_passages
from generation.models.passage import (
    Passage,
    heads_of,
    read_passages,
    running_titles,
    term_weights,
    with_neighbour,
    without_numbers,
)
from generation.models.yes_no import is_about, subject_stems
from generation.prompt import Prompt
from ingest.box import contains_center
from ingest.encoders.embedded.minilm import MiniLmEncoder, load_minilm
from ingest.library.names import split_name
from retrieval.query.syntax import parse_query
from retrieval.query.terms import content_stems

NOTE = (
    "No language model was used: these are sentences from the pages that match the question best, "
    "word for word."
)
NOTHING = "Nothing in these pages answers the question well enough."
NO_PAGES = "There is no page to answer from."
NO_WORDS = "There are no words to quote on these pages."

SHORTLIST = 24
"""Passages whose vectors are computed."""

MAX_EMBEDDED_CHARS = 300
"""Characters of a passage that are embedded."""

MAX_QUOTES = 3
MAX_GAP = 0.15
"""A further quote is given where its score is at most this far below the best."""

CONTEXT_WEIGHT = 0.6
"""Weight of a term that is only in a passage's context."""

COSINE_WEIGHT = 0.5
REGION_WEIGHT = 0.1
RANK_WEIGHT = 0.1
KIND_BONUS = 0.1
ECHO_PENALTY = 0.3
"""Subtracted from a passage that only repeats the question, asks one itself, or is a caption, a
header or a footer."""

OTHER_SUBJECT_PENALTY = 0.2
"""Subtracted where a yes-or-no question asks of something that the passage does not name."""

MIN_NEW_TERMS = 3
"""Terms of a heading that the question does not have, for it to be an answer."""

_WANTS_NUMBER = re.compile(
    r"\bhow (?:many|much|old|long|tall|high|large|big|far|often|wide|deep|heavy)\b"
    r"|\bwhen\b|\b(?:what|which) (?:year|date|day|month|time|percentage|number|price|share)\b"
    r"|\bcosts?\b|얼마|언제|몇",
    re.IGNORECASE,
)
_WANTS_NAME = re.compile(r"\bwho(?:m|se)?\b", re.IGNORECASE)
_NAME = re.compile(r"(?<!^)\b[A-Z]\w+ [A-Z]\w+")
_CAPTION = re.compile(r"(?:table|figure|fig\.?|chart) \d", re.IGNORECASE)
_PAIRS = (('"', '"'), ("“", "”"), ("«", "»"), ("「", "」"))
_NAMED = re.compile(r"(?<=\s)[A-Z]\w+|\b\w*\d\w*")


@dataclass(frozen=True, slots=True)
class Choice:
    """Chosen passages, best first, features of the best, and what missing forms cost."""

    passages: tuple[Passage, ...]
    features: Features
    forms_factor: float = 1.0


class Extractive:
    """Extractive question answering.

    Args:
        encoder: a loaded MiniLM to share; by default it loads its own.

    Raises:
        WeightsMissing, WeightsChanged: from loading the encoder.
    """

    name = "extractive"
    uses_images = False
    chat = None

    def __init__(self, encoder: MiniLmEncoder | None = None) -> None:
        self._encoder = encoder or load_minilm(0)

    def stream(self, prompt: Prompt) -> Iterator[str | Usage | SelfAssessment]:
        """Stream a line `"quote" [label]` for each chosen passage, or that none is."""
        if prompt.task != "answer":
            yield from self._quote_pages(prompt)
            return
        if not prompt.evidence:
            yield SelfAssessment(None, None, declined=True)
            yield NO_PAGES
            yield Usage(self.name)
            return
        choice = self.choose(prompt)
        sure = confidence(choice.features) * choice.forms_factor if choice.passages else 0.0
        if choice.passages and not self._is_about(prompt, _first_answer(choice.passages)):
            sure = min(sure, THRESHOLD / 2)
        declined = sure < THRESHOLD
        yield SelfAssessment(sure, THRESHOLD, declined, NOTE)
        if declined:
            nearest = choice.passages[0].evidence if choice.passages else prompt.evidence[0]
            yield f"{NOTHING} The nearest page is [{nearest.label}]."
        else:
            for number, passage in enumerate(choice.passages):
                yield ("\n" if number else "") + quoted(passage.text, passage.evidence.label)
        yield Usage(self.name)

    def _is_about(self, prompt: Prompt, best: Passage) -> bool:
        page = content_stems(" ".join(word.text for word in best.evidence.words))
        return is_about(prompt.question, best.text, page, self._encoder)

    def _quote_pages(self, prompt: Prompt) -> Iterator[str | Usage | SelfAssessment]:
        """Quote the main content of the pages, or of each the heading and first sentence."""
        chosen = main_passages(prompt)
        sure = 1.0 if chosen else 0.0
        yield SelfAssessment(sure, THRESHOLD, declined=not chosen, note=NOTE)
        if not chosen:
            yield NO_WORDS
        for number, passage in enumerate(chosen):
            yield ("\n" if number else "") + quoted(passage.text, passage.evidence.label)
        yield Usage(self.name)

    def features(self, prompt: Prompt) -> dict[str, float]:
        """Features of the confidence, by name; for fitting."""
        return self.choose(prompt).features.as_dict()

    def choose(self, prompt: Prompt) -> Choice:
        """Choose the one to three best passages, some joined with their label."""
        prompt = replace(prompt, question=parse_query(prompt.question).text)
        every = read_passages(prompt)
        asked = AskedForms.find(prompt.question, every)
        passages = asked.keep(every)
        stems = content_stems(prompt.question)
        question_terms = content_stems(asked.without_forms(prompt.question)) or stems
        if not passages or not question_terms:
            return Choice((), Features())
        weights = term_weights(question_terms, passages)
        titles = running_titles(passages)
        scores = np.array([_score(prompt, p, weights, titles) + asked.score(p) for p in passages])
        listed = np.argsort(-scores, kind="stable")[:SHORTLIST]
        shortlist = [passages[i] for i in listed]
        vectors = self._encoder.embed([prompt.question, *(_in_context(p) for p in shortlist)])
        cosines = vectors[1:] @ vectors[0]
        totals = scores[listed] + COSINE_WEIGHT * _latin(question_terms) * cosines
        order = np.argsort(-totals, kind="stable")
        best = order[0]
        chosen: list[Passage] = []
        for at in order[: 4 * MAX_QUOTES]:
            passage = with_neighbour(shortlist[at], passages, question_terms)
            if totals[at] >= totals[best] - MAX_GAP and not any(_same(passage, c) for c in chosen):
                chosen += [*heads_of(passage, passages, chosen, stems), passage]
        features = _features(prompt, shortlist[best], passages, weights, float(cosines[best]))
        return Choice(tuple(chosen[:MAX_QUOTES]), features, asked.confidence)


def quoted(text: str, label: int) -> str:
    """Quote a text as `"text" [label]`, in quotation marks that it does not hold."""
    for opening, closing in _PAIRS:
        if opening not in text and closing not in text:
            return f"{opening}{text}{closing} [{label}]"
    return f"“{re.sub('[“”]', chr(39), text)}” [{label}]"


def _score(
    prompt: Prompt, passage: Passage, weights: Mapping[str, float], titles: frozenset[str]
) -> float:
    """The score before the cosine: terms, place, kind of answer."""
    score = _share(passage.terms, weights)
    score += CONTEXT_WEIGHT * (_share(passage.terms | passage.context_terms, weights) - score)
    score += RANK_WEIGHT / passage.evidence.label + REGION_WEIGHT * _region(passage)
    if _WANTS_NUMBER.search(prompt.question) and any(c.isdigit() for c in passage.text):
        score += KIND_BONUS
    if _WANTS_NAME.search(prompt.question) and _NAME.search(passage.text):
        score += KIND_BONUS
    if passage.role == "heading" and not _may_answer(prompt.question, passage, weights):
        score -= ECHO_PENALTY
    subject = subject_stems(prompt.question)
    if subject and not subject & passage.terms:
        score -= OTHER_SUBJECT_PENALTY
    if (
        passage.terms <= weights.keys()
        or passage.is_head
        or passage.text.endswith("?")
        or _CAPTION.match(passage.text)
        or passage.role in ("header", "footer")
        or without_numbers(passage.text) in titles
    ):
        score -= ECHO_PENALTY
    return score


def _may_answer(question: str, heading: Passage, weights: Mapping[str, float]) -> bool:
    """Whether a heading may be the answer: a name, a number, or more than the question."""
    if _WANTS_NAME.search(question):
        return bool(_NAME.search(heading.text))
    if _WANTS_NUMBER.search(question):
        return any(map(str.isdigit, heading.text))
    return len(heading.terms - weights.keys()) >= MIN_NEW_TERMS


def _share(terms: frozenset[str], weights: Mapping[str, float]) -> float:
    """The weighted share of the question's terms that are among `terms`."""
    whole = sum(weights.values())
    return sum(weight for term, weight in weights.items() if term in terms) / whole if whole else 0


def _region(passage: Passage) -> float:
    """The best cosine of a region whose middle lies in the unit."""
    inside = [r.score for r in passage.evidence.regions if contains_center(passage.box, r.box)]
    return max(inside, default=0.0)


def _in_context(passage: Passage) -> str:
    text = f"{passage.context} {passage.text}" if passage.short else passage.text
    return text[:MAX_EMBEDDED_CHARS]


def _latin(terms: frozenset[str]) -> float:
    """The share of terms in scripts that MiniLM was trained on."""
    return sum(term[0] < "\u0530" for term in terms) / len(terms) if terms else 0.0


def _first_answer(passages: Sequence[Passage]) -> Passage:
    """The first passage that is no row of heads."""
    return next((passage for passage in passages if not passage.is_head), passages[0])


def _same(one: Passage, other: Passage) -> bool:
    """Whether they say the same, or are parts of each other."""
    if one.evidence is other.evidence and one.start < other.end and other.start < one.end:
        return True
    return one.terms == other.terms


def _features(
    prompt: Prompt,
    best: Passage,
    passages: Sequence[Passage],
    weights: Mapping[str, float],
    cosine: float,
) -> Features:
    page: frozenset[str] = frozenset().union(
        content_stems(" ".join(split_name(best.evidence.page.document_name))),
        *(p.terms for p in passages if p.evidence is best.evidence),
    )
    names = content_stems(" ".join(_NAMED.findall(prompt.question)))
    latin = _latin(frozenset(weights))
    return Features(
        cosine=max(0.0, cosine) * latin,
        nearby=_share(best.terms | best.context_terms, weights),
        on_page=_share(page, weights),
        named=len(names & page) / len(names) if names else 1.0,
        latin=latin,
        page=latin * max(each.score for each in prompt.evidence),
    )
