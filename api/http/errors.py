"""Errors over HTTP: RFC 9457 problem details, and statuses by family of errors."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from pathlib import Path
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette._utils import get_route_path
from starlette.exceptions import HTTPException

from api.hints import hint_for
from api.http.request_id import current_request_id
from generation.providers.access import ModelError
from ingest.error import (
    ComputeError,
    ConfigurationError,
    ConflictError,
    InvalidInputError,
    NotFoundError,
    PageglassError,
    StorageError,
    UnavailableError,
    find_by_code,
)

MEDIA_TYPE = "application/problem+json"
OPENAI_PATHS = ("/v1/chat/", "/v1/models")
DESCRIPTION_HINT = "GET /openapi.json describes every request."


class InvalidHighlight(InvalidInputError):
    """A highlight is neither boxes nor words that are on the page."""

    code = "invalid-highlight"


class ServerStopping(UnavailableError):
    """The server stops before a stream has come to its end."""

    code = "server-stopping"


class ChatModelNotFound(NotFoundError):
    """A chat client asks for a model that this server does not have."""

    code = "chat-model-not-found"


STATUSES: dict[str, HTTPStatus] = {
    InvalidInputError.code: HTTPStatus.UNPROCESSABLE_ENTITY,
    NotFoundError.code: HTTPStatus.NOT_FOUND,
    ConflictError.code: HTTPStatus.CONFLICT,
    UnavailableError.code: HTTPStatus.SERVICE_UNAVAILABLE,
    StorageError.code: HTTPStatus.INTERNAL_SERVER_ERROR,
    ConfigurationError.code: HTTPStatus.INTERNAL_SERVER_ERROR,
    ComputeError.code: HTTPStatus.INTERNAL_SERVER_ERROR,
    ModelError.code: HTTPStatus.BAD_GATEWAY,
    PageglassError.code: HTTPStatus.INTERNAL_SERVER_ERROR,
    # The server's settings name these, not the request.
    "unknown-encoder": HTTPStatus.INTERNAL_SERVER_ERROR,
    "unknown-model": HTTPStatus.INTERNAL_SERVER_ERROR,
    "unknown-ocr": HTTPStatus.INTERNAL_SERVER_ERROR,
    "unknown-speech": HTTPStatus.INTERNAL_SERVER_ERROR,
    "unknown-office": HTTPStatus.INTERNAL_SERVER_ERROR,
    "unknown-quantization": HTTPStatus.INTERNAL_SERVER_ERROR,
    "api-key-missing": HTTPStatus.INTERNAL_SERVER_ERROR,
    # Another server does not answer, or refuses.
    "chroma-refused": HTTPStatus.BAD_GATEWAY,
    "object-store": HTTPStatus.SERVICE_UNAVAILABLE,
    "object-store-refused": HTTPStatus.BAD_GATEWAY,
    "object-store-taken": HTTPStatus.CONFLICT,
    "object-store-format": HTTPStatus.INTERNAL_SERVER_ERROR,
    "request-too-large": HTTPStatus.UNPROCESSABLE_ENTITY,
    # The client named the address.
    "url-unreachable": HTTPStatus.UNPROCESSABLE_ENTITY,
    "rate-limited": HTTPStatus.TOO_MANY_REQUESTS,
    "overloaded": HTTPStatus.SERVICE_UNAVAILABLE,
    "timed-out": HTTPStatus.GATEWAY_TIMEOUT,
    "disk-full": HTTPStatus.INSUFFICIENT_STORAGE,
}
"""By `code` of a family, and of the classes that differ from their family."""


_hidden: set[str] = set()
"""Folders whose paths no problem shows."""


def status_of(error: PageglassError) -> HTTPStatus:
    """HTTP status of an error: that of its class's code, else of the nearest parent's."""
    status = find_by_code(STATUSES, error)
    assert status is not None  # the root's code is in the table
    return status


def problem_body(
    status: int, detail: str, hint: str, *, code: str = "", **more: Any
) -> dict[str, Any]:
    """Fields of a problem; the type without a `code` is "about:blank" (RFC 9457)."""
    return {
        "type": f"urn:pageglass:problem:{code}" if code else "about:blank",
        "title": code.replace("-", " ").capitalize() if code else HTTPStatus(status).phrase,
        "status": int(status),
        "detail": detail,
        "hint": hint,
        "request_id": current_request_id(),
        **more,
    }


def hide_folder(folder: Path) -> None:
    """Keep a folder's path out of all problems; clients see "the data folder"."""
    _hidden.add(str(folder))


def error_body(error: PageglassError) -> dict[str, Any]:
    """Fields of the problem that an error is, without the server's paths."""
    detail = error.message
    for folder in sorted(_hidden, key=len, reverse=True):
        detail = detail.replace(folder, "the data folder")
    return problem_body(status_of(error), detail, hint_for(error, "http"), code=type(error).code)


def describe_error(error: Exception) -> dict[str, Any]:
    """Fields of the problem that an exception is, expected or not."""
    return error_body(error) if isinstance(error, PageglassError) else crash_body()


def server_stopping() -> ServerStopping:
    """The error of a stream that the server's stop cuts short."""
    return ServerStopping("The server stops before the answer is whole.", hint="Ask again later.")


def crash_body() -> dict[str, Any]:
    """Fields of the problem that an unexpected exception is; nothing of it is shown."""
    return problem_body(
        HTTPStatus.INTERNAL_SERVER_ERROR,
        "Something broke that should not have.",
        "The server's log has the error under this request_id; please report it.",
    )


def openai_body(problem: Mapping[str, Any]) -> dict[str, Any]:
    """Problem in the shape of OpenAI's errors."""
    status = problem["status"]
    kind = "server_error" if status >= 500 else "invalid_request_error"
    where = problem.get("errors") or [{"at": None}]
    return {
        "error": {
            "message": f"{problem['detail']} {problem['hint']}".strip(),
            "type": "authentication_error" if status == 401 else kind,
            "param": where[0]["at"],
            "code": problem["type"].rpartition(":")[2].replace("-", "_"),
            "request_id": problem["request_id"],
        }
    }


def respond(path: str, body: dict[str, Any], headers: Any = None) -> JSONResponse:
    """Problem response to a request of `path`, on OpenAI's paths in OpenAI's shape."""
    status = body["status"]
    if path.startswith(OPENAI_PATHS):
        # OpenAI's clients know an invalid request by 400.
        status = 400 if status == HTTPStatus.UNPROCESSABLE_ENTITY else status
        return JSONResponse(openai_body(body), status, headers=headers)
    return JSONResponse(body, status, headers=headers, media_type=MEDIA_TYPE)


def problem(
    status: int,
    detail: str,
    hint: str,
    *,
    code: str = "",
    headers: Any = None,
    path: str = "",
    **more: Any,
) -> JSONResponse:
    """Problem response from its fields."""
    return respond(path, problem_body(status, detail, hint, code=code, **more), headers)


def add_handlers(app: FastAPI) -> None:
    """Let every error of an application leave as a problem."""
    app.add_exception_handler(PageglassError, _on_error)
    app.add_exception_handler(RequestValidationError, _on_invalid)
    app.add_exception_handler(HTTPException, _on_http)


def _on_error(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, PageglassError)
    # For the request's line in the log.
    request.scope["problem_code"] = type(error).code
    body = error_body(error)
    busy = body["status"] == HTTPStatus.SERVICE_UNAVAILABLE
    return respond(get_route_path(request.scope), body, {"Retry-After": "10"} if busy else None)


def _on_invalid(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)
    errors = [
        {"at": ".".join(map(str, one["loc"])), "reason": str(one["msg"])} for one in error.errors()
    ]
    return problem(
        HTTPStatus.UNPROCESSABLE_ENTITY,
        "; ".join(f"{one['at']}: {one['reason']}" for one in errors),
        DESCRIPTION_HINT,
        code="invalid-request",
        errors=errors,
        path=get_route_path(request.scope),
    )


def _on_http(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)
    status = HTTPStatus(error.status_code)
    detail = error.detail if error.detail != status.phrase else f"{status.description}."
    return problem(
        status,
        detail or f"{status.phrase}.",
        DESCRIPTION_HINT,
        headers=error.headers,
        path=get_route_path(request.scope),
    )
