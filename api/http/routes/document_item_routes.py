"""Endpoints for one document: fields, title and tags, and the original file."""

from __future__ import annotations

import mimetypes
import time
from collections.abc import Sequence
from http import HTTPStatus
from typing import Annotated, Any

from fastapi import APIRouter, Path
from fastapi.responses import FileResponse, Response

from api.http.requests import DocumentEdit
from api.http.routing import WRITER_WAIT, RequestEngine, RequestJobs, problems
from api.schemas.documents import DocumentBody
from ingest.library.documents import DocumentNotFound
from ingest.library.library import Library
from ingest.page import Document
from ingest.readers.original import find_original
from ingest.shards import acts

DocumentId = Annotated[str, Path(max_length=100, description="Its whole id.")]
_PLAYED = {"video/quicktime": "video/mp4", "video/x-matroska": "video/webm"}
"""Types under which browsers play what they decode of these containers."""
_FILE_TYPES: dict[str, dict[str, Any]] = {
    kind: {"schema": {"type": "string", "format": "binary"}}
    for kind in ("application/octet-stream", "video/*", "audio/*")
}
"""Types of an original: a recording has its own, so that browsers play it."""
SANDBOX = "default-src 'none'; frame-ancestors 'none'; sandbox"

router = APIRouter(prefix="/v1", responses=problems(422))


@router.get("/documents/{document}", responses=problems(404, 409))
def show_document(document: DocumentId, engine: RequestEngine) -> DocumentBody:
    """Show a document."""
    return DocumentBody.of(find_document(engine.library(), document))


@router.patch("/documents/{document}", responses=problems(404, 409, 503, 507))
async def edit_document(
    document: DocumentId, wanted: DocumentEdit, engine: RequestEngine, jobs: RequestJobs
) -> DocumentBody:
    """Give a document a title, or tags in place of those it was given."""
    deadline = time.monotonic() + WRITER_WAIT
    await jobs.threads.run(find_document, engine.library(), document)

    def change() -> Document:
        wait = max(deadline - time.monotonic(), 0.0)
        return acts.edit_document(
            engine.home, document, title=wanted.title, tags=wanted.tags, wait=wait
        )

    return DocumentBody.of(await jobs.writers.run(change))


@router.get(
    "/documents/{document}/file",
    response_class=Response,
    responses={
        200: {
            "description": "The file",
            "content": _FILE_TYPES,
        },
        206: {
            "description": "The parts that `Range` names",
            "content": _FILE_TYPES,
        },
        416: {"description": "No such part"},
        **problems(404, 409),
    },
)
def original_file(document: DocumentId, engine: RequestEngine) -> Response:
    """Original file of a document, as a download; `Range` asks for parts."""
    library = engine.library()
    found = find_document(library, document)
    path = find_original(library, found)
    return FileResponse(
        path,
        HTTPStatus.OK,
        headers={
            "ETag": f'"{found.sha256}"',
            "Cache-Control": "private, no-cache",
            "Content-Security-Policy": SANDBOX,
        },
        media_type=_media_type(found),
        filename=found.name.rpartition("/")[2],
    )


def _media_type(document: Document) -> str:
    """Type of a recording, so that browsers play it; nothing else is said to be more than bytes."""
    guessed = mimetypes.guess_type(document.name)[0] or ""
    is_media = document.kind in ("video", "audio") and guessed.startswith(("video/", "audio/"))
    return _PLAYED.get(guessed, guessed) if is_media else "application/octet-stream"


def find_document(library: Library, document_id: str) -> Document:
    """Document by its whole id.

    Raises:
        DocumentNotFound
    """
    require_documents(library, [document_id])
    return library.document(document_id)


def require_documents(library: Library, document_ids: Sequence[str]) -> None:
    """Check that documents with these whole ids are there.

    Raises:
        DocumentNotFound: names the first that is not.
    """
    for document_id in document_ids:
        if not library.has(document_id):
            raise DocumentNotFound(
                f"There is no document {document_id!r}.", hint="Give the whole id of a document."
            )
