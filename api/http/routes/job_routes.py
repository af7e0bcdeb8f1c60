"""Endpoints for jobs: list, state, events and cancellation."""

from __future__ import annotations

from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Header, Path, Query
from fastapi.responses import JSONResponse, Response

from api.http.openapi import EVENT
from api.http.routes.job_events import job_events
from api.http.routing import RequestJobs, problems
from api.http.streams import EventStream
from api.jobs.runner import JobRunner
from api.schemas.jobs import JobBody, JobsBody

JobId = Annotated[str, Path(max_length=100, description="The id of a job.")]
NO_MORE_EVENTS = 204

router = APIRouter(prefix="/v1", responses=problems(422))


@router.get("/jobs", response_model=JobsBody)
async def list_jobs(
    jobs: RequestJobs,
    limit: Annotated[int, Query(ge=1, le=1_000, description="How many at most.")] = 100,
) -> Response:
    """List jobs, the newest first."""
    # On a thread, since they may have many files.
    text = await jobs.threads.run(_list, jobs.runner, limit)
    return Response(text, media_type="application/json")


def _list(runner: JobRunner, limit: int) -> str:
    return JobsBody(jobs=[JobBody.of(job) for job in runner.recent(limit)]).model_dump_json()


@router.get("/jobs/{job}", responses=problems(404))
async def show_job(job: JobId, jobs: RequestJobs) -> JobBody:
    """Show how far a job is, and the result of each file."""
    return JobBody.of(await jobs.threads.run(jobs.runner.find, job))


@router.get(
    "/jobs/{job}/events",
    response_class=Response,
    responses={
        200: {
            "description": "Events: job, progress, file, then end, or stopping with the server",
            "content": {EventStream.media_type: {"schema": EVENT}},
        },
        NO_MORE_EVENTS: {"description": "It has ended, and the client has its last event"},
        **problems(404),
    },
)
async def follow_job(
    job: JobId,
    jobs: RequestJobs,
    last_event_id: Annotated[str | None, Header()] = None,
) -> Response:
    """Follow a job by server-sent events, from its present state on."""
    found = await jobs.threads.run(jobs.runner.find, job)
    if found.finished and last_event_id == str(found.version):
        return Response(status_code=NO_MORE_EVENTS)  # lets an EventSource connect no more
    return EventStream(job_events(jobs.changes(job)))


@router.delete(
    "/jobs/{job}",
    response_model=JobBody,
    responses={
        202: {"model": JobBody, "description": "It is running, and ends at its next event"},
        **problems(404, 409),
    },
)
async def cancel_job(job: JobId, jobs: RequestJobs) -> Response:
    """Cancel a job; documents that it has added stay."""
    found = await jobs.threads.run(jobs.runner.cancel, job)
    status = HTTPStatus.OK if found.finished else HTTPStatus.ACCEPTED
    return JSONResponse(JobBody.of(found).model_dump(), status)
