"""Job runner: takes jobs, runs some of them at once on threads, and ends them.

Of several servers over one home each runs the jobs that it was given, and takes
over those of a server that has ended (`api.jobs.keeper`).
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from api.jobs.change import ChangeSignal
from api.jobs.ingest_job import JobIngest, delete_files
from api.jobs.job import UNREADABLE, Job, JobFile, State, now
from api.jobs.job_error import JobFinished, JobQueueFull
from api.jobs.job_queue import LARGE_PAGES, JobEntry, JobQueue
from api.jobs.owner import Owner
from api.jobs.store import JobStore
from ingest.add import AddSettings
from ingest.error import PageglassError
from ingest.files.source import UnreadableFile
from ingest.library.home import Home

log = logging.getLogger(__name__)

SAVE_SECONDS = 1.0
"""How often progress is written down."""
CLOSE_SECONDS = 10.0
"""How long running jobs have to come to an event when the server stops."""


class _Stopped(Exception):
    """The server stops, or a large job leaves the lane that is kept free."""


class _Cancelled(Exception):
    """The job is no longer wanted."""


class JobRunner:
    """Jobs of a home; its methods may be called from any thread.

    Args:
        make_settings: settings of an ingest, with a password for encrypted files.
        describe: the problem (RFC 9457) that an exception is.
        lanes: jobs that run at once.
        most: unfinished jobs that are taken; beyond, `JobQueueFull`.
    """

    def __init__(
        self,
        home: Home,
        make_settings: Callable[[str | None], AddSettings],
        describe: Callable[[Exception], dict[str, Any]],
        *,
        lanes: int = 3,
        most: int = 100,
    ) -> None:
        self.home = home
        self.store = JobStore(home)
        self.stopping = False
        self._make_settings = make_settings
        self._describe = describe
        self._most = most
        self._queue = JobQueue(lanes)
        self._lock = threading.RLock()
        self._threads: set[threading.Thread] = set()
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
            JobQueueFull
        """
        if self.store.count_unfinished() >= self._most:
            raise JobQueueFull(
                f"{self._most} uploads are waiting already.", hint="Send it again later."
            )

    def submit(self, job_id: str, files: Sequence[JobFile], password: str | None) -> Job:
        """Queue a job whose files lie in its folder; it is on the disk when this returns.

        Raises:
            JobQueueFull, DiskFull, HomeUnusable, JobStoreUnusable
        """
        with self._lock:
            self.check_room()
            locked = password is not None
            job = Job(job_id, self.owner.id, tuple(files), now(), needs_password=locked)
            self.store.insert(job)
            self._queue.add(job, password)
            self._start_threads()
        return job

    def resume(self, job: Job) -> None:
        """Queue a job that this server has taken over."""
        with self._lock:
            self._queue.add(job)
            self._start_threads()

    def fail(self, job: Job, error: Exception) -> None:
        """End a job that this server has taken over and cannot run."""
        self._finish(JobEntry(job), "failed", self._describe(error))

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

    def cancel(self, job_id: str) -> Job:
        """Cancel a job: a queued one at once, a running one at its next event.

        Returns the job as it is now.

        Raises:
            JobNotFound
            JobFinished: it has ended already.
        """
        with self._lock:
            entry = self._queue.get(job_id)
            job = entry.job if entry else self.store.find(job_id)
            if job.finished:
                raise JobFinished(
                    f"Job {job_id} has ended already.",
                    hint="What it added is removed as documents are.",
                )
            if entry is None:
                self.store.ask_to_cancel(job_id)
                return job
            entry.cancelled = True
            if job.state == "queued":
                self._finish(entry, "cancelled")
            return entry.job

    def abandon(self, job_id: str) -> None:
        """Cancel a job whose client has gone, unless another job has one of its files."""
        with self._lock:
            entry = self._queue.get(job_id)
            if entry and not entry.job.finished and not self._queue.is_shared(entry):
                self.cancel(job_id)

    def give_up(self, job_id: str) -> bool:
        """Cancel a job if it has had no turn yet; whether it is cancelled."""
        with self._lock:
            entry = self._queue.get(job_id)
            if entry and entry.job.state == "queued":
                self.cancel(job_id)
            return entry is not None and entry.cancelled

    def stop(self) -> None:
        """Let running jobs stop at their next event; a later server goes on with them."""
        self.stopping = True
        for entry in self._queue.entries():
            entry.changed.notify()

    def close(self) -> None:
        """Stop, and wait until the threads have ended, or for `CLOSE_SECONDS`."""
        self.stop()
        deadline = time.monotonic() + CLOSE_SECONDS
        threads = list(self._threads)
        for thread in threads:
            thread.join(max(deadline - time.monotonic(), 0.1))
        if self._owner and not any(thread.is_alive() for thread in threads):
            self._owner.release()
        self.store.close()

    def _start_threads(self) -> None:
        """Start a thread for each job that waits, up to the number of lanes."""
        free = self._queue.lanes - len(self._threads)
        for _ in range(0 if self.stopping else min(free, self._queue.count_waiting())):
            thread = threading.Thread(target=self._work, name="job", daemon=True)
            self._threads.add(thread)
            thread.start()

    def _work(self) -> None:
        """Run jobs until there is none to run."""
        while True:
            with self._lock:
                entry = None if self.stopping else self._queue.next()
                if entry is None:
                    self._threads.discard(threading.current_thread())
                    return
                entry.running = True
            try:
                self._run(entry)
                if entry.job.finished:
                    delete_files(self.home, entry.job)
            except PageglassError:
                log.exception("the state of job %s cannot be written down", entry.job.id)
            with self._lock:
                entry.running = False
                self._start_threads()

    def _run(self, entry: JobEntry) -> None:
        job_id = entry.job.id
        try:
            JobIngest(
                self.home,
                entry.job,
                self._make_settings(entry.password),
                lambda job, lasting: self._update(entry, job, lasting),
                lambda job: self._check(entry, job),
            ).run()
            self._end(entry)
        except _Stopped:
            self._requeue(entry)
        except _Cancelled:
            self._finish(entry, "cancelled")
        except PageglassError as error:
            log.warning("job %s failed: %s", job_id, error)
            self._finish(entry, "failed", self._describe(error))
        except Exception as error:
            log.exception("unexpected error in job %s", job_id)
            self._finish(entry, "failed", self._describe(error))

    def _end(self, entry: JobEntry) -> None:
        """Finish a job by the results of its files."""
        job = entry.job
        unreadable = sum(file.status == UNREADABLE for file in job.files)
        log.info("job %s: %d of %d files unreadable", job.id, unreadable, len(job.files))
        if unreadable < len(job.files):
            self._finish(entry, "done")
        else:
            words = "None of the files can be read."
            error = UnreadableFile(words, hint="Each of `files` says why.")
            self._finish(entry, "failed", self._describe(error))

    def _check(self, entry: JobEntry, job: Job) -> None:
        """Raise where a run must stop."""
        with self._lock:
            if entry.cancelled:
                raise _Cancelled
            if self.stopping:
                raise _Stopped
            if job.page_count > LARGE_PAGES and not entry.large:
                entry.large = True
                if self._queue.lanes_taken_by_large(entry):
                    raise _Stopped

    def _update(self, entry: JobEntry, job: Job, lasting: bool) -> None:
        with self._lock:
            if entry.cancelled:
                raise _Cancelled
            entry.job = job
            if lasting or time.monotonic() - entry.saved > SAVE_SECONDS:
                self._save(entry)
        entry.changed.notify()

    def _requeue(self, entry: JobEntry) -> None:
        with self._lock:
            entry.job = replace(entry.job.requeued(), version=entry.job.version + 1)
            self._save(entry)
        entry.changed.notify()

    def _finish(self, entry: JobEntry, state: State, problem: dict[str, Any] | None = None) -> None:
        """End a job, once."""
        with self._lock:
            if entry.job.finished:
                return
            version = entry.job.version + 1
            entry.job = replace(
                entry.job, state=state, problem=problem, finished_at=now(), version=version
            )
            try:
                self._save(entry)
                self.store.prune()
                self._queue.remove(entry)
            except PageglassError:
                # It stays in memory, so that whoever waits for it learns its end.
                log.exception("the end of job %s cannot be written down", entry.job.id)
            if not entry.running:  # else the thread that has it deletes them last
                delete_files(self.home, entry.job)
        entry.changed.notify()

    def _save(self, entry: JobEntry) -> None:
        self.store.save(entry.job)
        entry.saved = time.monotonic()
