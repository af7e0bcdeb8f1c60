"""Every error over HTTP as RFC 9457 problem details, and the one table from faults to statuses."""

from __future__ import annotations

import re
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from generation.extraction.record import NotFitting, NotFound
from generation.extraction.schema import BadSchema
from generation.models.access import (
    ModelFailed,
    NoKey,
    Overloaded,
    RateLimited,
    TimedOut,
    TooLarge,
)
from generation.models.fit import NeedsPicture, TooLong
from generation.models.model import NoModel
from ingest.add import DiskFull
from ingest.annotate.classify import NoLabels, NotOfPictures
from ingest.annotate.tag import BadLabels
from ingest.encoders.checkpoint import BadCheckpoint
from ingest.encoders.encoder import BadVectors, NoDevice, NoEncoder, NoMemory
from ingest.encoders.weights import WeightsChanged, WeightsMissing
from ingest.error import Fault
from ingest.files.ocr import NoOcr, OcrFailed
from ingest.files.source import UnreadableFile
from ingest.index.manifest import IndexFormat
from ingest.index.quantization import NoStorage, StorageLost
from ingest.index.server import NoRecords, ServerRefused, ServerUnreachable
from ingest.library.home import HomeBusy, HomeUnusable, OnlyMirror
from ingest.library.library import LibraryFormat, NoDocument, NoLibrary, NoPage
from ingest.replica.head import StoreFormat
from ingest.replica.object_store import NoStorePackage, StoreFault, StoreRefused
from ingest.replica.publish import StoreTaken
from retrieval.gpu.free_list import NoRoom
from retrieval.query.compose import BadQuery
from retrieval.search import EmptyQuery, NoPictures, NotSeen, StillChanging

MEDIA_TYPE = "application/problem+json"
OPENAI_PATHS = ("/v1/chat/", "/v1/models")


class BadHighlight(Fault):
    """A highlight is neither boxes nor words that are on the page."""


class NoChatModel(Fault):
    """A chat client asks for a model that this server is not."""


STATUSES: dict[type[Fault], HTTPStatus] = {
    EmptyQuery: HTTPStatus.UNPROCESSABLE_ENTITY,
    BadQuery: HTTPStatus.UNPROCESSABLE_ENTITY,
    NoLabels: HTTPStatus.UNPROCESSABLE_ENTITY,
    BadLabels: HTTPStatus.UNPROCESSABLE_ENTITY,
    BadSchema: HTTPStatus.UNPROCESSABLE_ENTITY,
    NotFound: HTTPStatus.UNPROCESSABLE_ENTITY,
    NotFitting: HTTPStatus.BAD_GATEWAY,
    NotOfPictures: HTTPStatus.CONFLICT,
    BadHighlight: HTTPStatus.UNPROCESSABLE_ENTITY,
    UnreadableFile: HTTPStatus.UNPROCESSABLE_ENTITY,
    NoDocument: HTTPStatus.NOT_FOUND,
    NoChatModel: HTTPStatus.NOT_FOUND,
    NoPage: HTTPStatus.NOT_FOUND,
    NotSeen: HTTPStatus.NOT_FOUND,
    NoLibrary: HTTPStatus.CONFLICT,
    NoPictures: HTTPStatus.CONFLICT,
    HomeBusy: HTTPStatus.SERVICE_UNAVAILABLE,
    StillChanging: HTTPStatus.SERVICE_UNAVAILABLE,
    ServerUnreachable: HTTPStatus.SERVICE_UNAVAILABLE,
    NoRecords: HTTPStatus.SERVICE_UNAVAILABLE,
    ServerRefused: HTTPStatus.BAD_GATEWAY,
    OnlyMirror: HTTPStatus.CONFLICT,
    StoreTaken: HTTPStatus.CONFLICT,
    StoreFault: HTTPStatus.SERVICE_UNAVAILABLE,
    StoreRefused: HTTPStatus.BAD_GATEWAY,
    StoreFormat: HTTPStatus.INTERNAL_SERVER_ERROR,
    NoStorePackage: HTTPStatus.INTERNAL_SERVER_ERROR,
    DiskFull: HTTPStatus.INSUFFICIENT_STORAGE,
    HomeUnusable: HTTPStatus.INTERNAL_SERVER_ERROR,
    LibraryFormat: HTTPStatus.INTERNAL_SERVER_ERROR,
    IndexFormat: HTTPStatus.INTERNAL_SERVER_ERROR,
    NoStorage: HTTPStatus.INTERNAL_SERVER_ERROR,
    StorageLost: HTTPStatus.INTERNAL_SERVER_ERROR,
    NoOcr: HTTPStatus.INTERNAL_SERVER_ERROR,
    OcrFailed: HTTPStatus.INTERNAL_SERVER_ERROR,
    NoEncoder: HTTPStatus.INTERNAL_SERVER_ERROR,
    BadCheckpoint: HTTPStatus.INTERNAL_SERVER_ERROR,
    NoDevice: HTTPStatus.INTERNAL_SERVER_ERROR,
    NoMemory: HTTPStatus.INTERNAL_SERVER_ERROR,
    NoRoom: HTTPStatus.INTERNAL_SERVER_ERROR,
    BadVectors: HTTPStatus.INTERNAL_SERVER_ERROR,
    NeedsPicture: HTTPStatus.UNPROCESSABLE_ENTITY,
    TooLong: HTTPStatus.UNPROCESSABLE_ENTITY,
    NoModel: HTTPStatus.INTERNAL_SERVER_ERROR,
    NoKey: HTTPStatus.INTERNAL_SERVER_ERROR,
    ModelFailed: HTTPStatus.BAD_GATEWAY,
    TooLarge: HTTPStatus.UNPROCESSABLE_ENTITY,
    RateLimited: HTTPStatus.TOO_MANY_REQUESTS,
    Overloaded: HTTPStatus.SERVICE_UNAVAILABLE,
    TimedOut: HTTPStatus.GATEWAY_TIMEOUT,
    WeightsMissing: HTTPStatus.INTERNAL_SERVER_ERROR,
    WeightsChanged: HTTPStatus.INTERNAL_SERVER_ERROR,
}
"""A fault's own class counts, else the nearest of its parents; one not named here is a 500."""

REMEDIES: dict[type[Fault], str] = {
    NoLibrary: "POST a file to /v1/documents, or run `pageglass ingest PATH`.",
    NoDocument: "GET /v1/documents shows what there is.",
}
"""Where what to do next is another thing over HTTP than on the command line."""


def status_of(fault: Fault) -> HTTPStatus:
    """The status that a fault is told with."""
    for kind in type(fault).__mro__:
        if kind in STATUSES:
            return STATUSES[kind]
    return HTTPStatus.INTERNAL_SERVER_ERROR


def problem_body(
    status: int, detail: str, remedy: str, *, name: str = "", **more: Any
) -> dict[str, Any]:
    """A problem's fields. `name` is a fault's class; without one the status speaks for itself."""
    words = re.sub(r"(?<!^)(?=[A-Z])", " ", name).split()
    return {
        "type": f"urn:pageglass:problem:{'-'.join(words).lower()}" if words else "about:blank",
        "title": " ".join(words).capitalize() if words else HTTPStatus(status).phrase,
        "status": int(status),
        "detail": detail,
        "remedy": remedy,
        **more,
    }


def fault_body(fault: Fault) -> dict[str, Any]:
    """A fault as a problem's fields."""
    remedy = REMEDIES.get(type(fault), fault.remedy)
    return problem_body(status_of(fault), fault.message, remedy, name=type(fault).__name__)


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
            "message": f"{problem['detail']} {problem['remedy']}".strip(),
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
    remedy: str,
    *,
    name: str = "",
    headers: Any = None,
    path: str = "",
    **more: Any,
) -> JSONResponse:
    """A problem response to a request of `path`."""
    return respond(path, problem_body(status, detail, remedy, name=name, **more), headers)


def add_handlers(app: FastAPI) -> None:
    """Let every error of the app leave as a problem."""
    app.add_exception_handler(Fault, _on_fault)
    app.add_exception_handler(RequestValidationError, _on_invalid)
    app.add_exception_handler(HTTPException, _on_http)
    app.add_exception_handler(Exception, _on_crash)


def _on_fault(request: Request, fault: Exception) -> JSONResponse:
    assert isinstance(fault, Fault)
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
    remedy = "GET /openapi.json describes every request."
    return problem(
        status,
        detail or f"{status.phrase}.",
        remedy,
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
