"""Reader pool: worker processes that open untrusted files, within limits.

Processes, since PyMuPDF is not thread-safe, holds the interpreter's lock while
it draws, and may crash. A worker has one task at a time; one that takes too
long or too much memory is killed and replaced. Tasks and results go through
pipes: a killed worker leaves nothing behind in shared memory.
"""

from __future__ import annotations

import atexit
import heapq
import itertools
import logging
import os
import pickle
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from multiprocessing.connection import Connection, Pipe, wait
from typing import Any

from ingest.readers.limits import ReadersBusy, ReadLimits, busy, crashed, memory_exceeded, timed_out
from ingest.readers.reader_process import WorkerOutOfMemory, drop, keep
from ingest.readers.reader_worker import ReaderWorker, Task

log = logging.getLogger(__name__)

ATTEMPTS = 3
"""How often a task is tried whose worker ends: something else may have killed it."""
FAILED_STARTS = 5
"""Workers in a row that end before they are ready, after which no more are started."""
MAX_URGENT = 16
"""Urgent tasks that wait at most."""
MAX_WAIT = 60.0
"""Seconds an urgent task waits for a worker at most."""
WATCH_EVERY = 0.25
"""Seconds between looks at the memory of workers."""
IDLE = 60.0
"""Seconds after which a worker without a task ends, which gives its memory back."""
FAT = 0.5
"""Share of the memory limit; a worker that holds more after a task ends."""


class ReaderPool:
    """Pool of reading workers with limits; they start as tasks come.

    Args:
        workers: processes for files that are ingested; 0 for one a core. One more
            starts when an urgent task finds all of them busy with such files.
        limits: of each task, where `submit` gives none.
    """

    def __init__(self, workers: int = 0, limits: ReadLimits | None = None) -> None:
        self.workers = workers or os.cpu_count() or 1
        self.limits = limits or ReadLimits()
        self._lock = threading.Lock()
        self._tasks: list[Task] = []
        self._count = itertools.count()
        self._shared: dict[str, bytes] = {}
        self._pool: list[ReaderWorker] = []
        self._failed_starts = 0
        self._closed = False
        self._thread: threading.Thread | None = None
        self._bell: Connection
        self._ring: Connection
        self._bell, self._ring = Pipe(duplex=False)

    def submit(
        self,
        function: Callable[..., Any],
        *args: Any,
        name: str = "The file",
        seconds: float | None = None,
        urgent: bool = False,
        order: int = 0,
    ) -> Future[Any]:
        """Call a module-level function in a worker; the arguments and the result pickle.

        Args:
            name: what the task reads, for the words of an error.
            seconds: time limit; None for that of the pool, 0 for none.
            urgent: goes before all that is not; at most `MAX_URGENT` wait.
            order: a lower one goes first; who counts his tasks leaves room for newcomers.

        The future's exception is what the function raised, or one of ReadTimeout,
        ReadMemoryExceeded, ReaderCrashed and ReadersBusy.

        Raises:
            ReadersBusy: too many urgent tasks wait, or the pool is closed.
        """
        message = pickle.dumps((function, args), pickle.HIGHEST_PROTOCOL)
        limit = self.limits.seconds if seconds is None else seconds
        with self._lock:
            if self._closed:
                raise ReadersBusy("The readers are shutting down.", hint="Try again later.")
            if urgent and sum(task.urgent for task in self._tasks) >= MAX_URGENT:
                raise busy()
            rank = (0 if urgent else 1, order, next(self._count))
            task = Task(rank, message, name, limit, Future(), time.monotonic())
            heapq.heappush(self._tasks, task)
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="readers", daemon=True)
                self._thread.start()
                atexit.register(self.close)
        self._ring.send_bytes(b"!")
        return task.future

    def abandon(self, future: Future[Any]) -> None:
        """Give up a task that nobody wants any more; a worker that keeps at it is killed."""
        if not future.cancel():
            with self._lock:
                for worker in self._pool:
                    worker.hurry(future)

    def share(self, name: str, value: Any) -> None:
        """Ship an object to each worker once; tasks take it by `reader_process.shared`."""
        message = pickle.dumps((keep, (name, value)), pickle.HIGHEST_PROTOCOL)
        with self._lock:
            self._shared[name] = message

    def forget(self, name: str) -> None:
        """Drop an object that was shared."""
        with self._lock:
            self._shared.pop(name, None)

    def close(self) -> None:
        """Kill the workers, whatever they do; what is not done is cancelled."""
        with self._lock:
            if self._closed:
                return
            self._closed = True
        if self._thread:
            atexit.unregister(self.close)
            self._ring.send_bytes(b"!")
            self._thread.join()
        self._ring.close()
        self._bell.close()

    def stats(self) -> dict[str, int]:
        """Workers, busy workers and tasks that wait."""
        with self._lock:
            running = sum(worker.task is not None for worker in self._pool)
            return {"workers": len(self._pool), "running": running, "waiting": len(self._tasks)}

    def pids(self) -> list[int]:
        """Process ids of the workers."""
        with self._lock:
            return [worker.pid for worker in self._pool]

    def _run(self) -> None:
        """Supervise the workers until the pool is closed; the only thread that touches them."""
        try:
            while not self._closed:
                self._give_tasks()
                self._wait()
                self._stop_overdue()
                self._retire_idle()
        finally:
            with self._lock:
                self._closed = True
                waiting, self._tasks = self._tasks, []
                pool, self._pool = self._pool, []
            for worker in pool:
                worker.kill()
                if worker.task:
                    worker.task.future.set_exception(_closed())
            for task in waiting:
                if not task.future.cancel():
                    task.future.set_exception(_closed())

    def _wait(self) -> None:
        """Wait for a result, a death, a new task, or the next look at the clock."""
        with self._lock:
            sources: dict[Any, ReaderWorker] = {w.connection: w for w in self._pool}
            running = any(worker.task for worker in self._pool)
        ready = wait([*sources, self._bell], WATCH_EVERY if running or self._tasks else IDLE / 4)
        if self._bell in ready:
            while self._bell.poll():
                self._bell.recv_bytes()
        for connection in ready:
            if worker := sources.get(connection):
                self._receive(worker)

    def _receive(self, worker: ReaderWorker) -> None:
        try:
            reply = worker.receive()
        except (EOFError, OSError):
            self._bury(worker)
            return
        self._failed_starts = 0
        if reply is None:
            return
        task, succeeded, value = reply
        if succeeded:
            task.future.set_result(value)
        elif isinstance(value, WorkerOutOfMemory):
            task.future.set_exception(memory_exceeded(task.name, self.limits.memory_mb))
        else:
            task.future.set_exception(value)
        if worker.resident_mb() > FAT * self.limits.memory_mb:
            self._remove(worker)

    def _bury(self, worker: ReaderWorker) -> None:
        """Replace a worker that ended; its task is tried again, a few times."""
        task = worker.task
        self._remove(worker)
        if not worker.ready:
            self._failed_starts += 1
            if self._failed_starts >= FAILED_STARTS:
                self._fail_all()
            return
        if task is None:
            return
        log.warning("a reading worker ended in the middle of its work; starting another")
        task.crashes += 1
        if task.crashes >= ATTEMPTS:
            task.future.set_exception(crashed(task.name))
        else:
            with self._lock:
                heapq.heappush(self._tasks, task)

    def _fail_all(self) -> None:
        """No worker gets to its start: the machine or the limit does not allow it."""
        self._failed_starts = 0
        with self._lock:
            waiting, self._tasks = self._tasks, []
        for task in waiting:
            if task.future.running() or task.future.set_running_or_notify_cancel():
                task.future.set_exception(crashed(task.name))

    def _remove(self, worker: ReaderWorker) -> None:
        worker.kill()
        with self._lock:
            self._pool.remove(worker)

    def _give_tasks(self) -> None:
        """Start workers where they lack, and give a task to each that is ready."""
        with self._lock:
            self._tasks = [task for task in self._tasks if not task.future.cancelled()]
            heapq.heapify(self._tasks)
            wanted = min(len(self._tasks), self._room())
            starting = sum(worker.free for worker in self._pool)
        for _ in range(wanted - starting):
            self._start()
        for worker in self._pool:
            if not (worker.ready and worker.free):
                continue
            with self._lock:
                if not self._tasks:
                    return
                task = heapq.heappop(self._tasks)
                shared = dict(self._shared)
            if task.future.running() or task.future.set_running_or_notify_cancel():
                worker.give(task, shared, drop)

    def _room(self) -> int:
        """Workers that may be without a task now."""
        busy_ = [worker.task for worker in self._pool if worker.task]
        spare = bool(self._tasks and self._tasks[0].urgent and not all(t.urgent for t in busy_))
        return self.workers + spare - len(busy_)

    def _start(self) -> None:
        worker = ReaderWorker(self.limits.memory_mb)
        with self._lock:
            self._pool.append(worker)

    def _stop_overdue(self) -> None:
        """Kill the workers whose task is past its time or memory, and drop who waited too long."""
        now = time.monotonic()
        for worker in [w for w in self._pool if w.task]:
            task = worker.task
            assert task is not None
            if task.seconds and now - worker.since > task.seconds:
                self._remove(worker)
                task.future.set_exception(timed_out(task.name, task.seconds))
            elif worker.resident_mb() > self.limits.memory_mb:
                self._remove(worker)
                task.future.set_exception(memory_exceeded(task.name, self.limits.memory_mb))
        with self._lock:
            late = [t for t in self._tasks if t.urgent and now - t.since > MAX_WAIT]
            self._tasks = [t for t in self._tasks if t not in late]
            heapq.heapify(self._tasks)
        for task in late:
            if task.future.running() or task.future.set_running_or_notify_cancel():
                task.future.set_exception(busy())

    def _retire_idle(self) -> None:
        now = time.monotonic()
        for worker in [w for w in self._pool if w.ready and w.free and now - w.since > IDLE]:
            self._remove(worker)


def _closed() -> ReadersBusy:
    return ReadersBusy("The readers were shut down.", hint="Try again later.")
