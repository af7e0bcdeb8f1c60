"""Scores of passages: terms, cosines, place, and the type of answer.

A name that stands anywhere on a page counts for each passage there: it says which page is
asked about, not which line.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from functools import cached_property
from itertools import pairwise

import numpy as np

from generation.extractive.page.passage import (
    Passage,
    in_context,
    region_score,
    running_titles,
    term_weights,
    without_numbers,
)
from generation.extractive.question.answer_type import STRICT, asked_types, held_types
from generation.extractive.question.question_kind import question_kind
from generation.extractive.question.question_terms import (
    KINDS_OF_DOCUMENT,
    NAMED,
    latin_share,
    question_stems,
)
from generation.extractive.question.yes_no import subject_stems
from generation.extractive.scoring.asked_forms import AskedForms
from generation.extractive.scoring.similarity import (
    can_translate,
    cosines_by_e5,
    cosines_by_minilm,
    is_english,
)
from ingest.encoders.embedded.minilm import MiniLmEncoder
from ingest.library.names import split_name
from ingest.page import Vectors
from retrieval.query.terms import content_stems

SHORTLIST = 24  # passages whose vectors are computed
MAX_EMBEDDED_CHARS = 300
"""Characters of a passage that are embedded."""

CONTEXT_WEIGHT = 0.6
"""Weight of a term that is only in a passage's context,"""
NAME_WEIGHT = 0.7
"""of a name that is only elsewhere on its page,"""
PAGE_WEIGHT = 0.1
"""and of another term that is."""
COSINE_WEIGHT = 0.5
ASKED_SHARE = 0.5
"""Share of the cosine that is the question's without its names."""
REGION_WEIGHT = 0.1
RANK_WEIGHT = 0.25
TYPE_BONUS = 0.1
NO_TYPE_PENALTY = 0.15
NO_STRICT_TYPE_PENALTY = 0.25
"""Subtracted from a passage without a value of the type that is asked for."""
ECHO_PENALTY = 0.3
"""Subtracted from a passage that only repeats the question, asks one itself, or is a caption, a
header or a footer."""
OTHER_SUBJECT_PENALTY = 0.2
"""Subtracted where a yes-or-no question asks of something that the passage does not name."""
MIN_NEW_TERMS = 3
"""Terms of a heading that the question does not have, for it to be an answer."""

CARRIED_WEIGHT = 0.5
"""Factor on the weight of a term that was added from an earlier question."""
OTHER_PAGE_PENALTY = 0.1
"""Subtracted from passages of a page that has none of the names that another page has."""
PHRASE_BONUS = 0.2
"""Added where a passage has pairs of words such as "power off" of the question."""

_PARTICLES = frozenset("on off up down out in over not no without".split())
_CAPTION = re.compile(r"(?:table|figure|fig\.?|chart|abbildung|tabelle) \d", re.IGNORECASE)


class Scorer:
    """Scores of the passages of a question's evidence."""

    def __init__(
        self, question: str, passages: Sequence[Passage], asked: AskedForms, encoder: MiniLmEncoder
    ) -> None:
        self.question, self.passages, self._asked = question, passages, asked
        self._encoder = encoder
        self.kind = question_kind(question)
        self.types = asked_types(question)
        self._head, mark, carried = question.partition("?")
        self._carried = content_stems(carried) if mark else frozenset[str]()
        self.stems = question_stems(question)
        self.terms = question_stems(asked.without_forms(question)) or self.stems
        self.weights = term_weights(self.terms, passages)
        for term in self._carried & self.weights.keys() - question_stems(self._head):
            self.weights[term] *= CARRIED_WEIGHT
        self._whole = sum(self.weights.values()) or 1.0
        self._titles = running_titles(passages)
        self._subject = subject_stems(question)

    @cached_property
    def names(self) -> frozenset[str]:
        """Stems of the question's names and numbers."""
        return content_stems(" ".join(NAMED.findall(self.question))) - KINDS_OF_DOCUMENT

    @cached_property
    def of_page(self) -> frozenset[str]:
        """Stems that say which page is asked about: names, words of a document's name, and
        those of an earlier question."""
        every = {p.evidence.page.document_name for p in self.passages}
        named = content_stems(" ".join(part for name in every for part in split_name(name)))
        return self.names | self._carried | (self.terms & (named | KINDS_OF_DOCUMENT))

    @cached_property
    def _names_on(self) -> Mapping[int, int]:
        """How many of the terms that name a page are on each one, by its label."""
        return {label: len(self.of_page & terms) for label, terms in self.page_terms.items()}

    def _other_page(self, passage: Passage) -> float:
        """Penalty of a passage on a page that has fewer of the names than another."""
        most = max(self._names_on.values())
        here = self._names_on[passage.evidence.label]
        return OTHER_PAGE_PENALTY * (1 - here / most) if most else 0.0

    @cached_property
    def page_terms(self) -> Mapping[int, frozenset[str]]:
        """Stems of the terms of each page, and of its document's name, by its label."""
        found: defaultdict[int, set[str]] = defaultdict(set)
        for passage in self.passages:
            found[passage.evidence.label] |= passage.terms
        for passage in self.passages:
            found[passage.evidence.label] |= passage.context_terms
        return {label: frozenset(terms) for label, terms in found.items()}

    def share(self, terms: frozenset[str]) -> float:
        """The weighted share of the question's terms that are among `terms`."""
        return sum(w for term, w in self.weights.items() if term in terms) / self._whole

    def covered(self, passage: Passage) -> float:
        """The same for a passage, terms of its context and page in part."""
        page = self.page_terms[passage.evidence.label]
        total = 0.0
        quoted = passage.terms | (passage.heads or frozenset())
        for term, weight in self.weights.items():
            if term in quoted:
                total += weight
            elif term in page and term in self.of_page:
                total += NAME_WEIGHT * weight
            elif term in passage.context_terms:
                total += CONTEXT_WEIGHT * weight
            elif term in page:
                total += PAGE_WEIGHT * weight
        return total / self._whole

    def place_of_terms(self, first: Passage, above: frozenset[str], items: frozenset[str]) -> float:
        """The score of a list that begins with a passage, before the cosine."""
        page, named = self.page_terms[first.evidence.label], first.context_terms
        total = 0.0
        for term, weight in self.weights.items():
            if term in above:
                total += weight
            elif term in page and term in self.of_page:
                total += NAME_WEIGHT * weight
            elif term in named or term in items:
                total += CONTEXT_WEIGHT * weight
        place = total / self._whole + RANK_WEIGHT / first.evidence.label
        return place - self._other_page(first)

    def about(self, question: str, passages: Sequence[Passage]) -> Scorer:
        """Scorer of another question about some of the passages."""
        return Scorer(question, passages, AskedForms.find(question, passages), self._encoder)

    def names_of_document(self, passage: Passage) -> float:
        """How many of the question's terms are in the name of a passage's document."""
        named = content_stems(" ".join(split_name(passage.evidence.page.document_name)))
        return len(self.terms & named)

    def has_type(self, passage: Passage) -> bool:
        """Whether a passage has a value of the type that is asked for; True where none is."""
        return not self.types or bool(self.types & self._held(passage))

    def lacks_strict_type(self, passage: Passage) -> bool:
        """Whether a type is asked for that an answer must have, and a passage has none."""
        strict = self.types & STRICT
        return bool(strict) and not strict & self._held(passage)

    def _held(self, passage: Passage) -> frozenset[str]:
        """Types of values in a passage beside what the question says."""
        return (
            held_types(self._said.sub(" ", passage.text))
            if self._said
            else held_types(passage.text)
        )

    @cached_property
    def _said(self) -> re.Pattern[str] | None:
        """Names and numbers of the question."""
        said = sorted(set(NAMED.findall(self.question)), key=len, reverse=True)
        said = [word for word in said if len(word) > 1]
        return re.compile(rf"\b(?:{'|'.join(map(re.escape, said))})\b") if said else None

    def place(self, passage: Passage) -> float:
        """The score before the cosine."""
        score = self.covered(passage) + self._asked.score(passage)
        score += RANK_WEIGHT / passage.evidence.label + REGION_WEIGHT * region_score(passage)
        if self.types:
            if self.has_type(passage):
                score += TYPE_BONUS
            else:
                score -= NO_TYPE_PENALTY
            if self.lacks_strict_type(passage):
                score -= NO_STRICT_TYPE_PENALTY
        score += PHRASE_BONUS * self._phrases_in(passage.text) - self._other_page(passage)
        if self._subject and not self._subject & passage.terms:
            score -= OTHER_SUBJECT_PENALTY
        return score - ECHO_PENALTY * self.is_aside(passage)

    def is_aside(self, passage: Passage) -> bool:
        """Whether a passage answers nothing: an echo, a heading, a caption."""
        unit = passage.unit
        if passage.role == "heading" and not self._may_answer(passage):
            return True
        asked = self.weights.keys() - self.of_page
        return (
            passage.terms <= self.weights.keys()
            or bool(
                asked and not self.types and self.kind != "author" and self._only_names(passage)
            )
            or unit.is_head
            or unit.leads
            or unit.text.endswith("?")
            or _CAPTION.match(unit.text) is not None
            or passage.role in ("header", "footer")
            or passage.is_running
            or without_numbers(unit.text) in self._titles
        )

    def _only_names(self, passage: Passage) -> bool:
        """Whether all that a short passage has of the question is which page it asks about."""
        held = passage.terms & self.weights.keys()
        return passage.short and passage.role != "row" and bool(held) and held <= self.of_page

    @cached_property
    def _pairs(self) -> frozenset[tuple[str, str]]:
        """Words of the question that stand side by side, one of them a small one."""
        words = self._head.lower().strip(" ?.!").split()
        return frozenset(pair for pair in pairwise(words) if set(pair) & _PARTICLES)

    def _phrases_in(self, text: str) -> float:
        """The share of these pairs that a text has."""
        if not self._pairs:
            return 0.0
        words = [word.strip(".,;:!?()\"'") for word in text.lower().split()]
        return len(self._pairs & set(pairwise(words))) / len(self._pairs)

    def _may_answer(self, heading: Passage) -> bool:
        """Whether a heading may be the answer: a name, a number, or more than the question."""
        if self.types:
            return self.has_type(heading)
        return len(heading.terms - self.weights.keys()) >= MIN_NEW_TERMS

    @cached_property
    def asked_text(self) -> str:
        """The question without the names that are on a page."""
        pages = frozenset().union(*self.page_terms.values()) if self.page_terms else frozenset()
        there = self.of_page & pages
        kept = [
            word for word in self._head.split() if not (s := content_stems(word)) or not s <= there
        ]
        return " ".join(kept)

    def cosines(self, passages: Sequence[Passage]) -> Vectors:
        """Cosines (n,) of passages, in their context, and the question."""
        return self.text_cosines(list(map(in_context, passages)))

    def text_cosines(self, parts: Sequence[str]) -> Vectors:
        """Cosines (n,) of texts and the question."""
        asked = self.asked_text
        texts = [part[:MAX_EMBEDDED_CHARS] for part in parts]
        questions = [self.question]
        if asked != self.question and content_stems(asked):
            questions.append(asked)
        if self.translates:
            cosines = cosines_by_e5(questions, texts)
        else:
            cosines = cosines_by_minilm(self._encoder, questions, texts)
            cosines = cosines * latin_share(self.terms)
        weights = [1 - ASKED_SHARE, ASKED_SHARE] if len(questions) > 1 else [1.0]
        return np.asarray(np.array(weights, np.float32) @ cosines, np.float32)

    @cached_property
    def translates(self) -> bool:
        """Whether question or pages are in a language that MiniLM does not know."""
        best = " ".join(word.text for word in self.passages[0].evidence.words)
        foreign = not (is_english(self._head) and is_english(best))
        return foreign and can_translate()
