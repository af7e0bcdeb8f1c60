"""Folder follower: a job each time that something changed in watched folders."""

from __future__ import annotations

import logging
import threading

from api.jobs.job_error import JobQueueFull
from api.jobs.runner import JobRunner
from ingest.error import PageglassError
from ingest.watch.folder_watcher import FolderWatcher

log = logging.getLogger(__name__)

LOOK_SECONDS = 0.3
"""How often it looks whether its job has ended."""
RETRY_SECONDS = 10.0
"""Until it tries again where no job more was taken."""


class FolderFollower:
    """Thread that follows folders and gives the runner one job at a time.

    Args:
        prune: forget files that are gone from the folders.
    """

    def __init__(self, runner: JobRunner, watcher: FolderWatcher, *, prune: bool) -> None:
        self._runner = runner
        self._watcher = watcher
        self._prune = prune
        self._thread = threading.Thread(target=self._follow, name="folders", daemon=True)
        runner.is_settled = watcher.settled

    def start(self) -> None:
        """Begin with a job for what the folders hold now."""
        self._thread.start()

    def stop(self) -> None:
        """Give out no more jobs."""
        self._watcher.stop.set()

    def close(self) -> None:
        """Stop, and wait for the thread."""
        self.stop()
        if self._thread.ident is not None:
            self._thread.join()

    def _follow(self) -> None:
        for folders in self._watcher.passes():
            names = [str(folder) for folder in folders]
            while not self._try(names) and not self._watcher.stop.wait(RETRY_SECONDS):
                continue

    def _try(self, folders: list[str]) -> bool:
        """Have the folders ingested; whether a job was taken for it."""
        try:
            prune = self._prune and self._watcher.are_all_there()
            job = self._runner.follow(folders, prune=prune)
            while not self._runner.find(job.id).finished:
                if self._watcher.stop.wait(LOOK_SECONDS):
                    break
        except JobQueueFull:
            return False
        except PageglassError:
            log.exception("the watched folders cannot be ingested")
            return False
        return True
