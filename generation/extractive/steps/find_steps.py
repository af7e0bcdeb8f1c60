"""Steps of a question: search for what is described, then for what is asked of it."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import replace

from generation.extractive.choice import Choice, choose
from generation.extractive.confidence import STRONG, THRESHOLD
from generation.extractive.page.passage import Passage, read_passages
from generation.extractive.question.answer_type import asked_types, held_types
from generation.extractive.question.condition import read_condition
from generation.extractive.question.instruction import without_instructions
from generation.extractive.question.question_kind import question_kind
from generation.extractive.question.question_terms import ALIKE, question_stems
from generation.extractive.question.two_steps import read_two_steps
from generation.extractive.steps.entity import find_entity
from generation.prompt import Evidence, Prompt, Step
from generation.text.value import read_word_numbers
from ingest.encoders.embedded.minilm import MiniLmEncoder
from ingest.forms.whole.find_forms import normalize_digits
from ingest.forms.whole.numbers import read_numbers
from retrieval.query.terms import content_stems

MIN_DESCRIBED, MIN_ASKED = 0.6, 0.5
"""Share of the description in the passage that fits it, and of what is asked in the one that
answers it, at least."""
NO_STEPS = ("yes_no", "comparison", "document_count", "item_count")
"""Kinds of question that a quote alone does not answer."""
_NUMBERS = re.compile(r"\S*\d\S*")
_CODE = re.compile(r"\W*[^\W\d_]+[-./]?\d")
_NONE: frozenset[str] = frozenset()

Find = Callable[[str], Sequence[Evidence]]
"""Search for a question: its pages, best first."""


def find_steps(question: str, find: Find, encoder: MiniLmEncoder) -> tuple[Step, ...]:
    """The two steps that answer a question, none where it has none or one is not sure."""
    steps = read_two_steps(without_instructions(question))
    if steps is None or question_kind(question) in NO_STEPS:
        return ()
    prompt = Prompt(steps.first, tuple(find(steps.first)))
    passages = read_passages(prompt)
    choice, fits = _choose(prompt, encoder)
    if fits is None or _described(steps.clause, fits) < MIN_DESCRIBED:
        whole = [p for p in passages if not p.is_head and _described(steps.clause, p) == 1]
        fits = whole[0] if len(whole) == 1 else None
        choice = replace(choice, passages=tuple(whole), sure=max(choice.sure, STRONG))
    if fits is None:
        return ()
    name = find_entity(steps, fits, passages)
    if not name:
        return ()
    asked = steps.second(name)
    second, answers = _choose(Prompt(asked, tuple(find(asked))), encoder)
    if answers is None or _is_part(answers, fits) or not _is_about(name, asked, answers):
        return ()
    return _step(choice, fits), _step(second, answers)


def _choose(prompt: Prompt, encoder: MiniLmEncoder) -> tuple[Choice, Passage | None]:
    """Choice for a question, and the passage that answers it; None where that is not sure."""
    choice = choose(prompt, encoder)
    passages = [passage for passage in choice.passages if not passage.is_head]
    return choice, passages[0] if passages and choice.sure >= THRESHOLD else None


def _step(choice: Choice, passage: Passage) -> Step:
    """The passage with the heads above it."""
    chosen = [p for p in choice.passages if p is passage or p.is_head]
    chosen = [p for p in chosen if p.evidence is passage.evidence]
    return Step(passage.evidence, tuple(q for p in chosen for q in p.quotes()), choice.sure)


def _described(clause: str, passage: Passage) -> float:
    """The share of a description in a passage; 0 where it lacks one of its numbers."""
    condition = read_condition(clause)
    if condition is not None:
        clause = condition.rest
    words = question_stems(clause)
    if condition is None and not _has_numbers(clause, passage):
        return 0.0
    held = passage.terms | passage.context_terms | (passage.heads or _NONE)
    return _share(frozenset(word for word in words if not any(map(str.isdigit, word))), held)


def _has_numbers(clause: str, passage: Passage) -> bool:
    """Whether a passage has the numbers of a description, in any way of writing them."""
    words = passage.evidence.words[passage.start : passage.end]
    printed = {value for number in read_word_numbers(words) for value in number.values}
    for word in _NUMBERS.findall(normalize_digits(clause)):
        codes = {stem for stem in content_stems(word) if any(map(str.isdigit, stem))}
        numbers = [] if _CODE.match(word) else list(read_numbers(word))
        if not (codes <= passage.terms or any(printed.intersection(n.values) for n in numbers)):
            return False
    return True


def _is_about(name: str, asked: str, passage: Passage) -> bool:
    """Whether a passage answers what is asked of a name, and its page has the name."""
    named = content_stems(name)
    held = passage.terms | passage.context_terms | (passage.heads or _NONE)
    page = content_stems(passage.evidence.text) | held
    if not named <= page:
        return False
    types = asked_types(asked)
    if named <= held and types and types & held_types(passage.text):
        return True
    return _share(question_stems(asked) - named, held) >= MIN_ASKED


def _share(stems: frozenset[str], held: frozenset[str]) -> float:
    found = sum(stem in held or bool(ALIKE.get(stem, _NONE) & held) for stem in stems)
    return found / len(stems) if stems else 1.0


def _is_part(one: Passage, other: Passage) -> bool:
    """Whether two passages share words of a page."""
    same = one.evidence.page == other.evidence.page
    return same and one.start < other.end and other.start < one.end
