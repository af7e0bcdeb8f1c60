"""JSON of the service itself: health, status, sessions, and problems (RFC 9457)."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel

from api.schemas.pages import example


class HealthBody(BaseModel):
    """Health and version of the server."""

    model_config = example({"status": "ok", "version": "0.1.0"})

    status: str
    version: str


class ReadyBody(BaseModel):
    """Readiness of the server: "ok", or the code of a problem, of each part."""

    model_config = example({"status": "ready", "checks": {"library": "ok", "model": "ok"}})

    status: str
    checks: dict[str, str]


class ProblemBody(BaseModel):
    """Problem (RFC 9457) with a `hint`, what to do next, and the request's id."""

    model_config = example(
        {
            "type": "urn:pageglass:problem:document-not-found",
            "title": "Document not found",
            "status": 404,
            "detail": "There is no document 'report.pdf'.",
            "hint": "Name one that exists. GET /v1/documents shows them.",
            "request_id": "5f0c7d1e9b6a4c3f8e2d1a0b9c8d7e6f",
        }
    )

    type: str
    title: str
    status: int
    detail: str
    hint: str
    request_id: str | None


class FindingBody(BaseModel):
    """Result of one check, as `doctor` shows it."""

    topic: str
    name: str
    state: str
    detail: str
    hint: str


class StatusBody(BaseModel):
    """Status of the library, of the model and of the jobs.

    The fields are those of `status --json`; `shards` is empty where the library is not in
    shards, and those that cannot be read have null for `documents` and `pages`. `jobs` counts the latest jobs by state; `checks` is null unless it was asked for.
    """

    model_config = example(
        {
            "version": "0.1.0",
            "model": "extractive",
            "home": "/home/ada/.local/share/pageglass",
            "documents": 12,
            "pages": 31,
            "noted_pages": 1,
            "bytes": 5_210_112,
            "free_bytes": 81_204_117_504,
            "indexes": [
                {"encoder": "minilm", "model": "all-MiniLM-L6-v2", "dim": 384, "format": 4,
                 "documents": 12}
            ],
            "failures": [],
            "shards": [],
            "jobs": {"done": 3},
            "checks": None,
        }
    )  # fmt: skip

    version: str
    model: str
    home: str
    documents: int
    pages: int
    noted_pages: int
    bytes: int
    free_bytes: int
    indexes: list[dict[str, Any]]
    failures: list[dict[str, str]]
    shards: list[dict[str, Any]]
    jobs: dict[str, int]
    checks: list[FindingBody] | None


class TagBody(BaseModel):
    """Tag: the pages that have it, and the documents that a user gave it."""

    tag: str
    pages: int
    documents: int


class TagsBody(BaseModel):
    """Tags, the most frequent first."""

    model_config = example({"tags": [{"tag": "finance", "pages": 8, "documents": 1}]})

    tags: list[TagBody]


class FolderBody(BaseModel):
    """Folder with the number of documents directly in it."""

    folder: str
    documents: int


class FoldersBody(BaseModel):
    """Folders, those with the most documents first."""

    model_config = example({"folders": [{"folder": "/home/ada/reports/2024", "documents": 12}]})

    folders: list[FolderBody]


class SessionBody(BaseModel):
    """Session of a browser: whether a token is needed, and whose it is that was shown.

    `scopes` are what the requests of this browser may do.
    """

    model_config = example(
        {"token_needed": True, "signed_in": True, "name": "ada", "scopes": ["read", "write"]}
    )

    token_needed: bool
    signed_in: bool
    name: str | None
    scopes: list[str]
