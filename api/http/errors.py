"""Every error over HTTP as RFC 9457 problem details, and the one table from faults to statuses."""

from __future__ import annotations

import re
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from generation.extraction.record import RequiredFieldMissing, SchemaMismatch
from generation.extraction.schema import InvalidSchema
from generation.models.access import (
    ApiKeyMissing,
    ImageRequired,
    ModelError,
    Overloaded,
    PromptTooLong,
    RateLimited,
    RequestTooLarge,
    TimedOut,
)
from generation.models.model import UnknownModel
from ingest.annotate.classify import LabelsMissing, NotAnImageEncoder
from ingest.annotate.tag import InvalidLabels
from ingest.disk import DiskFull
from ingest.encoders.checkpoint import InvalidCheckpoint
from ingest.encoders.embedded.weights import WeightsChanged, WeightsMissing
from ingest.encoders.encoder import (
    DeviceUnavailable,
    InvalidVectors,
    OutOfDeviceMemory,
    UnknownEncoder,
)
from ingest.error import InvalidInputError, NotFoundError, PageglassError
from ingest.extras import MissingExtra
from ingest.files.ocr import OcrFailed, OcrUnavailable
from ingest.files.source import UnreadableFile
from ingest.index.manifest import IndexFormatError
from ingest.index.quantization import LossyConversion, UnknownQuantization
from ingest.index.server import ChromaRefused, ChromaUnreachable, RecordsMissing
from ingest.library.database import LibraryFormatError, LibraryNotFound
from ingest.library.documents import DocumentNotFound
from ingest.library.home import HomeBusy, HomeUnusable, ReadOnlyMirror
from ingest.library.pages import PageNotFound
from ingest.replica.head import ObjectStoreFormatError
from ingest.replica.object_store import (
    ObjectStoreError,
    ObjectStoreRefused,
)
from ingest.replica.publish import ObjectStoreTaken
from retrieval.gpu.free_list import GpuMemoryExhausted
from retrieval.query.compose import InvalidQuery
from retrieval.search import EmptyQuery, ImageIndexNotFound, LibraryChanging, PageNotEncoded

MEDIA_TYPE = "application/problem+json"
OPENAI_PATHS = ("/v1/chat/", "/v1/models")


class InvalidHighlight(InvalidInputError):
    """A highlight is neither boxes nor words that are on the page."""

    code = "invalid-highlight"


class ChatModelNotFound(NotFoundError):
    """A chat client asks for a model that this server is not."""

    code = "chat-model-not-found"


STATUSES: dict[type[PageglassError], HTTPStatus] = {
    EmptyQuery: HTTPStatus.UNPROCESSABLE_ENTITY,
    InvalidQuery: HTTPStatus.UNPROCESSABLE_ENTITY,
    LabelsMissing: HTTPStatus.UNPROCESSABLE_ENTITY,
    InvalidLabels: HTTPStatus.UNPROCESSABLE_ENTITY,
    InvalidSchema: HTTPStatus.UNPROCESSABLE_ENTITY,
    RequiredFieldMissing: HTTPStatus.UNPROCESSABLE_ENTITY,
    SchemaMismatch: HTTPStatus.BAD_GATEWAY,
    NotAnImageEncoder: HTTPStatus.CONFLICT,
    InvalidHighlight: HTTPStatus.UNPROCESSABLE_ENTITY,
    UnreadableFile: HTTPStatus.UNPROCESSABLE_ENTITY,
    DocumentNotFound: HTTPStatus.NOT_FOUND,
    ChatModelNotFound: HTTPStatus.NOT_FOUND,
    PageNotFound: HTTPStatus.NOT_FOUND,
    PageNotEncoded: HTTPStatus.NOT_FOUND,
    LibraryNotFound: HTTPStatus.CONFLICT,
    ImageIndexNotFound: HTTPStatus.CONFLICT,
    HomeBusy: HTTPStatus.SERVICE_UNAVAILABLE,
    LibraryChanging: HTTPStatus.SERVICE_UNAVAILABLE,
    ChromaUnreachable: HTTPStatus.SERVICE_UNAVAILABLE,
    RecordsMissing: HTTPStatus.SERVICE_UNAVAILABLE,
    ChromaRefused: HTTPStatus.BAD_GATEWAY,
    ReadOnlyMirror: HTTPStatus.CONFLICT,
    ObjectStoreTaken: HTTPStatus.CONFLICT,
    ObjectStoreError: HTTPStatus.SERVICE_UNAVAILABLE,
    ObjectStoreRefused: HTTPStatus.BAD_GATEWAY,
    ObjectStoreFormatError: HTTPStatus.INTERNAL_SERVER_ERROR,
    MissingExtra: HTTPStatus.INTERNAL_SERVER_ERROR,
    DiskFull: HTTPStatus.INSUFFICIENT_STORAGE,
    HomeUnusable: HTTPStatus.INTERNAL_SERVER_ERROR,
    LibraryFormatError: HTTPStatus.INTERNAL_SERVER_ERROR,
    IndexFormatError: HTTPStatus.INTERNAL_SERVER_ERROR,
    UnknownQuantization: HTTPStatus.INTERNAL_SERVER_ERROR,
    LossyConversion: HTTPStatus.INTERNAL_SERVER_ERROR,
    OcrUnavailable: HTTPStatus.INTERNAL_SERVER_ERROR,
    OcrFailed: HTTPStatus.INTERNAL_SERVER_ERROR,
    UnknownEncoder: HTTPStatus.INTERNAL_SERVER_ERROR,
    InvalidCheckpoint: HTTPStatus.INTERNAL_SERVER_ERROR,
    DeviceUnavailable: HTTPStatus.INTERNAL_SERVER_ERROR,
    OutOfDeviceMemory: HTTPStatus.INTERNAL_SERVER_ERROR,
    GpuMemoryExhausted: HTTPStatus.INTERNAL_SERVER_ERROR,
    InvalidVectors: HTTPStatus.INTERNAL_SERVER_ERROR,
    ImageRequired: HTTPStatus.UNPROCESSABLE_ENTITY,
    PromptTooLong: HTTPStatus.UNPROCESSABLE_ENTITY,
    UnknownModel: HTTPStatus.INTERNAL_SERVER_ERROR,
    ApiKeyMissing: HTTPStatus.INTERNAL_SERVER_ERROR,
    ModelError: HTTPStatus.BAD_GATEWAY,
    RequestTooLarge: HTTPStatus.UNPROCESSABLE_ENTITY,
    RateLimited: HTTPStatus.TOO_MANY_REQUESTS,
    Overloaded: HTTPStatus.SERVICE_UNAVAILABLE,
    TimedOut: HTTPStatus.GATEWAY_TIMEOUT,
    WeightsMissing: HTTPStatus.INTERNAL_SERVER_ERROR,
    WeightsChanged: HTTPStatus.INTERNAL_SERVER_ERROR,
}
"""A fault's own class counts, else the nearest of its parents; one not named here is a 500."""

REMEDIES: dict[type[PageglassError], str] = {
    LibraryNotFound: "POST a file to /v1/documents, or run `pageglass ingest PATH`.",
    DocumentNotFound: "GET /v1/documents shows what there is.",
}
"""Where what to do next is another thing over HTTP than on the command line."""


def status_of(fault: PageglassError) -> HTTPStatus:
    """The status that a fault is told with."""
    for kind in type(fault).__mro__:
        if kind in STATUSES:
            return STATUSES[kind]
    return HTTPStatus.INTERNAL_SERVER_ERROR


def problem_body(
    status: int, detail: str, hint: str, *, name: str = "", **more: Any
) -> dict[str, Any]:
    """A problem's fields. `name` is a fault's class; without one the status speaks for itself."""
    words = re.sub(r"(?<!^)(?=[A-Z])", " ", name).split()
    return {
        "type": f"urn:pageglass:problem:{'-'.join(words).lower()}" if words else "about:blank",
        "title": " ".join(words).capitalize() if words else HTTPStatus(status).phrase,
        "status": int(status),
        "detail": detail,
        "hint": hint,
        **more,
    }


def fault_body(fault: PageglassError) -> dict[str, Any]:
    """A fault as a problem's fields."""
    hint = REMEDIES.get(type(fault), fault.hint)
    return problem_body(status_of(fault), fault.message, hint, name=type(fault).__name__)


def crash_body() -> dict[str, Any]:
    """What is told of a fault of the program itself."""
    return problem_body(
        HTTPStatus.INTERNAL_SERVER_ERROR,
        "Something broke that should not have.",
        "The server's log says what; please report it.",
    )


def openai_body(problem: dict[str, Any]) -> dict[str, Any]:
    """A problem's fields in the shape of OpenAI's errors."""
    status = problem["status"]
    kind = "server_error" if status >= 500 else "invalid_request_error"
    where = problem.get("errors") or [{"at": None}]
    return {
        "error": {
            "message": f"{problem['detail']} {problem['hint']}".strip(),
            "type": "authentication_error" if status == 401 else kind,
            "param": where[0]["at"],
            "code": problem["type"].rpartition(":")[2].replace("-", "_"),
        }
    }


def respond(path: str, body: dict[str, Any], headers: Any = None) -> JSONResponse:
    """A problem's fields as a response: on the paths of OpenAI's protocol in that protocol's shape."""
    status = body["status"]
    if path.startswith(OPENAI_PATHS):
        # Its clients know an invalid request by 400.
        status = 400 if status == HTTPStatus.UNPROCESSABLE_ENTITY else status
        return JSONResponse(openai_body(body), status, headers=headers)
    return JSONResponse(body, status, headers=headers, media_type=MEDIA_TYPE)


def problem(
    status: int,
    detail: str,
    hint: str,
    *,
    name: str = "",
    headers: Any = None,
    path: str = "",
    **more: Any,
) -> JSONResponse:
    """A problem response to a request of `path`."""
    return respond(path, problem_body(status, detail, hint, name=name, **more), headers)


def add_handlers(app: FastAPI) -> None:
    """Let every error of the app leave as a problem."""
    app.add_exception_handler(PageglassError, _on_fault)
    app.add_exception_handler(RequestValidationError, _on_invalid)
    app.add_exception_handler(HTTPException, _on_http)
    app.add_exception_handler(Exception, _on_crash)


def _on_fault(request: Request, fault: Exception) -> JSONResponse:
    assert isinstance(fault, PageglassError)
    body = fault_body(fault)
    busy = body["status"] == HTTPStatus.SERVICE_UNAVAILABLE
    return respond(request.url.path, body, {"Retry-After": "10"} if busy else None)


def _on_invalid(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)
    errors = [
        {"at": ".".join(map(str, one["loc"])), "reason": str(one["msg"])} for one in error.errors()
    ]
    return problem(
        HTTPStatus.UNPROCESSABLE_ENTITY,
        "; ".join(f"{one['at']}: {one['reason']}" for one in errors),
        "GET /openapi.json describes every request.",
        name="InvalidRequest",
        errors=errors,
        path=request.url.path,
    )


def _on_http(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)
    status = HTTPStatus(error.status_code)
    detail = error.detail if error.detail != status.phrase else f"{status.description}."
    hint = "GET /openapi.json describes every request."
    return problem(
        status,
        detail or f"{status.phrase}.",
        hint,
        headers=error.headers,
        path=request.url.path,
    )


def _on_crash(request: Request, _error: Exception) -> JSONResponse:
    return respond(request.url.path, crash_body())


def describe(app: FastAPI) -> None:
    """Let the OpenAPI description name problems by their media type."""
    plain = app.openapi

    def described() -> dict[str, Any]:
        schema = plain()
        for path in schema["paths"].values():
            for operation in path.values():
                for status, response in operation["responses"].items():
                    content = response.get("content", {})
                    if status >= "400" and "application/json" in content:
                        content[MEDIA_TYPE] = content.pop("application/json")
        return schema

    app.openapi = described  # type: ignore[method-assign]
