"""Job service: what runs the jobs of a server, started and stopped as one."""

from __future__ import annotations

from collections.abc import AsyncGenerator

from api.jobs.change import StopSignal
from api.jobs.folder_follower import FolderFollower
from api.jobs.job import Job
from api.jobs.keeper import JobKeeper
from api.jobs.runner import JobRunner
from api.jobs.watch import JobThreads, job_changes


class JobService:
    """Jobs of a server.

    `threads` are for what uploads do on the disk, `writers` for what waits for the
    writer's lock. `stopping` tells streams that the server stops.

    Args:
        follower: gives jobs for watched folders.
    """

    def __init__(self, runner: JobRunner, follower: FolderFollower | None = None) -> None:
        self.runner = runner
        self._follower = follower
        self.threads = JobThreads()
        self.writers = JobThreads()
        self.stopping = StopSignal()
        self._keeper = JobKeeper(runner)

    async def start(self) -> None:
        """Go on with unfinished jobs. Raises what `JobKeeper.start` raises."""
        await self.threads.run(self._keeper.start)
        if self._follower:
            self._follower.start()

    def stop(self) -> None:
        """Let streams end and jobs pause; for the moment the server begins to stop."""
        self.stopping.stop()
        if self._follower:
            self._follower.stop()
        self.runner.stop()

    async def close(self) -> None:
        """Stop, and wait for running jobs to pause."""
        self.stop()
        if self._follower:
            await self.threads.run(self._follower.close)
        await self.threads.run(self._keeper.close)
        await self.threads.run(self.runner.close)

    def changes(self, job_id: str) -> AsyncGenerator[Job]:
        """The job now and after each change; see `job_changes`."""
        return job_changes(self.runner, self.threads, job_id)
