"""Choice for a question of several parts: a quote for each."""

from __future__ import annotations

from dataclasses import replace

from generation.extractive.choice import Choice, choose
from generation.extractive.confidence import THRESHOLD
from generation.extractive.page.passage import Passage
from generation.extractive.question.parts import split_parts
from generation.prompt import Prompt
from ingest.encoders.embedded.minilm import MiniLmEncoder


def choose_by_part(prompt: Prompt, encoder: MiniLmEncoder) -> Choice:
    """Choose the passages that answer each part of a question.

    `unanswered` names the other parts. A question of one part, and one of which no part is
    answered, is taken as a whole.
    """
    parts = split_parts(prompt.question)
    if len(parts) == 1:
        return choose(prompt, encoder)
    choices = [choose(replace(prompt, question=part), encoder) for part in parts]
    sure = [choice for choice in choices if choice.sure >= THRESHOLD]
    if not sure:
        return choose(prompt, encoder)
    passages: list[Passage] = []
    for choice in sure:
        passages += [p for p in _best_of(choice) if p not in passages]
    unanswered = tuple(
        part.partition("?")[0]
        for part, choice in zip(parts, choices, strict=True)
        if choice.sure < THRESHOLD
    )
    least = min(choice.sure for choice in sure)
    return Choice(tuple(passages), sure[0].features, least, unanswered=unanswered)


def _best_of(choice: Choice) -> list[Passage]:
    """The best passage with its heads, rather than a heading, or all of a list."""
    if choice.count or choice.by_document:
        return list(choice.passages)
    answers = [at for at, passage in enumerate(choice.passages) if not passage.is_head]
    answers = [at for at in answers if choice.passages[at].role != "heading"] or answers
    if not answers:
        return list(choice.passages)
    heads = [passage for passage in choice.passages[: answers[0]] if passage.is_head]
    return [*heads, choice.passages[answers[0]]]
