"""Every error over HTTP as RFC 9457 problem details, and the one table from faults to statuses."""

from __future__ import annotations

import re
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from generation.models.model import NoModel
from ingest.add import DiskFull
from ingest.classify import NoLabels, NotOfPictures
from ingest.encoders.checkpoint import BadCheckpoint
from ingest.encoders.encoder import BadVectors, NoDevice, NoEncoder, NoMemory
from ingest.fault import Fault
from ingest.head import StoreFormat
from ingest.home import HomeBusy, HomeUnusable, OnlyMirror
from ingest.library import LibraryFormat, NoDocument, NoLibrary, NoPage
from ingest.manifest import IndexFormat
from ingest.ocr import NoOcr, OcrFailed
from ingest.publish import StoreTaken
from ingest.server import NoRecords, ServerRefused, ServerUnreachable
from ingest.source import UnreadableFile
from ingest.store import NoStorePackage, StoreFault, StoreRefused
from ingest.tag import BadLabels
from ingest.weights import WeightsChanged, WeightsMissing
from retrieval.compose import BadQuery
from retrieval.search import EmptyQuery, NoPictures, NotSeen, StillChanging

MEDIA_TYPE = "application/problem+json"


class BadHighlight(Fault):
    """A highlight is neither boxes nor words that are on the page."""


STATUSES: dict[type[Fault], HTTPStatus] = {
    EmptyQuery: HTTPStatus.UNPROCESSABLE_ENTITY,
    BadQuery: HTTPStatus.UNPROCESSABLE_ENTITY,
    NoLabels: HTTPStatus.UNPROCESSABLE_ENTITY,
    BadLabels: HTTPStatus.UNPROCESSABLE_ENTITY,
    NotOfPictures: HTTPStatus.CONFLICT,
    BadHighlight: HTTPStatus.UNPROCESSABLE_ENTITY,
    UnreadableFile: HTTPStatus.UNPROCESSABLE_ENTITY,
    NoDocument: HTTPStatus.NOT_FOUND,
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
    NoOcr: HTTPStatus.INTERNAL_SERVER_ERROR,
    OcrFailed: HTTPStatus.INTERNAL_SERVER_ERROR,
    NoEncoder: HTTPStatus.INTERNAL_SERVER_ERROR,
    BadCheckpoint: HTTPStatus.INTERNAL_SERVER_ERROR,
    NoDevice: HTTPStatus.INTERNAL_SERVER_ERROR,
    NoMemory: HTTPStatus.INTERNAL_SERVER_ERROR,
    BadVectors: HTTPStatus.INTERNAL_SERVER_ERROR,
    NoModel: HTTPStatus.INTERNAL_SERVER_ERROR,
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


def problem(
    status: int, detail: str, remedy: str, *, name: str = "", headers: Any = None, **more: Any
) -> JSONResponse:
    """A problem response. `name` is a fault's class; without one the status speaks for itself."""
    words = re.sub(r"(?<!^)(?=[A-Z])", " ", name).split()
    body = {
        "type": f"urn:pageglass:problem:{'-'.join(words).lower()}" if words else "about:blank",
        "title": " ".join(words).capitalize() if words else HTTPStatus(status).phrase,
        "status": int(status),
        "detail": detail,
        "remedy": remedy,
        **more,
    }
    return JSONResponse(body, status, headers=headers, media_type=MEDIA_TYPE)


def add_handlers(app: FastAPI) -> None:
    """Let every error of the app leave as a problem."""
    app.add_exception_handler(Fault, _on_fault)
    app.add_exception_handler(RequestValidationError, _on_invalid)
    app.add_exception_handler(HTTPException, _on_http)
    app.add_exception_handler(Exception, _on_crash)


def _on_fault(_request: Request, fault: Exception) -> JSONResponse:
    assert isinstance(fault, Fault)
    status = status_of(fault)
    headers = {"Retry-After": "10"} if status == HTTPStatus.SERVICE_UNAVAILABLE else None
    remedy = REMEDIES.get(type(fault), fault.remedy)
    return problem(status, fault.message, remedy, name=type(fault).__name__, headers=headers)


def _on_invalid(_request: Request, error: Exception) -> JSONResponse:
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
    )


def _on_http(_request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)
    status = HTTPStatus(error.status_code)
    detail = error.detail if error.detail != status.phrase else f"{status.description}."
    remedy = "GET /openapi.json describes every request."
    return problem(status, detail or f"{status.phrase}.", remedy, headers=error.headers)


def _on_crash(_request: Request, _error: Exception) -> JSONResponse:
    return problem(
        HTTPStatus.INTERNAL_SERVER_ERROR,
        "Something broke that should not have.",
        "The server's log says what; please report it.",
    )


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
