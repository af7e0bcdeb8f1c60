"""Job watch: the changes of a job, awaited on an event loop."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable
from typing import TypeVar

import anyio
import anyio.to_thread

from api.jobs.job import Job
from api.jobs.runner import JobRunner

POLL_SECONDS = 0.5
"""How often a job of another server is looked at."""
THREADS = 8

Result = TypeVar("Result")


class JobThreads:
    """Threads for what uploads do on the disk, apart from those that searches use."""

    def __init__(self) -> None:
        self._limiter = anyio.CapacityLimiter(THREADS)

    async def run(self, function: Callable[..., Result], *args: object) -> Result:
        """Result of a function that may block, but not for long."""
        return await anyio.to_thread.run_sync(function, *args, limiter=self._limiter)


async def job_changes(runner: JobRunner, threads: JobThreads, job_id: str) -> AsyncGenerator[Job]:
    """The job now and after each change, until it has ended or the server stops.

    Raises:
        JobNotFound
    """
    seen = -1
    while True:
        signal = runner.signal(job_id)
        # Listen first, then look: a change in between is not missed.
        changed = signal.listen() if signal else None
        try:
            job = await threads.run(runner.find, job_id)
            if job.version != seen:
                seen = job.version
                yield job
            if job.finished or runner.stopping:
                return
            await (changed.wait() if changed else asyncio.sleep(POLL_SECONDS))
        finally:
            if signal and changed:
                signal.forget(changed)
