"""Job queue: unfinished jobs of a server in order, and which of them may run now."""

from __future__ import annotations

from dataclasses import dataclass, field

from api.jobs.change import ChangeSignal
from api.jobs.job import Job, JobFile, State

LARGE_PAGES = 100
LARGE_FILES = 50
"""A job of more than this is large."""


@dataclass(slots=True, eq=False)
class JobEntry:
    """Unfinished job of this server; `running` while a thread has it.

    The password is kept here alone. `saved` is when the job was written down last,
    with `written` as its files, `stored` whether its end was.
    """

    job: Job
    password: str | None = None
    large: bool = False
    running: bool = False
    cancelled: bool = False
    saved: float = 0.0
    stored: bool = False
    written: tuple[JobFile, ...] = field(init=False)
    changed: ChangeSignal = field(default_factory=ChangeSignal)

    def __post_init__(self) -> None:
        self.written = self.job.files


class JobQueue:
    """Unfinished jobs in the order of their arrival.

    Not safe for several threads by itself, but for `get` and `entries`.

    Args:
        lanes: jobs that run at once. Large ones leave one lane free, where there are several.
    """

    def __init__(self, lanes: int) -> None:
        self.lanes = lanes
        self._entries: dict[str, JobEntry] = {}

    def get(self, job_id: str) -> JobEntry | None:
        """Entry of a job, if it is in the queue."""
        return self._entries.get(job_id)

    def entries(self) -> list[JobEntry]:
        """Every entry, the oldest first."""
        return list(self._entries.values())

    def add(self, job: Job, password: str | None = None) -> JobEntry:
        """Put a job last."""
        entry = JobEntry(job, password, large=len(job.files) > LARGE_FILES)
        self._entries[job.id] = entry
        return entry

    def remove(self, entry: JobEntry) -> None:
        """Take a job out."""
        self._entries.pop(entry.job.id, None)

    def count_waiting(self) -> int:
        """Number of jobs that no thread has."""
        return sum(not entry.running for entry in self.entries())

    def counts(self) -> dict[State, int]:
        """Number of jobs in each state but the finished ones."""
        states: tuple[State, ...] = ("queued", "running")
        entries = self.entries()
        return {state: sum(entry.job.state == state for entry in entries) for state in states}

    def next(self) -> JobEntry | None:
        """The oldest job that may run now.

        Not beside a job that has one of its files, and a large one not in the last free lane.
        """
        entries = self.entries()
        busy = frozenset[str]().union(*(e.job.document_ids for e in entries if e.running))
        for entry in entries:
            free = not (entry.running or entry.job.finished or entry.job.document_ids & busy)
            if free and not (entry.large and self.lanes_taken_by_large(entry)):
                return entry
        return None

    def lanes_taken_by_large(self, entry: JobEntry) -> bool:
        """Whether other large jobs run in all lanes that large jobs may take."""
        large = sum(e.running and e.large for e in self.entries() if e is not entry)
        return large >= max(self.lanes - 1, 1)

    def is_coming(self, entry: JobEntry) -> bool:
        """Whether a running job is adding one of a job's files."""
        return any(
            other.job.state == "running" and other.job.document_ids & entry.job.document_ids
            for other in self.entries()
            if other is not entry
        )

    def is_shared(self, entry: JobEntry) -> bool:
        """Whether another job has one of a job's files."""
        return any(
            other.job.document_ids & entry.job.document_ids
            for other in self.entries()
            if other is not entry and not other.cancelled
        )
