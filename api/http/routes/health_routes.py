"""Endpoints of the service itself: `/health`, `/ready` and `/metrics`."""

from __future__ import annotations

from http import HTTPStatus

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response
from prometheus_client import CONTENT_TYPE_LATEST

from api.schemas.service import HealthBody, ReadyBody
from api.version import find_version

router = APIRouter()
guarded = APIRouter()


@router.get("/health")
async def health() -> HealthBody:
    """Health of the server; needs no token, and reads no data."""
    return HealthBody(status="ok", version=find_version())


@router.get(
    "/ready",
    response_model=ReadyBody,
    responses={503: {"model": ReadyBody, "description": "A part is not ready"}},
)
def ready(request: Request) -> JSONResponse:
    """Readiness of the library, the model, Chroma and the store; needs no token."""
    checks = request.app.state.readiness.check()
    whole = all(told == "ok" for told in checks.values())
    body = ReadyBody(status="ready" if whole else "not ready", checks=checks)
    status = HTTPStatus.OK if whole else HTTPStatus.SERVICE_UNAVAILABLE
    headers = {} if whole else {"Retry-After": "5"}
    return JSONResponse(body.model_dump(), status, headers)


@guarded.get(
    "/metrics",
    response_class=Response,
    responses={200: {"content": {"text/plain": {"schema": {"type": "string"}}}}},
)
def metrics(request: Request) -> Response:
    """Metrics in the text format of Prometheus."""
    return Response(request.app.state.metrics.text(), media_type=CONTENT_TYPE_LATEST)
