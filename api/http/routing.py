"""Parts that all endpoints share: the engine, and the problems that they describe."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Depends, Request

from api.engine import Engine
from api.jobs.runner import JobRunner
from api.jobs.watch import JobThreads
from api.schemas.service import ProblemBody


def problems(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """OpenAPI responses of an endpoint's problems."""
    return {status: {"model": ProblemBody} for status in statuses}


# Asynchronous: FastAPI calls plain functions on the threads that searches use.
async def _engine(request: Request) -> Engine:
    engine: Engine = request.app.state.engine
    return engine


async def _jobs(request: Request) -> JobRunner:
    jobs: JobRunner = request.app.state.jobs
    return jobs


async def _threads(request: Request) -> JobThreads:
    threads: JobThreads = request.app.state.job_threads
    return threads


async def _writers(request: Request) -> JobThreads:
    writers: JobThreads = request.app.state.writer_threads
    return writers


RequestEngine = Annotated[Engine, Depends(_engine)]
RequestJobs = Annotated[JobRunner, Depends(_jobs)]
RequestThreads = Annotated[JobThreads, Depends(_threads)]
RequestWriters = Annotated[JobThreads, Depends(_writers)]
"""Threads that may wait for the writer's lock."""
