"""Prompt: a question, its evidence pages and the conversation so far."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from generation.request import Role, SourceFile
from ingest.page import Page, Word
from retrieval.hit import Region

if TYPE_CHECKING:
    from ingest.files.video.shot_view import ShotView


@dataclass(frozen=True, slots=True)
class Evidence:
    """Retrieved page; `label` is the number, from 1, that an answer cites it by.

    `image` loads the page's image, encoded as WebP; models that read only words
    never call it. `score` and `regions` are those of the search's `Hit`. `shot` loads
    frames of a shot, at most so many, with its cues; None where the page is none.
    `relevance` is the reranker's, 0 to 1; None where it did not read the page.
    """

    label: int
    page: Page
    words: tuple[Word, ...]
    image: Callable[[], bytes]
    score: float
    regions: tuple[Region, ...] = ()
    shot: Callable[[int], ShotView] | None = None
    relevance: float | None = None

    @property
    def text(self) -> str:
        """Its words."""
        return " ".join(word.text for word in self.words)


@dataclass(frozen=True, slots=True)
class Message:
    """Earlier message of the conversation, as text."""

    role: Role
    text: str


@dataclass(frozen=True, slots=True)
class Step:
    """Step of a question in two searches: quotes of a page, how sure, 0..1."""

    evidence: Evidence
    quotes: tuple[str, ...]
    sure: float


Task = Literal["answer", "page", "summary"]
"""Answer a question, say what is on the pages, or sum up the document that they are of."""


@dataclass(frozen=True, slots=True)
class Prompt:
    """Question, evidence (best page first) and earlier messages (oldest first).

    `task` is what the question asks for. Where it is no answer, the evidence is in the
    order of the pages. `layout` is a free question about pictures that the user gave: texts
    and labels of the evidence in the user's order. `is_whole` where the evidence is all of one
    document, in order; `file` is its file, for models that read files whole.
    `steps` were found by a second search with what the first gave; their pages are evidence.
    `translations` are words of the pages for those of a question in another language.
    """

    question: str
    evidence: tuple[Evidence, ...]
    history: tuple[Message, ...] = ()
    task: Task = "answer"
    layout: tuple[str | int, ...] = ()
    is_whole: bool = False
    file: SourceFile | None = None
    steps: tuple[Step, ...] = ()
    translations: tuple[str, ...] = ()
