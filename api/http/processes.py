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
STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM)
PAUSE_SECONDS = 1.0
"""Before a process is started in place of one that never served."""
WATCH_SECONDS = 1.0


def run_processes(count: int, serve: Callable[[Callable[[], None]], None]) -> int:
    """Run `serve` in several processes until told to stop; returns the exit code.

    A process that ends by itself is started again, unless none has ever served. Call it before
    any thread is started.

    Args:
        serve: serves until it is told to stop; calls its argument once it accepts connections.
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
    """Children of this process, and the pipes by which each says that it serves."""

    def __init__(self, serve: Callable[[Callable[[], None]], None]) -> None:
        self._serve = serve
        self._pipes: dict[int, int] = {}
        self._served: set[int] = set()
        self._stopping = False
        self._failed = False

    def keep(self, count: int) -> int:
        for number in STOP_SIGNALS:
            signal.signal(number, self._stop)
        for _ in range(count):
            self._start()
        while self._pipes:
            pid, status = os.wait()
            if pid not in self._pipes:
                continue
            self._served |= {each for each, pipe in self._pipes.items() if _has_byte(pipe)}
            os.close(self._pipes.pop(pid))
            if not self._stopping:
                self._replace(pid, os.waitstatus_to_exitcode(status))
        return int(self._failed)

    def _replace(self, pid: int, code: int) -> None:
        if not self._served:
            log.error("server process %d could not start (code %d)", pid, code)
            self._failed = True
            self._stop()
            return
        log.warning("server process %d has ended (code %d); another is started", pid, code)
        if pid not in self._served:
            time.sleep(PAUSE_SECONDS)
        if not self._stopping:
            self._start()

    def _start(self) -> None:
        parent = os.getpid()
        reading, writing = os.pipe()
        os.set_blocking(reading, False)
        # A signal must not meet a child that is not in the list, or that has its parent's handlers.
        signal.pthread_sigmask(signal.SIG_BLOCK, STOP_SIGNALS)
        if pid := os.fork():
            os.close(writing)
            self._pipes[pid] = reading
            signal.pthread_sigmask(signal.SIG_UNBLOCK, STOP_SIGNALS)
            return
        code = 1
        try:
            for number in STOP_SIGNALS:
                signal.signal(number, signal.default_int_handler)
            signal.pthread_sigmask(signal.SIG_UNBLOCK, STOP_SIGNALS)
            threading.Thread(target=_watch, args=(parent,), daemon=True).start()
            self._serve(lambda: _write_byte(writing))
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
        for pid in self._pipes:
            os.kill(pid, signal.SIGTERM)


def _write_byte(pipe: int) -> None:
    os.write(pipe, b"1")


def _has_byte(pipe: int) -> bool:
    try:
        return os.read(pipe, 1) != b""
    except BlockingIOError:
        return False


def _watch(parent: int) -> None:
    """End this process with its parent, however that ends."""
    while os.getppid() == parent:
        time.sleep(WATCH_SECONDS)
    os.kill(os.getpid(), signal.SIGTERM)
