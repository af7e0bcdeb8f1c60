"""Question about pictures or PDFs that are not in the library, as a prompt."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from api.rag.evidence import RetrievedEvidence
from api.rag.extraction import open_file_pages
from generation.prompt import Evidence, Message, Prompt
from ingest.error import InvalidInputError

if TYPE_CHECKING:
    from ingest.files.render import RenderSettings
    from ingest.page import Box, Page
    from ingest.readers.reader_pool import ReaderPool

MAX_PAGES = 50
"""Pages of all files of a question."""

Part: TypeAlias = str | Path
"""A text, or the file of a picture or PDF."""


class InvalidPictureQuestion(InvalidInputError):
    """A question about pictures lacks the question or a picture."""

    code = "invalid-picture-question"


@dataclass(frozen=True, slots=True)
class PicturePages:
    """Pages of the files of a question, and the order of texts and page labels in it."""

    evidence: tuple[Evidence, ...]
    layout: tuple[str | int, ...]

    def image(self, page: Page) -> bytes:
        """Image of a page, as `Library.image` gives it."""
        return next(each.image() for each in self.evidence if each.page == page)

    def ask(self, question: str, history: Sequence[Message] = ()) -> RetrievedEvidence:
        """Evidence for a question about the pages."""
        layout = self.layout
        if not history and layout and layout[-1] == question:
            layout = layout[:-1]
        prompt = Prompt(question, self.evidence, tuple(history), layout=layout)
        return RetrievedEvidence(question, question, (), prompt, _no_region, 0.0)


def open_pictures(
    parts: Sequence[Part], settings: RenderSettings, readers: ReaderPool
) -> PicturePages:
    """Open the files among the parts of a question, in worker processes.

    Raises:
        InvalidPictureQuestion: there is no file.
        UnreadableFile: one cannot be read, or they have more than `MAX_PAGES` pages.
    """
    evidence: list[Evidence] = []
    layout: list[str | int] = []
    for part in parts:
        if isinstance(part, str):
            if part.strip():
                layout.append(part)
            continue
        room = MAX_PAGES - len(evidence)
        for page in open_file_pages(part, settings, readers, max_pages=room):
            evidence.append(replace(page, label=len(evidence) + 1))
            layout.append(len(evidence))
    if not evidence:
        raise InvalidPictureQuestion("There is no picture.", hint="Give an image or a PDF.")
    return PicturePages(tuple(evidence), tuple(layout))


def question_of(parts: Sequence[Part]) -> str:
    """The last text among the parts.

    Raises:
        InvalidPictureQuestion: there is none.
    """
    texts = [part for part in parts if isinstance(part, str) and part.strip()]
    if not texts:
        raise InvalidPictureQuestion("There is no question.", hint="Give one beside the pictures.")
    return texts[-1]


def _no_region(_claim: str, _page: Page) -> Sequence[Box]:
    """No region: there is no index of files that are not kept."""
    return ()
