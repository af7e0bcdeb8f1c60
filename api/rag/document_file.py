"""Document file: the file of a whole document, for models that read files."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from generation.request import SourceFile
from ingest.error import NotFoundError
from ingest.files.video.media_type import mime_type
from ingest.readers.original import find_original

if TYPE_CHECKING:
    from generation.models.model import ChatModel
    from generation.prompt import Evidence
    from ingest.library.library import Library

HEAD = 4_096
"""First bytes of a file, which say what it is."""


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
