"""Steps of a question: search for what is described, then for what is asked of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from generation.extractive.choice import Choice, choose
from generation.extractive.confidence import STRONG, THRESHOLD
from generation.extractive.page.passage import Passage, read_passages
from generation.extractive.question.answer_type import asked_types, held_types
from generation.extractive.question.instruction import without_instructions
from generation.extractive.question.library_question import library_question
from generation.extractive.question.question_kind import question_kind
from generation.extractive.question.question_terms import question_stems
from generation.extractive.question.two_steps import read_two_steps
from generation.extractive.steps.description import described, held_by, share_of
from generation.extractive.steps.entity import find_entity
from generation.prompt import Evidence, Prompt, Step
from ingest.encoders.embedded.minilm import MiniLmEncoder
from ingest.forms.languages.languages import languages_of
from ingest.forms.terms import is_single
from retrieval.query.terms import content_stems

MIN_DESCRIBED, MIN_ASKED = 0.6, 0.5
"""Share of the description in the passage that fits it, and of what is asked in the one that
answers it, at least."""
NO_STEPS = ("yes_no", "comparison", "item_count")
"""Kinds of question that a quote alone does not answer."""

Find = Callable[[str], Sequence[Evidence]]
"""Search for a question: its pages, best first."""


def find_steps(question: str, find: Find, encoder: MiniLmEncoder) -> tuple[Step, ...]:
    """The two steps that answer a question, none where it has none or one is not sure."""
    steps = read_two_steps(without_instructions(question))
    if steps is None or question_kind(question) in NO_STEPS or library_question(question):
        return ()
    prompt = Prompt(steps.first, tuple(find(steps.first)))
    passages = read_passages(prompt)
    choice, fits = _choose(prompt, encoder)
    if fits is None or described(steps.clause, fits) < MIN_DESCRIBED:
        whole = [p for p in passages if not p.is_head and described(steps.clause, p) == 1]
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


def _is_about(name: str, asked: str, passage: Passage) -> bool:
    """Whether a passage answers what is asked of a name, and its page has the name."""
    named = frozenset(word for word in content_stems(name) if not is_single(word))
    held = held_by(passage)
    page = content_stems(passage.evidence.text) | held
    if not named <= page:
        return False
    types = asked_types(asked)
    if (
        named <= held
        and types
        and types & held_types(passage.text, languages_of(passage.evidence.text))
    ):
        return True
    return share_of(question_stems(asked) - named, held) >= MIN_ASKED


def _is_part(one: Passage, other: Passage) -> bool:
    """Whether two passages share words of a page."""
    same = one.evidence.page == other.evidence.page
    return same and one.start < other.end and other.start < one.end
