"""Reader worker: one process of the reader pool, as the pool sees it."""

from __future__ import annotations

import contextlib
import os
import pickle
import shutil
import signal
import time
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from dataclasses import dataclass, field
from multiprocessing.connection import Connection, Pipe
from typing import Any

from ingest.files.formats.scratch import scratch_folder
from ingest.readers.reader_process import READY, serve
from ingest.worker import start_process

ABANDONED_SECONDS = 1.0
"""Time left to a task that nobody wants: most end by themselves, which spares the worker."""


@dataclass(order=True, slots=True)
class Task:
    """Function call that waits for a worker or runs in one; urgent ones come first."""

    rank: tuple[int, int, int]
    message: bytes = field(compare=False)
    name: str = field(compare=False)
    seconds: float = field(compare=False)
    future: Future[Any] = field(compare=False)
    since: float = field(compare=False)
    crashes: int = field(default=0, compare=False)

    @property
    def urgent(self) -> bool:
        """Whether somebody waits for the result of this task alone."""
        return self.rank[0] == 0


class ReaderWorker:
    """Process with a pipe to it, and the task that it has.

    `since` is when it got its task, or became free (a monotonic clock).
    """

    def __init__(self, memory_mb: int) -> None:
        self.connection: Connection
        self.connection, theirs = Pipe()
        self._process = start_process(serve, (theirs, memory_mb))
        theirs.close()  # The worker's end closes with the worker alone.
        self.pid: int = self._process.pid or 0
        self.ready = False
        self.task: Task | None = None
        self.since = time.monotonic()
        self._known: set[str] = set()

    @property
    def free(self) -> bool:
        """Whether it has no task; it may still be starting."""
        return self.task is None

    def hurry(self, future: Future[Any]) -> None:
        """Leave little more time to the task of a future, if this worker has it."""
        if self.task and self.task.future is future:
            left = time.monotonic() - self.since + ABANDONED_SECONDS
            self.task.seconds = min(self.task.seconds or left, left)

    def give(self, task: Task, shared: Mapping[str, bytes], drop: Callable[..., None]) -> None:
        """Send it a task, after the shared objects that it lacks."""
        self.task, self.since = task, time.monotonic()
        # A worker that has died is noticed when its end of the pipe is read.
        with contextlib.suppress(OSError):
            if gone := sorted(self._known - shared.keys()):
                self.connection.send_bytes(pickle.dumps((drop, (gone,))))
            for name in shared.keys() - self._known:
                self.connection.send_bytes(shared[name])
            self._known = set(shared)
            self.connection.send_bytes(task.message)

    def receive(self) -> tuple[Task, bool, Any] | None:
        """Receive a reply: the task, whether it succeeded, and its result or error.

        None is for a worker that has become ready.

        Raises:
            EOFError, OSError: it has ended.
        """
        message = self.connection.recv_bytes()
        if message == READY:
            self.ready, self.since = True, time.monotonic()
            return None
        task, self.task, self.since = self.task, None, time.monotonic()
        if task is None:
            raise EOFError
        succeeded, value = pickle.loads(message)
        return task, succeeded, value

    def resident_mb(self) -> float:
        """Resident memory of the process in MiB; 0 if it is gone."""
        import psutil

        try:
            return float(psutil.Process(self.pid).memory_info().rss) / (1 << 20)
        except psutil.Error:
            return 0.0

    def kill(self) -> None:
        """End it and what it started, at once."""
        # SIGKILL, since C code does not look for signals. While it is not joined no other process has its number.
        with contextlib.suppress(OSError):
            if self.pid:
                os.killpg(self.pid, signal.SIGKILL)
        self._process.kill()
        self._process.join()
        shutil.rmtree(scratch_folder(self.pid), ignore_errors=True)
        self.connection.close()
