"""Endpoints for documents: list, upload and removal."""

from __future__ import annotations

from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, File, Form, Path, UploadFile
from fastapi.responses import JSONResponse

from api.http.errors import problem
from api.http.routes.upload import WRITER_WAIT, ingest_uploads, save_upload
from api.http.routing import RequestEngine, problems
from api.schemas.documents import DocumentBody, DocumentsBody, UploadBody
from ingest.files.source import UnreadableFile
from ingest.library.database import LibraryNotFound
from ingest.library.documents import DocumentNotFound
from ingest.remove import remove

Files = Annotated[list[UploadFile], File(description="PDFs or images.")]

router = APIRouter(prefix="/v1", responses=problems(422))


@router.get("/documents")
def list_documents(engine: RequestEngine) -> DocumentsBody:
    """List every document."""
    try:
        documents = engine.library().documents()
    except LibraryNotFound:
        documents = []
    return DocumentsBody(documents=[DocumentBody.of(document) for document in documents])


@router.post(
    "/documents",
    status_code=HTTPStatus.CREATED,
    response_model=UploadBody,
    responses={
        200: {"model": UploadBody, "description": "All of it was there already"},
        207: {"model": UploadBody, "description": "Some of the files cannot be read"},
        **problems(413, 503, 507),
    },
)
def add_documents(
    files: Files, engine: RequestEngine, password: Annotated[str | None, Form()] = None
) -> JSONResponse:
    """Upload files and wait until they are indexed; `password` opens encrypted PDFs."""
    uploads = [save_upload(engine.home, file.file, file.filename) for file in files]
    body = UploadBody(files=ingest_uploads(engine.home, uploads, engine.add_settings(password)))
    statuses = {result.status for result in body.files}
    if statuses == {422}:
        return problem(
            422,
            "None of the files can be read.",
            "Each of `files` says why.",
            code=UnreadableFile.code,
            files=[result.model_dump() for result in body.files],
        )
    overall = 207 if 422 in statuses else max(statuses)
    return JSONResponse(body.model_dump(), overall)


@router.delete("/documents/{document}", status_code=204, responses=problems(404, 503))
def remove_document(
    document: Annotated[str, Path(max_length=100, description="Its whole id.")],
    engine: RequestEngine,
) -> None:
    """Remove a document and all that is derived from it; of uploads, the file too."""
    if all(document != known.id for known in engine.library().documents()):
        raise DocumentNotFound(
            f"There is no document {document!r}.", hint="Give the whole id of a document."
        )
    remove(engine.home, [document], wait=WRITER_WAIT)
