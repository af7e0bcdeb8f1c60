"""Descriptions: how much of what a question says of a thing is in a passage."""

from __future__ import annotations

import re

from generation.extractive.page.passage import Passage
from generation.extractive.question.condition import read_condition
from generation.extractive.question.question_terms import ALIKE, FILLERS
from generation.text.value import read_word_numbers
from ingest.forms.terms import is_single
from ingest.forms.whole.find_forms import normalize_digits
from ingest.forms.whole.numbers import read_numbers
from retrieval.query.terms import content_stems

_NUMBERS = re.compile(r"\S*\d\S*")
_CODE = re.compile(r"\W*[^\W\d_]+[-./]?\d")
_NONE: frozenset[str] = frozenset()


def described(clause: str, passage: Passage) -> float:
    """The share of a description in a passage and its context.

    0 where a number is missing.

    A condition, such as "more than 5", is of the row that meets it: it need not be printed.
    """
    condition = read_condition(clause)
    if condition is not None:
        clause = condition.rest
    elif not _has_numbers(passage, clause):
        return 0.0
    asked = content_stems(_NUMBERS.sub(" ", clause)) - FILLERS
    return share_of(frozenset(word for word in asked if not is_single(word)), held_by(passage))


def held_by(passage: Passage) -> frozenset[str]:
    """Stems of a passage, its context and the heads of its columns."""
    return passage.terms | passage.context_terms | (passage.heads or _NONE)


def share_of(asked: frozenset[str], held: frozenset[str]) -> float:
    """The share of stems that are held, themselves or by what labels them.

    1 for no stems.
    """
    found = sum(stem in held or bool(ALIKE.get(stem, _NONE) & held) for stem in asked)
    return found / len(asked) if asked else 1.0


def _has_numbers(passage: Passage, clause: str) -> bool:
    """Whether a passage has the numbers of a description, in any way of writing them."""
    words = passage.evidence.words[passage.start : passage.end]
    printed = {value for number in read_word_numbers(words) for value in number.values}
    for word in _NUMBERS.findall(normalize_digits(clause)):
        codes = {stem for stem in content_stems(word) if any(map(str.isdigit, stem))}
        numbers = [] if _CODE.match(word) else list(read_numbers(word))
        if not (codes <= passage.terms or any(printed.intersection(n.values) for n in numbers)):
            return False
    return True
