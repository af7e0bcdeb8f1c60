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
from pathlib import Path
from typing import Any

from api.jobs.book import JobBook
from api.jobs.folder_job import FolderIngest
from api.jobs.ingest_job import JobIngest
from api.jobs.job import UNREADABLE, Job, JobFile, new_job_id, now
from api.jobs.job_error import JobFinished
from api.jobs.job_queue import LARGE_PAGES, JobEntry
from ingest.add import AddSettings
from ingest.error import PageglassError
from ingest.files.source import UnreadableFile
from ingest.library.home import Home

log = logging.getLogger(__name__)

SAVE_SECONDS = 1.0
"""How often progress is written down."""
CLOSE_SECONDS = 10.0
"""How long running jobs have to come to an event when the server stops."""


# Not of Exception, so that no ingest takes one for an error of its own.
class _Stopped(BaseException):
    """The server stops, or a large job leaves the lane that is kept free."""


class _Cancelled(BaseException):
    """The job is no longer wanted."""


class JobRunner(JobBook):
    """Runner of the jobs of a home; its methods may be called from any thread.

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
        super().__init__(home, lanes, most)
        self.stopping = False
        self.is_settled: Callable[[Path], bool] | None = None
        self._make_settings = make_settings
        self._describe = describe
        self._threads: set[threading.Thread] = set()

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

    def follow(self, folders: Sequence[str], *, prune: bool) -> Job:
        """Queue an ingest of watched folders; raises what `submit` raises."""
        with self._lock:
            self.check_room()
            job = Job(new_job_id(), self.owner.id, (), now(), folders=tuple(folders), prune=prune)
            self.store.insert(job)
            self._queue.add(job)
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
                self._finish(entry, "cancelled", in_use=entry.running)
            return entry.job

    def abandon(self, job_id: str) -> None:
        """Cancel a job whose client has gone, unless another job has one of its files."""
        with self._lock:
            entry = self._queue.get(job_id)
            if entry and not entry.job.finished and not self._queue.is_shared(entry):
                self.cancel(job_id)

    def give_up(self, job_id: str) -> bool:
        """Cancel a job that has had no turn yet; whether it is cancelled.

        One that waits for a running job with one of its files keeps waiting.
        """
        with self._lock:
            entry = self._queue.get(job_id)
            if entry and entry.job.state == "queued" and not self._queue.is_coming(entry):
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
            except PageglassError:
                log.exception("the state of job %s cannot be written down", entry.job.id)
            with self._lock:
                entry.running = False
                self._let_go(entry)
                self._start_threads()

    def _of_folders(self, settings: AddSettings, job: Job) -> AddSettings:
        """Settings of a job of watched folders.

        Unlike those of an upload, its files stay, and so does the note of one that fails.
        """
        return replace(
            settings,
            is_settled=self.is_settled,
            retry=False,
            record_failures=True,
            prune=job.prune,
        )

    def _run(self, entry: JobEntry) -> None:
        job_id = entry.job.id
        try:
            settings, turn = self._make_settings(entry.password), JobIngest
            if entry.job.folders:
                settings, turn = self._of_folders(settings, entry.job), FolderIngest
            turn(
                self.home,
                entry.job,
                settings,
                lambda job, lasting: self._update(entry, job, lasting),
                lambda job: self._check(entry, job),
            ).run()
            self._end(entry)
        except _Stopped:
            self._requeue(entry)
        except _Cancelled:
            self._finish(entry, "cancelled")
        except PageglassError as error:
            if self.stopping:  # the readers may have been closed under it
                self._requeue(entry)
                return
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
        if job.folders or unreadable < len(job.files):
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
