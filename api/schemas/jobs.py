"""JSON of jobs: uploads that wait, run or have ended."""

from __future__ import annotations

from typing import Annotated, Any, Self

from pydantic import BaseModel, Field

from api.jobs.job import UNREADABLE, Job, JobFile, State
from api.schemas.documents import EXAMPLE_DOCUMENT, DocumentBody
from api.schemas.pages import example
from api.schemas.service import ProblemBody
from ingest.library.names import readable

_JOB: dict[str, Any] = {
    "id": "9b1f6a0c5d2e4f7a8c3b1d0e9f8a7b6c",
    "state": "done",
    "created_at": "2025-01-31T09:30:00.000+00:00",
    "started_at": "2025-01-31T09:30:00.120+00:00",
    "finished_at": "2025-01-31T09:30:02.480+00:00",
    "pages_done": 8,
    "page_count": 8,
    "documents": 1,
    "failures": 0,
    "folders": [],
    "files": [
        {
            "file": "annual-report.pdf",
            "status": 201,
            "document": EXAMPLE_DOCUMENT,
            "error": None,
            "hint": None,
        }
    ],
    "problem": None,
}
_PROGRESS = ("state", "pages_done", "page_count", "documents", "failures")


class JobFileBody(BaseModel):
    """Result of one file of a job; `status` is null until it is known."""

    file: str
    status: Annotated[int | None, Field(description="201 added, 200 there already, 422 unreadable")]
    document: DocumentBody | None = None
    error: str | None = None
    hint: str | None = None

    @classmethod
    def of(cls, file: JobFile) -> Self:
        """JSON of a file."""
        document = DocumentBody.of(file.document) if file.document else None
        return cls(
            file=file.name, status=file.status, document=document, error=file.error, hint=file.hint
        )


class ProgressBody(BaseModel):
    """How far a job is.

    `page_count` is that of the files opened so far, of which `pages_done` are indexed.
    """

    model_config = example({name: _JOB[name] for name in _PROGRESS})

    state: State
    pages_done: int
    page_count: int
    documents: int
    failures: int

    @classmethod
    def of(cls, job: Job) -> Self:
        """JSON of a job's progress."""
        return cls(**_progress(job))


class JobBody(BaseModel):
    """Upload, or changes in `folders`, as a job; `problem` says why it has failed."""

    model_config = example(_JOB)

    id: str
    state: State
    created_at: str
    started_at: str | None
    finished_at: str | None
    pages_done: int
    page_count: int
    documents: int
    failures: int
    folders: list[str]
    files: list[JobFileBody]
    problem: ProblemBody | None

    @classmethod
    def of(cls, job: Job) -> Self:
        """JSON of a job."""
        return cls(
            id=job.id,
            created_at=job.created_at,
            started_at=job.started_at,
            finished_at=job.finished_at,
            folders=[readable(folder) for folder in job.folders],
            files=[JobFileBody.of(file) for file in job.files],
            problem=ProblemBody(**job.problem) if job.problem else None,
            **_progress(job),
        )


class JobsBody(BaseModel):
    """Jobs, the newest first."""

    jobs: list[JobBody]


def _progress(job: Job) -> dict[str, Any]:
    return {
        "state": job.state,
        "pages_done": job.pages_done,
        "page_count": job.page_count,
        "documents": len({file.document.id for file in job.files if file.document}),
        "failures": sum(file.status == UNREADABLE for file in job.files),
    }
