"""What a model is asked: a question, and the pages that may answer it.

Knows nothing of where pages are kept: whoever asks hands in each page's words
and a way to its image.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from generation.request import Role
from ingest.page import Page, Word
from retrieval.hit import Region


@dataclass(frozen=True, slots=True)
class Evidence:
    """A page found. `label` is the number, from 1, that an answer cites it by.

    `image` loads the page's encoded WebP picture; models that only read words
    never call it. `score` and `regions` are those of the search's `Hit`.
    """

    label: int
    page: Page
    words: tuple[Word, ...]
    image: Callable[[], bytes]
    score: float
    regions: tuple[Region, ...] = ()


@dataclass(frozen=True, slots=True)
class Message:
    """What was said before, in words."""

    role: Role
    text: str


@dataclass(frozen=True, slots=True)
class Prompt:
    """A question and its evidence, best page first; `history` is what was said before it, oldest first."""

    question: str
    evidence: tuple[Evidence, ...]
    history: tuple[Message, ...] = ()
