"""Endpoints for documents: list, upload and removal."""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from http import HTTPStatus
from typing import Annotated

import anyio
from fastapi import APIRouter, Query, Request
from fastapi.responses import JSONResponse, Response
from starlette.requests import ClientDisconnect

from api.engine import Engine
from api.http.document_paging import Sort, cut_list, filter_list, sort_list
from api.http.errors import respond
from api.http.protect.audit import NOTES
from api.http.request_id import current_request_id
from api.http.requests import FOLDER
from api.http.routes.document_item_routes import DocumentId, require_documents
from api.http.routes.upload import FORM, receive_form
from api.http.routing import WRITER_WAIT, RequestEngine, RequestJobs, problems
from api.jobs.job import UNREADABLE, Job, new_job_id
from api.jobs.job_error import JobCancelled
from api.jobs.job_service import JobService
from api.jobs.spool import spool_folder
from api.schemas.documents import DocumentBody, DocumentsBody, UploadBody
from api.schemas.jobs import JobBody, JobFileBody
from ingest.disk.atomic import discard
from ingest.error import PageglassError
from ingest.library.database import LibraryNotFound
from ingest.library.home import HomeBusy
from ingest.page import DocumentKind
from ingest.shards import acts

MAX_REMOVED = 1_000
"""Documents that one request removes."""

router = APIRouter(prefix="/v1", responses=problems(422))


@router.get("/documents", responses=problems(404))
def list_documents(
    engine: RequestEngine,
    folder: Annotated[str | None, Query(max_length=4_096, description=FOLDER)] = None,
    q: Annotated[
        str, Query(max_length=500, description="Words in the name, title, paths or tags.")
    ] = "",
    kind: Annotated[DocumentKind | None, Query(description="Only documents of this kind.")] = None,
    tag: Annotated[str, Query(max_length=100, description="Only documents given this tag.")] = "",
    sort: Annotated[Sort, Query(description="The order; - turns it round.")] = "name",
    limit: Annotated[
        int | None, Query(ge=1, le=1_000, description="How many at most; without it all.")
    ] = None,
    cursor: Annotated[
        str | None, Query(max_length=4_096, description="`next_cursor` of the list before.")
    ] = None,
) -> DocumentsBody:
    """List documents."""
    try:
        library = engine.library()
        documents = library.documents_in(folder) if folder else library.documents()
    except LibraryNotFound:
        documents = []
    fit = sort_list(filter_list(documents, words=q, kind=kind, tag=tag), sort)
    some, following = cut_list(fit, sort, cursor, limit)
    return DocumentsBody(
        documents=[DocumentBody.of(document) for document in some],
        count=len(fit),
        next_cursor=following,
    )


@router.post(
    "/documents",
    status_code=HTTPStatus.ACCEPTED,
    response_model=JobBody,
    openapi_extra=FORM,
    responses={
        200: {"model": UploadBody, "description": "With `wait`: all of it was there already"},
        201: {"model": UploadBody, "description": "With `wait`: added"},
        207: {"model": UploadBody, "description": "With `wait`: some files cannot be read"},
        **problems(400, 409, 413, 503, 507),
    },
)
async def add_documents(
    request: Request,
    jobs: RequestJobs,
    wait: Annotated[bool, Query(description="Wait until the files can be searched.")] = False,
) -> Response:
    """Upload files; they are indexed as a job, which is the answer unless it is waited for."""
    await jobs.threads.run(jobs.runner.check_room)
    job_id = new_job_id()
    try:
        form = await receive_form(request, jobs.runner.home, job_id, jobs.threads)
        request.scope[NOTES] = {"job": job_id, "files": [file.name for file in form.files]}
    except BaseException as error:
        with anyio.CancelScope(shield=True):
            await jobs.threads.run(discard, spool_folder(jobs.runner.home, job_id))
        if isinstance(error, ClientDisconnect):
            return Response(status_code=400)  # nobody is there to read it
        raise
    try:
        job = await jobs.threads.run(jobs.runner.submit, job_id, form.files, form.password)
    except PageglassError:
        await jobs.threads.run(discard, spool_folder(jobs.runner.home, job_id))
        raise
    return await _wait(request, jobs, job) if wait else _accepted(request, job)


@router.delete("/documents/{document}", status_code=204, responses=problems(404, 503))
async def remove_document(
    document: DocumentId,
    engine: RequestEngine,
    jobs: RequestJobs,
) -> None:
    """Remove a document and all that is derived from it; of uploads, the file too."""
    await _remove(engine, jobs, [document])


@router.delete("/documents", status_code=204, responses=problems(404, 503))
async def remove_documents(
    ids: Annotated[
        list[Annotated[str, Query(max_length=100)]],
        Query(
            alias="id",
            min_length=1,
            max_length=MAX_REMOVED,
            description="A whole id. May be repeated.",
        ),
    ],
    engine: RequestEngine,
    jobs: RequestJobs,
) -> None:
    """Remove several documents together: all of them, or none where one is not there."""
    await _remove(engine, jobs, ids)


async def _remove(engine: Engine, jobs: JobService, ids: Sequence[str]) -> None:
    deadline = time.monotonic() + WRITER_WAIT
    await jobs.threads.run(require_documents, engine.library(), ids)

    def act() -> None:
        acts.remove_documents(engine.home, ids, wait=max(deadline - time.monotonic(), 0.0))

    await jobs.writers.run(act)


def _accepted(request: Request, job: Job) -> Response:
    location = {"Location": f"{request.scope.get('root_path', '')}/v1/jobs/{job.id}"}
    return JSONResponse(JobBody.of(job).model_dump(), HTTPStatus.ACCEPTED, headers=location)


async def _wait(request: Request, jobs: JobService, job: Job) -> Response:
    """Response to an upload once its job has ended, or has had no turn to write in time."""
    in_time = True
    async with anyio.create_task_group() as group:

        async def listen() -> None:
            while (await request.receive())["type"] != "http.disconnect":
                pass
            await jobs.threads.run(jobs.runner.abandon, job.id)
            group.cancel_scope.cancel()

        group.start_soon(listen)
        while in_time:
            with anyio.move_on_after(WRITER_WAIT) as turn:
                async for now in jobs.changes(job.id):
                    job = now
                    if job.state != "queued":
                        turn.deadline = math.inf
            if not turn.cancelled_caught:
                break
            in_time = not await jobs.threads.run(jobs.runner.give_up, job.id)
        group.cancel_scope.cancel()
    if not in_time:
        raise HomeBusy(
            f"The upload had no turn to write within {WRITER_WAIT:.0f} seconds.",
            hint="Try again later, or send it without `wait`.",
        )
    return _ended(job, request.url.path) if job.finished else _accepted(request, job)


def _ended(job: Job, path: str) -> Response:
    """Response of a job that has ended."""
    files = [JobFileBody.of(file).model_dump() for file in job.files]
    if job.state == "cancelled":
        raise JobCancelled(f"Job {job.id} was cancelled.", hint="Send the files again.")
    if job.problem:
        body = {**job.problem, "request_id": current_request_id(), "files": files}
        busy = job.problem["status"] == HTTPStatus.SERVICE_UNAVAILABLE
        return respond(path, body, {"Retry-After": "10"} if busy else None)
    statuses = {file.status for file in job.files if file.status}
    overall = HTTPStatus.MULTI_STATUS if UNREADABLE in statuses else max(statuses)
    return JSONResponse({"files": files}, overall)
