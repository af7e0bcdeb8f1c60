"""JSON of documents, uploads and files set aside."""

from __future__ import annotations

from typing import Annotated, Any, Self

from pydantic import BaseModel, Field

from api.schemas.pages import EXAMPLE_ID, example
from ingest.file_state import Failure
from ingest.library.documents import readable
from ingest.page import Document, TitleSource

EXAMPLE_DOCUMENT: dict[str, Any] = {
    "document": EXAMPLE_ID,
    "name": "annual-report.pdf",
    "paths": ["/home/ada/annual-report.pdf"],
    "attached_to": [],
    "kind": "pdf",
    "title": "Annual report 2024",
    "title_source": "metadata",
    "pages": 8,
    "bytes": 182_344,
    "sha256": EXAMPLE_ID + "0" * 44,
    "revision": "5d1c0f9e8a7b",
    "added_at": "2025-01-31T09:30:00+00:00",
    "taken": None,
    "tags": ["finance"],
    "notes": [{"page": 3, "note": "An image could not be decoded, or only in part."}],
}


class NoteBody(BaseModel):
    """Note: what of a page could not be read."""

    page: int
    note: str


class DocumentBody(BaseModel):
    """Document: a file's content, the paths it was read from, and notes of its pages.

    `attached_to` has the places where it is an attachment: the path of a PDF and its name there.
    `tags` are those that a user gave it. `title_source` is null where an older version read it.
    `taken` is when a photo was taken, by its own account.
    """

    model_config = example(EXAMPLE_DOCUMENT)

    document: str
    name: str
    paths: list[str]
    attached_to: list[str]
    kind: str
    title: str
    title_source: TitleSource | None = None
    pages: int
    bytes: int
    sha256: str
    revision: str
    added_at: str
    taken: str | None = None
    tags: list[str] = []
    notes: list[NoteBody]

    @classmethod
    def of(cls, document: Document) -> Self:
        """JSON of a document."""
        document = document.titled()
        return cls(
            document=document.id,
            name=document.name,
            paths=[readable(path) for path in document.paths],
            attached_to=[readable(path) for path in document.attached_to],
            kind=document.kind,
            title=document.title,
            title_source=document.title_source,
            pages=document.page_count,
            bytes=document.byte_size,
            sha256=document.sha256,
            revision=document.revision,
            added_at=document.added_at,
            taken=document.taken or None,
            tags=list(document.tags),
            notes=[NoteBody(page=number, note=note) for number, note in document.notes],
        )


class DocumentsBody(BaseModel):
    """Documents in order.

    `count` are all that fit; `next_cursor` asks for the next of them, null at the end.
    """

    documents: list[DocumentBody]
    count: int
    next_cursor: str | None


class FileBody(BaseModel):
    """Result of one uploaded file.

    `status` is 201 where it was added, 200 where its content was in the
    library already, 422 where it cannot be read: then `error` and `hint` say why.
    """

    model_config = example(
        {
            "file": "annual-report.pdf",
            "status": 201,
            "document": EXAMPLE_DOCUMENT,
            "error": None,
            "hint": None,
        }
    )

    file: str
    status: Annotated[int, Field(description="201, 200 or 422")]
    document: DocumentBody | None = None
    error: str | None = None
    hint: str | None = None


class UploadBody(BaseModel):
    """One result a file, in the order of the request."""

    files: list[FileBody]


def failure_record(failure: Failure) -> dict[str, str]:
    """A file set aside, as `--json` writes it."""
    return {
        "path": readable(failure.path),
        "reason": failure.reason,
        "hint": failure.hint,
    }
