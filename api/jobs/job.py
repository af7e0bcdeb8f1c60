"""Job: files of an upload or of folders, how far their ingest is, and the results."""

from __future__ import annotations

import json
import uuid
from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields, replace
from datetime import UTC, datetime
from typing import Any, Literal

from ingest.page import Document

State = Literal["queued", "running", "done", "failed", "cancelled"]

FINISHED: frozenset[State] = frozenset({"done", "failed", "cancelled"})
ADDED, KNOWN, UNREADABLE = 201, 200, 422
"""Results of a file: its document was added, was there already, or cannot be read."""


@dataclass(frozen=True, slots=True)
class JobFile:
    """Uploaded file and its result; `status` is None until there is one.

    `document_id` is that of the document with these bytes.
    """

    name: str
    document_id: str
    byte_size: int
    status: int | None = None
    document: Document | None = None
    error: str | None = None
    hint: str | None = None


@dataclass(frozen=True, slots=True)
class Job:
    """Job as it is at one moment.

    `owner` is the server process that runs it. A job is queued until it has a turn and
    the writer's lock. `page_count` is that of the files opened so far, `pages_done`
    how many of them are encoded. `problem` says why a job failed (RFC 9457). `version`
    grows with every change. `folders` are watched folders of this machine, whose files are
    read where they are: `files` are then those that had a result. With `prune` files that
    are gone from them are forgotten.
    """

    id: str
    owner: str
    files: tuple[JobFile, ...]
    created_at: str
    state: State = "queued"
    started_at: str | None = None
    finished_at: str | None = None
    needs_password: bool = False
    page_count: int = 0
    pages_done: int = 0
    problem: dict[str, Any] | None = None
    version: int = 0
    folders: tuple[str, ...] = ()
    prune: bool = False

    @property
    def finished(self) -> bool:
        """Whether nothing more will change."""
        return self.state in FINISHED

    @property
    def document_ids(self) -> frozenset[str]:
        """Ids of the documents that its files are."""
        return frozenset(file.document_id for file in self.files)

    def requeued(self) -> Job:
        """The job as it waits for another turn; results that it has stay."""
        return replace(self.restarted(), state="queued")

    def restarted(self) -> Job:
        """The job with the pages of those files alone that have a result."""
        documents = {file.document.id: file.document for file in self.files if file.document}
        done = sum(document.page_count for document in documents.values())
        return replace(self, page_count=done, pages_done=done)

    def taken_over(self, owner: str) -> Job:
        """The job as another server takes it over."""
        return replace(self.requeued(), owner=owner, version=self.version + 1)


def new_job_id() -> str:
    """A new id, of 32 hexadecimal digits."""
    return uuid.uuid4().hex


def now() -> str:
    """The time, as jobs note it."""
    return datetime.now(UTC).isoformat(timespec="milliseconds")


def write_job(job: Job) -> str:
    """Job without its files as JSON text."""
    return json.dumps({f.name: getattr(job, f.name) for f in fields(job) if f.name != "files"})


def write_file(file: JobFile) -> str:
    """File of a job as JSON text."""
    # ASCII: a path of the document may hold bytes that are no UTF-8.
    return json.dumps(asdict(file))


def read_job(text: str, files: Sequence[str]) -> Job:
    """Job from the JSON texts of itself and of its files."""
    found = json.loads(text)
    found["folders"] = tuple(found.get("folders", ()))
    return Job(files=tuple(map(_read_file, files)), **found)


def _read_file(text: str) -> JobFile:
    found = json.loads(text)
    if (document := found.pop("document")) is not None:
        document = Document(**{name: _tuples(value) for name, value in document.items()})
    return JobFile(document=document, **found)


def _tuples(value: Any) -> Any:
    """JSON's lists as the tuples that they were."""
    return tuple(map(_tuples, value)) if isinstance(value, list) else value
