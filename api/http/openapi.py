"""OpenAPI description: what every operation can answer, beside its own responses."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from fastapi import FastAPI

from api.http.errors import MEDIA_TYPE, OPENAI_PATHS

OPEN = ("/health", "/ready")
ALWAYS = (HTTPStatus.BAD_REQUEST, HTTPStatus.FORBIDDEN, HTTPStatus.MISDIRECTED_REQUEST)
"""An odd host or body, a page of another site or a scope that lacks, another host."""
GUARDED = (HTTPStatus.UNAUTHORIZED, HTTPStatus.TOO_MANY_REQUESTS)
WITH_BODY = (HTTPStatus.REQUEST_ENTITY_TOO_LARGE, HTTPStatus.UNSUPPORTED_MEDIA_TYPE)
OPENAI = (HTTPStatus.NOT_FOUND, HTTPStatus.CONFLICT, HTTPStatus.BAD_GATEWAY)
OPENAI_ERROR = {
    "type": "object",
    "required": ["error"],
    "properties": {
        "error": {
            "type": "object",
            "required": ["message", "type", "param", "code"],
            "properties": {
                "message": {"type": "string"},
                "type": {"type": "string"},
                "param": {"type": ["string", "null"]},
                "code": {"type": "string"},
                "request_id": {"type": ["string", "null"]},
            },
        }
    },
}
EVENT = {
    "type": "object",
    "required": ["data"],
    "properties": {
        "event": {"type": "string"},
        "data": {"type": "string"},
        "id": {"type": "string"},
        "retry": {"type": "integer"},
    },
}
"""Schema of one server-sent event."""


def complete_description(app: FastAPI) -> None:
    """Let the description name the responses of the protection, and problems as such."""
    plain = app.openapi

    def described() -> dict[str, Any]:
        schema = plain()
        for path, operations in schema["paths"].items():
            for operation in operations.values():
                _complete(path, operation)
        return schema

    app.openapi = described  # type: ignore[method-assign]


def _complete(path: str, operation: dict[str, Any]) -> None:
    responses = operation["responses"]
    openai = path.startswith(OPENAI_PATHS)
    statuses = [*ALWAYS, *(() if path in OPEN else GUARDED)]
    statuses += WITH_BODY if "requestBody" in operation else ()
    if openai:
        statuses += OPENAI
        responses.pop("422", None)  # OpenAI's clients know an invalid request by 400
    for status in statuses:
        responses.setdefault(str(status.value), {"description": status.phrase})
    for code, response in responses.items():
        if code < "400" or (path in OPEN and code == "503"):
            continue
        content = response.setdefault("content", {})
        if openai:
            content.clear()
            content["application/json"] = {"schema": OPENAI_ERROR}
        else:
            content.pop("application/json", None)
            content[MEDIA_TYPE] = {"schema": {"$ref": "#/components/schemas/ProblemBody"}}
