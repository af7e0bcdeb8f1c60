"""Question about one whole document: all its pages, and its file."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from api.rag.document_file import find_file
from api.rag.extraction import label_pages, open_library_document
from generation.prompt import Message, Prompt
from ingest.error import InvalidInputError

if TYPE_CHECKING:
    from generation.models.model import VisionModel
    from ingest.library.library import Library
    from ingest.readers.shot_reader import ShotReader


class InvalidWholeQuestion(InvalidInputError):
    """A question about a whole document names none, several, or no language model."""

    code = "invalid-whole-question"


def whole_prompt(
    library: Library,
    question: str,
    documents: Sequence[str] | None,
    model: VisionModel,
    *,
    history: Sequence[Message] = (),
    shots: ShotReader | None = None,
) -> Prompt:
    """Prompt with all pages of a document as evidence, in order.

    Raises:
        InvalidWholeQuestion: there is not one document, or no language model to read it.
        DocumentNotFound: it does not exist, or is ambiguous.
    """
    if model.chat is None:
        raise InvalidWholeQuestion(
            f"{model.name} reads no whole document.",
            hint="Name a language model, or ask without the whole document.",
        )
    if len(documents or ()) != 1:
        raise InvalidWholeQuestion(
            "One document is read whole, by its name, path or id.", hint="Name one document."
        )
    document = library.document((documents or ("",))[0])
    pages = label_pages(open_library_document(library, document.id))
    if shots and document.kind == "video":
        pages = [replace(page, shot=partial(shots.read, page.page)) for page in pages]
    file = find_file(model.chat, pages, library)
    return Prompt(question, tuple(pages), tuple(history), is_whole=True, file=file)
