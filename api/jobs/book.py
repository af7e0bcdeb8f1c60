"""Job book: the jobs of a home as one server knows them, in memory and on disk."""

from __future__ import annotations

import logging
import threading
import time
from dataclasses import replace
from typing import Any

from api.jobs.change import ChangeSignal
from api.jobs.ingest_job import delete_files
from api.jobs.job import Job, State, now
from api.jobs.job_error import JobQueueFull
from api.jobs.job_queue import JobEntry, JobQueue
from api.jobs.owner import Owner
from api.jobs.store import JobStore
from ingest.error import PageglassError
from ingest.library.home import Home

log = logging.getLogger(__name__)


class JobBook:
    """Jobs of a home; its methods may be called from any thread.

    Args:
        lanes: jobs that run at once.
        most: unfinished jobs that are taken.
    """

    def __init__(self, home: Home, lanes: int, most: int) -> None:
        self.home = home
        self.store = JobStore(home)
        self._most = most
        self._queue = JobQueue(lanes)
        self._lock = threading.RLock()
        self._owner: Owner | None = None

    @property
    def owner(self) -> Owner:
        """The mark of this server; made when first needed.

        Raises:
            HomeUnusable
        """
        with self._lock:
            if self._owner is None:
                self._owner = Owner(self.home)
            return self._owner

    def check_room(self) -> None:
        """Refuse where no job more is taken.

        Raises:
            JobQueueFull, ReadOnlyMirror
        """
        self.home.check_writable()
        if self.store.count_unfinished() >= self._most:
            raise JobQueueFull(
                f"{self._most} uploads are waiting already.", hint="Send it again later."
            )

    def signal(self, job_id: str) -> ChangeSignal | None:
        """What tells changes of a job that this server has and that is unfinished."""
        entry = self._queue.get(job_id)
        return entry.changed if entry else None

    def find(self, job_id: str) -> Job:
        """Job of any server as it is now.

        Raises:
            JobNotFound
        """
        entry = self._queue.get(job_id)
        return entry.job if entry else self.store.find(job_id)

    def recent(self, limit: int) -> list[Job]:
        """Newest jobs of every server, the newest first."""
        found = [(self._queue.get(job.id), job) for job in self.store.recent(limit)]
        return [entry.job if entry else job for entry, job in found]

    def counts(self) -> dict[State, int]:
        """Unfinished jobs of this server by state."""
        return self._queue.counts()

    def _requeue(self, entry: JobEntry) -> None:
        with self._lock:
            if entry.job.finished:
                return
            entry.job = replace(entry.job.requeued(), version=entry.job.version + 1)
            self._save(entry)
        entry.changed.notify()

    def _finish(
        self,
        entry: JobEntry,
        state: State,
        problem: dict[str, Any] | None = None,
        *,
        in_use: bool = False,
    ) -> None:
        """End a job, once.

        Args:
            in_use: a thread still has the job, and calls `_let_go` when it is done.
        """
        with self._lock:
            if entry.job.finished:
                return
            version = entry.job.version + 1
            job = replace(
                entry.job, state=state, problem=problem, finished_at=now(), version=version
            )
            try:
                self.store.save(job, entry.written)
                self.store.prune()
                entry.stored = True
            except PageglassError:
                # It stays in memory, so that whoever waits for it learns its end.
                log.exception("the end of job %s cannot be written down", job.id)
            if not in_use:  # before anybody is told
                delete_files(self.home, job)
            entry.job = job
            if not (in_use or entry.running):
                self._let_go(entry)
        entry.changed.notify()

    def _let_go(self, entry: JobEntry) -> None:
        """Forget a job that has ended and that no thread has any more."""
        if entry.job.finished:
            delete_files(self.home, entry.job)
            if entry.stored:
                self._queue.remove(entry)

    def _save(self, entry: JobEntry) -> None:
        self.store.save(entry.job, entry.written)
        entry.written = entry.job.files
        entry.saved = time.monotonic()
