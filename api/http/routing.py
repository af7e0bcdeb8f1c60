"""Parts that all endpoints share: the engine, and the problems that they describe."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Depends, Request
from fastapi.dependencies.models import Dependant
from fastapi.exceptions import RequestValidationError

from api.engine import Engine
from api.http.thumbnails import Thumbnails
from api.jobs.job_service import JobService
from api.schemas.service import ProblemBody


def problems(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """OpenAPI responses of an endpoint's problems."""
    return {status: {"model": ProblemBody} for status in statuses}


# Asynchronous: FastAPI calls plain functions on the threads that searches use.
async def _engine(request: Request) -> Engine:
    engine: Engine = request.app.state.engine
    return engine


async def _jobs(request: Request) -> JobService:
    jobs: JobService = request.app.state.jobs
    return jobs


async def _thumbnails(request: Request) -> Thumbnails:
    thumbnails: Thumbnails = request.app.state.thumbnails
    return thumbnails


WRITER_WAIT = 60.0
"""Seconds that a request waits for its turn to write before it is a 503."""
RequestThumbnails = Annotated[Thumbnails, Depends(_thumbnails)]
RequestEngine = Annotated[Engine, Depends(_engine)]
RequestJobs = Annotated[JobService, Depends(_jobs)]


async def refuse_unknown_query(request: Request) -> None:
    """Refuse query parameters that the endpoint does not have, as a body's fields are.

    Raises:
        RequestValidationError
    """
    known = set(_query_names(request.scope["route"].dependant))
    unknown = [name for name in dict.fromkeys(request.query_params) if name not in known]
    if unknown:
        told = f"there is no such parameter; there are {', '.join(sorted(known)) or 'none'}"
        raise RequestValidationError([{"loc": ("query", name), "msg": told} for name in unknown])


def _query_names(dependant: Dependant) -> list[str]:
    names = [field.alias for field in dependant.query_params]
    return names + [name for below in dependant.dependencies for name in _query_names(below)]
