"""JSON of the service itself: its health, and problems (RFC 9457)."""

from __future__ import annotations

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
