"""Scores of passages: terms, cosines, place, and the type of answer.

A name that stands anywhere on a page counts for each passage there: it says which page is
asked about, not which line.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property

import numpy as np

from generation.extractive.page.passage import (
    Passage,
    in_context,
    names_cell,
    region_score,
    term_weights,
)
from generation.extractive.question.question_kind import (
    asks_expansion,
    defined_name,
    question_kind,
)
from generation.extractive.question.question_terms import (
    KINDS_OF_DOCUMENT,
    find_names,
    has_term,
    question_stems,
)
from generation.extractive.question.yes_no import subject_stems
from generation.extractive.scoring.aside import Asides
from generation.extractive.scoring.asked_forms import AskedForms
from generation.extractive.scoring.author import AUTHORED, find_authors
from generation.extractive.scoring.definition import definition_bonus
from generation.extractive.scoring.focus_share import FocusShare
from generation.extractive.scoring.line_features import WEIGHTS, LineFeatures
from generation.extractive.scoring.named_part import NamedParts
from generation.extractive.scoring.phrases import share_of_pairs, small_word_pairs
from generation.extractive.scoring.question_cosines import QuestionCosines
from generation.extractive.scoring.similarity import can_translate, is_english
from generation.extractive.scoring.type_match import TypeMatch
from ingest.encoders.embedded.minilm import MiniLmEncoder
from ingest.library.names import split_name
from ingest.page import Vectors
from retrieval.query.named_place import NamedPlaces, read_places
from retrieval.query.terms import content_stems

FORM_WEIGHT = 4.0
"""Weight of the forms of a question among its terms: that of a rare term."""
CARRIED_WEIGHT = 0.5
"""Factor on the weight of a term that was added from an earlier question."""
_NONE: frozenset[str] = frozenset()
COSINE = LineFeatures._fields.index("cosine")


class Scorer:
    """Scores of the passages of a question's evidence.

    Args:
        full: the question with instructions, which tell the type of the answer too.
        translations: words of the pages for those of a question in another language.
    """

    def __init__(
        self,
        question: str,
        passages: Sequence[Passage],
        asked: AskedForms,
        encoder: MiniLmEncoder,
        full: str = "",
        translations: Sequence[str] = (),
    ) -> None:
        self.question, self.passages, self._asked = question, passages, asked
        self._encoder = encoder
        self.kind = question_kind(question)
        # A count is of items, which need not hold a number.
        self.types = TypeMatch("" if self.kind == "item_count" else full or question)
        self._head, mark, carried = question.partition("?")
        added = content_stems(" ".join(translations))
        self.carried = (content_stems(carried) if mark else _NONE) | added
        self.stems = question_stems(question)
        self.terms = (question_stems(asked.without_forms(question)) or self.stems) | added
        if self.kind == "author":
            self.terms = self.terms - AUTHORED or self.terms
        self.weights = term_weights(self.terms, passages)
        for term in self.carried & self.weights.keys() - question_stems(self._head):
            self.weights[term] *= CARRIED_WEIGHT
        self._focus = FocusShare.of(self._head, self.stems)
        self.weights = self._focus.weigh(self.weights, passages)
        self._whole = sum(self.weights.values()) or 1.0
        self._subject = subject_stems(question)
        self._pairs = small_word_pairs(self._head)

    @property
    def focus(self) -> frozenset[str]:
        """Stems of what the question asks for, where it says so."""
        return self._focus.focus

    @property
    def bare(self) -> frozenset[str]:
        """Stems of the question apart from what was added from an earlier one."""
        return question_stems(self._head) & self.weights.keys()

    @cached_property
    def names(self) -> frozenset[str]:
        """Stems of the question's names and numbers, without dates that pages have."""
        names = find_names(self._asked.without_dates(self.question))
        return content_stems(" ".join(names)) - KINDS_OF_DOCUMENT

    @cached_property
    def of_page(self) -> frozenset[str]:
        """Stems that say which page is asked about.

        They are names, words of a document's name, and those of an earlier question.
        """
        every = {p.evidence.page.document_name for p in self.passages}
        named = content_stems(" ".join(part for name in every for part in split_name(name)))
        return self.names | self.carried | (self.terms & (named | KINDS_OF_DOCUMENT))

    @cached_property
    def asides(self) -> Asides:
        """Passages that answer nothing."""
        terms, by_author = frozenset(self.weights), self.kind == "author"
        return Asides.find(terms, self.of_page, self.types, self.passages, by_author=by_author)

    @cached_property
    def names_on(self) -> Mapping[int, int]:
        """How many of the terms that name a page are on each one, by its label."""
        return {label: len(self.of_page & terms) for label, terms in self.page_terms.items()}

    def _other_page(self, label: int) -> float:
        """The share of the names on the best page that a page has not."""
        most = max(self.names_on.values())
        return 1 - self.names_on[label] / most if most else 0.0

    @cached_property
    def page_terms(self) -> Mapping[int, frozenset[str]]:
        """Stems of the terms of each page, and of its document's name, by its label."""
        found: defaultdict[int, set[str]] = defaultdict(set)
        for passage in self.passages:
            found[passage.evidence.label] |= passage.terms | passage.context_terms
        return {label: frozenset(terms) for label, terms in found.items()}

    def share(self, terms: frozenset[str]) -> float:
        """The weighted share of the question's terms that are among `terms`."""
        return self.weight_of(self.weights, terms) / self._whole

    def weight_of(self, asked: Iterable[str], terms: frozenset[str]) -> float:
        """Sum of the weights of terms of the question that are among `terms`."""
        return sum(self.weights[t] for t in asked if has_term(t, terms))

    def covered(self, passage: Passage) -> float:
        """The same for a passage, terms of its context and page in part."""
        shares = self._shares(passage)
        return float(sum(share * getattr(WEIGHTS, name) for name, share in shares.items()))

    def with_forms(self, share: float, label: int) -> float:
        """A share of the question, with its dates, identifiers and the like as a term."""
        if label not in self._asked.labels:
            return share
        return (share * self._whole + FORM_WEIGHT) / (self._whole + FORM_WEIGHT)

    def has_form(self, passage: Passage) -> bool:
        """Whether a passage has a date, an identifier or the like of the question."""
        return self._form_score(passage) > 0

    def is_in_place(self, passage: Passage) -> bool:
        """Whether a passage is on a page that the question names, or by such a figure."""
        page = passage.evidence.page
        return self._parts.near(passage) > 0 or bool(
            {page.label, str(page.number)} & set(self._places.pages)
        )

    def _shares(self, passage: Passage) -> dict[str, float]:
        """Shares of the question's terms by where they stand; see `LineFeatures`."""
        page = self.page_terms[passage.evidence.label]
        quoted = passage.terms | (passage.heads or frozenset())
        shares = dict.fromkeys(("quoted", "named", "context", "page"), 0.0)
        for term, weight in self.weights.items():
            share = weight / self._whole
            if has_term(term, quoted):
                shares["quoted"] += share
            elif term in page and term in self.of_page:
                shares["named"] += share
            elif has_term(term, passage.context_terms):
                shares["context"] += share
            elif term in page:
                shares["page"] += share
        return shares

    def place_of_terms(self, first: Passage, above: frozenset[str], items: frozenset[str]) -> float:
        """The score of a list that begins with a passage, before the cosine."""
        page, named = self.page_terms[first.evidence.label], first.context_terms
        total = 0.0
        for term, weight in self.weights.items():
            if term in above:
                total += weight
            elif term in page and term in self.of_page:
                total += WEIGHTS.named * weight
            elif term in named or term in items:
                total += WEIGHTS.context * weight
        place = total / self._whole + WEIGHTS.rank / first.evidence.label
        return place + WEIGHTS.other_page * self._other_page(first.evidence.label)

    def about(self, question: str, passages: Sequence[Passage]) -> Scorer:
        """Scorer of another question about some of the passages."""
        return Scorer(question, passages, AskedForms.find(question, passages), self._encoder)

    def names_focus(self, passage: Passage) -> bool:
        """Whether a passage names all that is asked for, and has a value of its type."""
        typed = bool(self.types.types) and self.types.has_type(passage)
        return typed and self._focus.of_passage(passage) == 1

    def names_of_document(self, passage: Passage) -> float:
        """How many of the question's terms are in the name of a passage's document."""
        named = content_stems(" ".join(split_name(passage.evidence.page.document_name)))
        return len(self.terms & named)

    def features(self, passages: Sequence[Passage]) -> Vectors:
        """Features (n, fields) of passages; the cosine is left 0."""
        authors = {id(p): s for s, p in find_authors(passages)} if self.kind == "author" else {}
        rows = [self._features(passage, authors.get(id(passage), 0.0)) for passage in passages]
        return np.array(rows, np.float64).reshape(-1, len(LineFeatures._fields))

    def _features(self, passage: Passage, author: float) -> LineFeatures:
        label = passage.evidence.label
        typed, aside = self.types.has_type(passage), self.asides.has(passage)
        return LineFeatures(
            **self._shares(passage),
            rank=1 / label,
            region=region_score(passage),
            typed=float(bool(self.types.types) and typed),
            untyped=float(not typed),
            lacks_strict=float(self.types.lacks_strict(passage)),
            phrase=share_of_pairs(self._pairs, passage.text),
            other_page=self._other_page(label),
            other_subject=float(bool(self._subject) and not self._subject & passage.terms),
            aside=float(aside),
            focus=0.0 if aside else self._focus.of_passage(passage),
            forms=self._form_score(passage),
            defines=self._defines(passage),
            author=author,
            cell=float(names_cell(passage, self.stems)),
            part=self._parts.near(passage),
        )

    def _form_score(self, passage: Passage) -> float:
        """What forms of the question in a passage are worth.

        A date is worth nothing where what is asked for has a name, and the passage nothing of it:
        then it says which page is meant.
        """
        score = self._asked.score(passage)
        of_page = self._asked.are_dates and self._focus.lacks(passage)
        return 0.0 if score > 0 and of_page else score

    @cached_property
    def _places(self) -> NamedPlaces:
        return read_places(self.question)

    @cached_property
    def _parts(self) -> NamedParts:
        return NamedParts.find(self._places, self.passages)

    def _defines(self, passage: Passage) -> float:
        if self.kind != "definition":
            return 0.0
        name, expansion = defined_name(self.question), asks_expansion(self.question)
        return definition_bonus(name, passage.text, expansion=expansion)

    @cached_property
    def asked_text(self) -> str:
        """The question without the names that are on a page."""
        pages = frozenset().union(*self.page_terms.values()) if self.page_terms else frozenset()
        there = self.of_page & pages
        kept = [
            word for word in self._head.split() if not (s := content_stems(word)) or not s <= there
        ]
        return " ".join(kept)

    def add_cosines(self, features: Vectors, passages: Sequence[Passage]) -> None:
        """Write cosines of the passages in context into features (n, fields)."""
        features[:, COSINE] = self.embedded.of(list(map(in_context, passages)))

    @cached_property
    def embedded(self) -> QuestionCosines:
        """Cosines of the question and texts."""
        return QuestionCosines(
            self.question, self.asked_text, self.terms, self._encoder, translates=self.translates
        )

    @cached_property
    def translates(self) -> bool:
        """Whether question or pages are in a language that MiniLM does not know."""
        best = self.passages[0].evidence.text
        foreign = not (is_english(self._head) and is_english(best))
        return foreign and can_translate()
