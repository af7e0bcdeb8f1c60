"""Parts that all endpoints share: the engine, and the problems that they describe."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Depends, Request

from api.engine import Engine
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


RequestEngine = Annotated[Engine, Depends(_engine)]
RequestJobs = Annotated[JobService, Depends(_jobs)]
