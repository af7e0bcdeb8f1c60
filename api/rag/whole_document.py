"""Question about one whole document: all its pages, and its file for models that read files."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from api.rag.extraction import label_pages, open_library_document
from generation.prompt import Evidence, Message, Prompt
from generation.request import SourceFile
from ingest.error import InvalidInputError, NotFoundError
from ingest.files.video.media_type import mime_type
from ingest.readers.original import find_original

if TYPE_CHECKING:
    from generation.models.model import ChatModel, VisionModel
    from ingest.library.library import Library
    from ingest.readers.shot_reader import ShotReader

HEAD = 4_096
"""First bytes of a file, which say what it is."""


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


def find_file(
    chat: ChatModel, pages: Sequence[Evidence], whole: Library | Path | None
) -> SourceFile | None:
    """File that pages are all of, for a model that reads files.

    None where it is gone or has changed, or there is none.
    """
    if whole is None or not chat.limits.files:
        return None
    try:
        if isinstance(whole, Path):
            return source_file(whole, pages)
        document = whole.document(pages[0].page.document_id)
        return source_file(find_original(whole, document), pages)
    except (NotFoundError, OSError):
        return None


def source_file(path: Path, pages: Sequence[Evidence]) -> SourceFile:
    """File with its media type; `pages` are all of its pages.

    Raises:
        OSError: it cannot be read.
    """
    with path.open("rb") as file:
        head = file.read(HEAD)
    ends = [page.page.span.end for page in pages if page.page.span]
    kind = mime_type(head)
    is_pdf = kind == "application/pdf"
    size = path.stat().st_size
    return SourceFile(path, kind, size, len(pages) if is_pdf else 0, max(ends, default=0.0))
