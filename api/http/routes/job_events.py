"""Server-sent events of a job: job, progress, file, then end or stopping.

The first event is the whole job, so a client may come late and needs no `Last-Event-ID`.
"""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator
from contextlib import aclosing

from fastapi.sse import format_sse_event
from pydantic import BaseModel

from api.jobs.job import Job
from api.schemas.jobs import JobBody, JobFileBody, ProgressBody


async def job_events(changes: AsyncGenerator[Job]) -> AsyncGenerator[bytes]:
    """Events, encoded; the id of an event is the job's version."""
    before: Job | None = None
    async with aclosing(changes):
        async for job in changes:
            if before is None:
                yield _event("job", JobBody.of(job), job)
            else:
                for old, new in zip(before.files, job.files, strict=True):
                    if new.status != old.status:
                        yield _event("file", JobFileBody.of(new), job)
                if ProgressBody.of(job) != ProgressBody.of(before):
                    yield _event("progress", ProgressBody.of(job), job)
            before = job
    if before is not None:
        yield _event("end" if before.finished else "stopping", JobBody.of(before), before)


def _event(name: str, body: BaseModel, job: Job) -> bytes:
    text = json.dumps(body.model_dump(), ensure_ascii=False)
    return format_sse_event(event=name, data_str=text, id=str(job.version))
