"""Passages: quotable units of the evidence, each with its context and terms.

The context of a table row is its column heads, that of a form field its label:
it counts in the score and is not quoted. So do the words of the document's name. Passages
of pages that are read often are kept within a bound of bytes.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from generation.prompt import Evidence, Prompt
from generation.text.sentence import Sentence, split_sentences
from ingest.box import union_box
from ingest.caches.byte_cache import ByteCache
from ingest.library.names import split_name
from ingest.page import Box, Word, WordRole
from ingest.reading.table import find_tables
from retrieval.query.terms import content_stems

SHORT = 10
"""Words in a heading, a label or a value, at most."""

LABEL_GAP = 2.0
"""A label is above its value by no more than this many heights of it."""


@dataclass(frozen=True, slots=True)
class Passage:
    """Passage of a page: words `start` up to (not with) `end`, with their context.

    `heads` are the terms of the heads of a row's cells, where it is of a table whose
    columns have heads; `is_head` marks the row of these.
    """

    evidence: Evidence
    start: int
    end: int
    text: str
    box: Box
    context: str
    terms: frozenset[str]
    context_terms: frozenset[str]
    role: WordRole = "text"
    heads: frozenset[str] | None = None
    is_head: bool = False

    @property
    def short(self) -> bool:
        """Whether it is no longer than a heading or a value."""
        return self.end - self.start <= SHORT


_Fields = tuple[
    int, int, str, Box, str, frozenset[str], frozenset[str], WordRole, frozenset[str] | None, bool
]
"""A passage without its evidence."""
KEPT_BYTES = 16 << 20
PASSAGE_BYTES, WORD_BYTES = 2_000, 350
"""Of a passage and of a word that are kept, about."""
_kept = ByteCache[tuple[tuple[Word, ...], list[_Fields]]](KEPT_BYTES)


def read_passages(prompt: Prompt) -> list[Passage]:
    """Split the evidence into passages, page by page in reading order."""
    return [
        Passage(evidence, *fields)
        for evidence in prompt.evidence
        for fields in _kept_passages(evidence)
    ]


def _kept_passages(evidence: Evidence) -> list[_Fields]:
    """Passages of a page; those that are kept are of the same words."""
    key, words = (evidence.page.key, evidence.page.document_name), evidence.words
    if (held := _kept.get(key)) is not None and held[0] == words:
        return held[1]
    passages = _read_page(words, evidence.page.document_name)
    size = PASSAGE_BYTES * len(passages) + WORD_BYTES * len(words)
    return _kept.put(key, (words, passages), size)[1]


def term_weights(terms: Iterable[str], passages: Sequence[Passage]) -> dict[str, float]:
    """Inverse document frequencies of terms, over the passages."""
    held = Counter(term for passage in passages for term in passage.terms)
    return {term: math.log(1 + len(passages) / (0.5 + held[term])) for term in terms}


def running_titles(passages: Sequence[Passage]) -> frozenset[str]:
    """Headers and footers: texts that, without their numbers, are on several pages."""
    pages: dict[str, set[int]] = {}
    for passage in passages:
        pages.setdefault(without_numbers(passage.text), set()).add(passage.evidence.label)
    return frozenset(text for text, labels in pages.items() if len(labels) > 1)


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
        or before.evidence is not passage.evidence
        or not (before.short and passage.short)
        or before.text not in passage.context
        or not (before.terms - passage.terms) & question_terms
    ):
        return passage
    text = f"{before.text} {passage.text}"
    return Passage(
        passage.evidence,
        before.start,
        passage.end,
        text,
        passage.box,
        passage.context,
        before.terms | passage.terms,
        passage.context_terms,
    )


def heads_of(
    row: Passage,
    passages: Sequence[Passage],
    chosen: Sequence[Passage],
    question_terms: frozenset[str],
) -> Iterator[Passage]:
    """Row of heads of a table's row, where the question names a column by them."""
    if not row.heads or not (row.heads - row.terms) & question_terms:
        return
    heads = [p for p in passages if p.is_head and p.evidence is row.evidence]
    above = [p for p in heads if p.start < row.start]
    if above and above[-1] not in chosen:
        yield above[-1]


def _read_page(words: Sequence[Word], document_name: str) -> list[_Fields]:
    units = split_sentences(words)
    boxes = [union_box([word.box for word in words[u.start : u.end]]) for u in units]
    contexts = _contexts(units, boxes, words)
    named = content_stems(" ".join(split_name(document_name)))
    heads, rows = _table_heads(words)
    return [
        (
            unit.start,
            unit.end,
            unit.text,
            box,
            context,
            content_stems(unit.text),
            content_stems(context) | named,
            _role(units, at),
            rows.get(unit.start),
            unit.start in heads,
        )
        for at, (unit, box, context) in enumerate(zip(units, boxes, contexts, strict=True))
    ]


def _table_heads(words: Sequence[Word]) -> tuple[set[int], dict[int, frozenset[str]]]:
    """First words of rows of heads, and of each row of a table with the terms of its heads."""
    heads: set[int] = set()
    rows: dict[int, frozenset[str]] = {}
    for table in find_tables(words):
        heads.add(table.heads[0].start)
        for row in table.rows:
            named = [head for cell in row[1:] if (head := table.column_head(cell))]
            text = " ".join(word.text for head in named for word in words[head.start : head.end])
            rows[row[0].start] = content_stems(text)
    return heads, rows


def _contexts(units: Sequence[Sentence], boxes: Sequence[Box], words: Sequence[Word]) -> list[str]:
    """Context of each unit: its table's head, the label above it, or its heading."""
    contexts: list[str] = []
    heading = table = ""
    for at, unit in enumerate(units):
        short = unit.end - unit.start <= SHORT
        begins_table = unit.row and not (at and units[at - 1].row)
        if begins_table:
            table = f"{heading} {unit.text}".strip()
        label = _label_above(at, boxes) if short and (begins_table or not unit.row) else None
        if label is not None:
            contexts.append(units[label].text)
        else:
            contexts.append(table if unit.row and not begins_table else heading)
        if _is_heading(unit):
            heading = unit.text
    return contexts


def _is_heading(unit: Sentence) -> bool:
    short = unit.end - unit.start <= SHORT
    return (
        short
        and unit.role not in ("row", "header", "footer", "note")
        and not unit.text.endswith((*_SENTENCE_ENDS, ",", ";"))
    )


_SENTENCE_ENDS = tuple(".!?。！？")


def _role(units: Sequence[Sentence], at: int) -> WordRole:
    """Role of a unit; what stands above a sentence as a heading does is one in any size."""
    follows = units[at + 1].text if at + 1 < len(units) else ""
    if units[at].role == "text" and _is_heading(units[at]) and follows.endswith(_SENTENCE_ENDS):
        return "heading"
    return units[at].role


def _label_above(at: int, boxes: Sequence[Box]) -> int | None:
    """The nearest unit right above unit `at`."""
    every = np.array(boxes)
    left, top, right, bottom = boxes[at]
    gaps = top - every[:, 3]
    height = bottom - top
    beside = np.minimum(every[:, 2], right) > np.maximum(every[:, 0], left)
    above = beside & (every[:, 1] < top) & (gaps > -0.5 * height) & (gaps < LABEL_GAP * height)
    above[at] = False
    return int(np.where(above, gaps, np.inf).argmin()) if above.any() else None
