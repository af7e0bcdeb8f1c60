"""The quotable units of the evidence, each with what stands around it, and the terms they hold.

A table row is little without its column heads, a filled-in field without its
label: `context` brings them to whoever scores the unit, without being quoted.
Knows no models.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from generation.prompt import Evidence, Prompt
from generation.text.sentence import Sentence, split_sentences
from ingest.box import union_box
from ingest.library.fulltext import split_terms
from ingest.page import Box, Word

SHORT = 10
"""Words in a heading, a label or a value, at most."""

LABEL_GAP = 2.0
"""A label stands above its value by no more than this many heights of it."""

STOP_WORDS = frozenset(
    re.findall(
        r"\w+",
        """a about after all also am an and any are as at be been being but by can could did do does
        for from get give had has have he her him his how i if in into is it its itself me my no not
        of on or our out please she should so some such tell than that the their them then there
        these they this those to up us was we were what when where which while who whom whose why
        will with would you your s t""",
    )
)


_KOREAN_ENDING = re.compile(
    r"(?<=[가-힣]{2})(?:하려면|하나요|합니까|입니까|습니까|됩니까|인가요|까지|부터|에서|에게|으로|해야|하는|나요"
    r"|은|는|이|가|을|를|에|의|로|와|과|도|만)(?![가-힣])"
)
_KOREAN_ASKING = re.compile(
    r"(?<![가-힣])(?:얼마|언제|누구|무엇|어디|어떤|어느|하나요|합니까|입니까|있나요|있습니까|내야|해야)(?![가-힣])"
)


@dataclass(frozen=True, slots=True)
class Passage:
    """A unit of a page: its words `start` up to (not with) `end`, its terms and its context's."""

    evidence: Evidence
    start: int
    end: int
    text: str
    box: Box
    context: str
    terms: frozenset[str]
    context_terms: frozenset[str]

    @property
    def short(self) -> bool:
        """Whether it is no longer than a heading or a value."""
        return self.end - self.start <= SHORT


def read_passages(prompt: Prompt) -> list[Passage]:
    """Every unit of every page of the evidence, page by page in reading order."""
    return [passage for evidence in prompt.evidence for passage in _read_page(evidence)]


def content_terms(text: str) -> frozenset[str]:
    """The terms that carry meaning, common English and Korean endings taken off."""
    text = _KOREAN_ASKING.sub(" ", _KOREAN_ENDING.sub("", text))
    return frozenset(_stem(term) for term in split_terms(text) if term not in STOP_WORDS)


def term_weights(terms: Iterable[str], passages: Sequence[Passage]) -> dict[str, float]:
    """How much each term says: more, the fewer of the passages hold it."""
    held = Counter(term for passage in passages for term in passage.terms)
    return {term: math.log(1 + len(passages) / (0.5 + held[term])) for term in terms}


def running_titles(passages: Sequence[Passage]) -> frozenset[str]:
    """Units printed, but for their numbers, on more pages than one: headers and footers."""
    pages: dict[str, set[int]] = {}
    for passage in passages:
        pages.setdefault(without_numbers(passage.text), set()).add(passage.evidence.label)
    return frozenset(text for text, labels in pages.items() if len(labels) > 1)


def without_numbers(text: str) -> str:
    """The text with each number as one mark."""
    return re.sub(r"\d+", "#", text)


def _read_page(evidence: Evidence) -> list[Passage]:
    units = split_sentences(evidence.words)
    boxes = [union_box([word.box for word in evidence.words[u.start : u.end]]) for u in units]
    contexts = _contexts(units, boxes, evidence.words)
    return [
        Passage(
            evidence,
            unit.start,
            unit.end,
            unit.text,
            box,
            context,
            content_terms(unit.text),
            content_terms(context),
        )
        for unit, box, context in zip(units, boxes, contexts, strict=True)
    ]


def _contexts(units: Sequence[Sentence], boxes: Sequence[Box], words: Sequence[Word]) -> list[str]:
    """For each unit: its table's caption and head, or the label above it, or its heading."""
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
        if short and not unit.row and not unit.text.endswith(tuple(".!?。！？,;")):
            heading = unit.text
    return contexts


def _label_above(at: int, boxes: Sequence[Box]) -> int | None:
    """The nearest unit that stands right above unit `at`."""
    every = np.array(boxes)
    left, top, right, bottom = boxes[at]
    gaps = top - every[:, 3]
    height = bottom - top
    beside = np.minimum(every[:, 2], right) > np.maximum(every[:, 0], left)
    above = beside & (every[:, 1] < top) & (gaps > -0.5 * height) & (gaps < LABEL_GAP * height)
    above[at] = False
    return int(np.where(above, gaps, np.inf).argmin()) if above.any() else None


def _stem(term: str) -> str:
    """An English word without its commonest endings; anything else as it is."""
    if not term.isascii() or not term.isalpha() or len(term) < 4:
        return term
    for ending, put in (("ies", "y"), ("ing", ""), ("ed", ""), ("es", ""), ("ly", ""), ("s", "")):
        if term.endswith(ending) and len(term) - len(ending) >= 3 and not term.endswith("ss"):
            term = term[: -len(ending)] + put
            break
    return term[:-1] if term[-1] == "e" or term[-2:] in _DOUBLED else term


_DOUBLED = frozenset(letter * 2 for letter in "bdgmnprt")
