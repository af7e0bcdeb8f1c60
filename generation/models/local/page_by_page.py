"""Page by page: prompts of models that take one image and a line of text.

BLIP's models for questions were trained on the question alone. BLIP-2 and InstructBLIP are
given the conversation as BLIP-2's authors publish it (github.com/salesforce/LAVIS,
arXiv:2301.12597); InstructBLIP a first question alone (arXiv:2305.06500).
"""

from __future__ import annotations

from collections.abc import Callable

from generation.models.conversation import question_of, schema_text
from generation.request import Request

PAGE_BY_PAGE = ("blip-2", "instructblip", "blip-vqa")
"""Kinds of `HfModel` that are asked about each page by itself."""
MAX_HISTORY_CHARS = 1_000
"""Characters of the conversation so far; the newest exchanges are kept."""
SHORT_ANSWER = 20
"""Tokens of an answer of BLIP's, which was trained on a word or two."""


def prompt_of(kind: str, request: Request, plain: Callable[[str], str]) -> str:
    """Text that goes with each image.

    Args:
        kind: one of `PAGE_BY_PAGE`.
        request: its last turn is the question.
        plain: breaks up special tokens in a text.
    """
    question = plain(question_of(request))
    if kind == "blip-vqa":
        return question
    question += plain(schema_text(request))
    said = [(plain(asked), plain(answer)) for asked, answer in exchanges(request)]
    if kind == "instructblip" and not said:
        return question
    turns = [f"Question: {asked} Answer: {answer}." for asked, answer in _newest(said)]
    return " ".join([*turns, f"Question: {question} Answer:"])


def exchanges(request: Request) -> list[tuple[str, str]]:
    """Earlier questions with their answers, oldest first; each on one line."""
    found: list[tuple[str, str]] = []
    asked = ""
    for at, turn in enumerate(request.turns[:-1]):
        # The first turn begins with the pages.
        parts = turn.parts[request.cached_parts :] if at == 0 else turn.parts
        text = " ".join(" ".join(part for part in parts if isinstance(part, str)).split())
        if turn.role == "user":
            asked = text
        elif asked and text:
            found.append((asked, text.rstrip(".")))
            asked = ""
    return found


def _newest(said: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """The last exchanges that fit into `MAX_HISTORY_CHARS`."""
    left, kept = MAX_HISTORY_CHARS, 0
    for asked, answer in reversed(said):
        left -= len(asked) + len(answer)
        if left < 0:
            break
        kept += 1
    return said[len(said) - kept :]
