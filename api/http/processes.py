"""Server processes: several that share one socket, kept alive by their parent.

The kernel gives each connection to one of them. They share the home: its library, jobs,
sessions and audit log; each has its own models, caches and reading workers.
"""

from __future__ import annotations

import logging
import os
import signal
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from types import FrameType

log = logging.getLogger(__name__)

METRICS_FOLDER = "PROMETHEUS_MULTIPROC_DIR"
"""Environment variable by which prometheus_client adds up the figures of processes."""
SHORT_LIFE = 5.0
"""Seconds; one that ends sooner has failed to start, and ends all."""
WATCH_SECONDS = 1.0


def run_processes(count: int, serve: Callable[[], None]) -> int:
    """Run `serve` in several processes until told to stop; returns the exit code.

    A process that ends by itself is started again. Call it before any thread is started.
    """
    with tempfile.TemporaryDirectory(prefix="pageglass-metrics-") as folder:
        os.environ[METRICS_FOLDER] = folder
        return _Family(serve).keep(count)


def sibling_pids() -> list[int]:
    """Process ids of the servers that this one is one of; its own where it is alone."""
    if METRICS_FOLDER not in os.environ:
        return [os.getpid()]
    import psutil

    try:
        return [child.pid for child in psutil.Process(os.getppid()).children()]
    except psutil.Error:
        return [os.getpid()]


class _Family:
    """Children of this process and when they began."""

    def __init__(self, serve: Callable[[], None]) -> None:
        self._serve = serve
        self._began: dict[int, float] = {}
        self._stopping = False
        self._failed = False

    def keep(self, count: int) -> int:
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self._stop)
        for _ in range(count):
            self._start()
        while self._began:
            pid, status = os.wait()
            if (began := self._began.pop(pid, None)) is not None and not self._stopping:
                self._replace(pid, os.waitstatus_to_exitcode(status), time.monotonic() - began)
        return int(self._failed)

    def _replace(self, pid: int, code: int, lived: float) -> None:
        if lived < SHORT_LIFE:
            log.error("server process %d could not start (code %d)", pid, code)
            self._failed = True
            self._stop()
            return
        log.warning("server process %d has ended (code %d); another is started", pid, code)
        self._start()

    def _start(self) -> None:
        parent = os.getpid()
        if pid := os.fork():
            self._began[pid] = time.monotonic()
            return
        code = 1
        try:
            for number in (signal.SIGINT, signal.SIGTERM):
                signal.signal(number, signal.default_int_handler)
            threading.Thread(target=_watch, args=(parent,), daemon=True).start()
            self._serve()
            code = 0
        except KeyboardInterrupt:
            code = 0
        except BaseException:
            log.exception("a server process has failed")
        finally:
            sys.stderr.flush()
            os._exit(code)

    def _stop(self, _signal: int = 0, _frame: FrameType | None = None) -> None:
        self._stopping = True
        for pid in self._began:
            os.kill(pid, signal.SIGTERM)


def _watch(parent: int) -> None:
    """End this process with its parent, however that ends."""
    while os.getppid() == parent:
        time.sleep(WATCH_SECONDS)
    os.kill(os.getpid(), signal.SIGTERM)
