"""Passages: units of the evidence's pages, as they are scored and quoted.

Units of pages that are read often are kept within a bound of bytes.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from generation.extractive.page.unit import Unit, read_units
from generation.prompt import Evidence, Prompt
from generation.text.value import Span, text_of
from ingest.box import contains_center
from ingest.caches.byte_cache import ByteCache
from ingest.page import Box, Word, WordRole

EDGE = 0.1
"""Share of a page's height, at its top and its bottom, where running heads are."""


@dataclass(frozen=True, slots=True)
class Passage:
    """Unit of a page of the evidence."""

    evidence: Evidence
    unit: Unit

    @property
    def start(self) -> int:
        """Its first word."""
        return self.unit.start

    @property
    def end(self) -> int:
        """The word after its last."""
        return self.unit.end

    @property
    def text(self) -> str:
        """Its words."""
        return self.unit.text

    @property
    def box(self) -> Box:
        """The box around its words."""
        return self.unit.box

    @property
    def context(self) -> str:
        """Column heads, a label or a heading."""
        return self.unit.context

    @property
    def terms(self) -> frozenset[str]:
        """Stems of its terms, and of its label's."""
        return self.unit.terms

    @property
    def context_terms(self) -> frozenset[str]:
        """Stems of the context's terms, and of the document's name."""
        return self.unit.context_terms

    @property
    def role(self) -> WordRole:
        """What its block is on the page."""
        return self.unit.role

    @property
    def heads(self) -> frozenset[str] | None:
        """Stems of the heads of a table's row."""
        return self.unit.row.heads if self.unit.row else None

    @property
    def is_head(self) -> bool:
        """Whether it is a row of heads."""
        return self.unit.is_head

    @property
    def short(self) -> bool:
        """Whether it is no longer than a heading or a value."""
        return self.unit.short

    @property
    def is_running(self) -> bool:
        """Whether it is a short line at the page's edge that ends in the page's number."""
        at_edge = self.box[3] < EDGE or self.box[1] > 1 - EDGE
        return at_edge and self.short and self.text.split()[-1] == str(self.evidence.page.number)

    def quotes(self) -> Iterator[str]:
        """What is quoted of it: its label, where it has one, and its words."""
        if self.unit.label:
            yield text_of(self.evidence.words, self.unit.label)
        yield self.text

    def of_span(self, span: Span) -> Passage:
        """The passage with the words of another span of the page."""
        text = text_of(self.evidence.words, span)
        return replace(self, unit=replace(self.unit, start=span[0], end=span[1], text=text))


KEPT_BYTES = 16 << 20
UNIT_BYTES, WORD_BYTES = 2_000, 350
"""Of a unit and of a word that are kept, about."""
_kept = ByteCache[tuple[tuple[Word, ...], list[Unit]]](KEPT_BYTES)


def read_passages(prompt: Prompt) -> list[Passage]:
    """Split the evidence into passages, page by page in reading order."""
    return [
        Passage(evidence, unit) for evidence in prompt.evidence for unit in _kept_units(evidence)
    ]


def _kept_units(evidence: Evidence) -> list[Unit]:
    """Units of a page; those that are kept are of the same words."""
    key, words = (evidence.page.key, evidence.page.document_name), evidence.words
    if (held := _kept.get(key)) is not None and held[0] == words:
        return held[1]
    units = read_units(words, evidence.page.document_name)
    size = UNIT_BYTES * len(units) + WORD_BYTES * len(words)
    return _kept.put(key, (words, units), size)[1]


def term_weights(terms: Iterable[str], passages: Sequence[Passage]) -> dict[str, float]:
    """Inverse document frequencies of terms, over the passages."""
    held = Counter(term for passage in passages for term in passage.terms)
    return {term: math.log(1 + len(passages) / (0.5 + held[term])) for term in terms}


def running_titles(passages: Sequence[Passage]) -> frozenset[str]:
    """Headers and footers: texts that, but for numbers, are on several pages."""
    pages: dict[tuple[str, str], set[int]] = {}
    for passage in passages:
        key = (passage.evidence.page.document_id, without_numbers(passage.text))
        pages.setdefault(key, set()).add(passage.evidence.label)
    return frozenset(text for (_, text), labels in pages.items() if len(labels) > 1)


def without_numbers(text: str) -> str:
    """Replace each number in a text by `#`."""
    return re.sub(r"\d+", "#", text)


def with_neighbour(
    passage: Passage, passages: Sequence[Passage], question_terms: frozenset[str]
) -> Passage:
    """Passage joined with a short one before it that has a term of the question."""
    at = passages.index(passage)
    before = passages[at - 1] if at else None
    if (
        before is None
        or passage.heads is not None
        or passage.role == before.role == "row"
        or passage.unit.label
        or before.evidence is not passage.evidence
        or not (before.short and passage.short)
        or before.end != passage.start
        or before.text not in passage.context
        or not (before.terms - passage.terms) & question_terms
    ):
        return passage
    text = f"{before.text} {passage.text}"
    terms = before.terms | passage.terms
    return replace(passage, unit=replace(passage.unit, start=before.start, text=text, terms=terms))


def heads_of(
    row: Passage,
    passages: Sequence[Passage],
    chosen: Sequence[Passage],
    question_terms: frozenset[str],
) -> Iterator[Passage]:
    """Lines of heads of a table's row, where the question names a column by them."""
    if not row.heads or not (row.heads - row.terms) & question_terms:
        return
    above = [p for p in passages if p.evidence is row.evidence and p.start < row.start]
    last = next((at for at in reversed(range(len(above))) if above[at].is_head), -1)
    first = last
    while first > 0 and above[first - 1].is_head:
        first -= 1
    yield from (head for head in above[first : last + 1] if head not in chosen)


def names_cell(row: Passage, question_terms: frozenset[str]) -> bool:
    """Whether a question names a column by its head, and this row."""
    heads, terms = row.heads or frozenset(), row.terms
    return bool((heads - terms) & question_terms and (terms - heads) & question_terms)


def in_context(passage: Passage) -> str:
    """Text of a passage that is embedded: a short one after its context."""
    text = passage.text
    if passage.unit.label or passage.short:
        text = f"{passage.context} {text}"
    return text


def region_score(passage: Passage) -> float:
    """The best cosine of a region whose middle lies in the passage."""
    inside = [r.score for r in passage.evidence.regions if contains_center(passage.box, r.box)]
    return max(inside, default=0.0)
