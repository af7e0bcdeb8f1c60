"""Job keeper: takes over jobs of ended servers, and hears of cancellations."""

from __future__ import annotations

import logging
import threading

from api.jobs.job_error import JobFinished, JobPasswordLost
from api.jobs.owner import inheritance
from api.jobs.runner import JobRunner
from api.jobs.spool import sweep
from ingest.error import PageglassError

log = logging.getLogger(__name__)

KEEP_SECONDS = 2.0
"""How often it looks."""


class JobKeeper:
    """Thread that looks after the jobs of a home that a runner does not see by itself."""

    def __init__(self, runner: JobRunner) -> None:
        self._runner = runner
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._keep, name="job keeper", daemon=True)

    def start(self) -> None:
        """Go on with what an ended server left, sweep, and begin to look for more.

        Raises:
            HomeUnusable, JobStoreUnusable
        """
        self._adopt()
        store = self._runner.store
        unfinished = [job for owner in store.owners() for job in store.unfinished(owner)]
        sweep(self._runner.home, unfinished)
        self._thread.start()

    def close(self) -> None:
        """Stop looking."""
        self._stop.set()
        if self._thread.ident is not None:
            self._thread.join()

    def _keep(self) -> None:
        while not self._stop.wait(KEEP_SECONDS):
            try:
                self._adopt()
                self._cancel()
            except PageglassError:
                log.exception("the jobs cannot be looked after")

    def _cancel(self) -> None:
        """Cancel jobs of this server that were to be cancelled through another."""
        if not self._runner.store.exists:
            return
        for job_id in self._runner.store.cancelling(self._runner.owner.id):
            try:
                self._runner.cancel(job_id)
            except JobFinished:
                continue  # it has ended meanwhile

    def _adopt(self) -> None:
        for owner in self._runner.store.owners():
            if owner == self._runner.owner.id:
                continue
            with inheritance(self._runner.home, owner) as dead:
                if dead:
                    self._take_over(owner)

    def _take_over(self, owner: str) -> None:
        for job in self._runner.store.adopt(owner, self._runner.owner.id):
            log.info("job %s goes on: its server has ended", job.id)
            if job.needs_password:
                error = JobPasswordLost(
                    "The server was restarted, and keeps no passwords.",
                    hint="Send the files again, with the password.",
                )
                self._runner.fail(job, error)
            else:
                self._runner.resume(job)
