"""Writer's lock: one writer at a time, in turn, also against one that takes hours.

    HOME/writer.lock     held by the writer
    HOME/writer.next     held by the first of those that wait, until it has the writer's lock
    HOME/writer.later    held by the first of those that have given way, until then
    HOME/staging.lock    held shared by every run that has files in HOME/staging

A writer that takes long asks now and then whether somebody waits, and gives way. The
kernel releases a lock when its process dies.
"""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Callable
from pathlib import Path

from ingest.disk.atomic import discard
from ingest.disk.full_disk import disk_full, is_disk_full
from ingest.error import StorageError, UnavailableError

GIVE_WAY_EVERY = 1.0
"""Seconds that a writer keeps the lock at least before it gives way."""
FIRST_TURN = 5.0
"""The same the first time: a small upload is done by then."""
POLL = 0.02
"""Seconds between tries at a lock."""
LONG_POLL = 0.3
"""The same of a writer that has given way: who comes new goes first, most of the time."""


class HomeBusy(UnavailableError):
    """Another process is writing to the home."""

    code = "home-busy"


class HomeUnusable(StorageError):
    """The data folder cannot be made or written."""

    code = "home-unusable"


class WriterLock:
    """Writer's lock of a data folder; any thread may release what another took."""

    def __init__(self, root: Path) -> None:
        from filelock import FileLock

        self._root = root
        self._writer = FileLock(root / "writer.lock", thread_local=False)
        self._next = FileLock(root / "writer.next", thread_local=False)
        self._later = FileLock(root / "writer.later", thread_local=False)
        self._staging: int | None = None
        self._since = 0.0
        self._has_given_way = False

    def acquire(self, timeout: float | None, on_wait: Callable[[], None] | None = None) -> None:
        """Take the lock, after those who have waited longer.

        Args:
            timeout: seconds to wait; None waits without a limit.
            on_wait: called once if there is another writer.

        Raises:
            HomeBusy: another writer kept the lock past the timeout.
            HomeUnusable: the folder cannot be written.
            DiskFull
        """
        try:
            if not self._take(0):
                if on_wait:
                    on_wait()
                if not self._take(timeout):
                    raise HomeBusy(
                        f"Another process is writing to {self._root}.",
                        hint="Try again when it has finished.",
                    )
            self._share_staging()
        except OSError as error:
            self.release()
            if is_disk_full(error):
                raise disk_full(self._root) from error
            raise HomeUnusable(
                f"The data folder {self._root} cannot be written: {error.strerror}.",
                hint="Check its permissions and the space left on the disk.",
            ) from error

    def release(self) -> None:
        """Let the next writer in."""
        if self._staging is not None:
            os.close(self._staging)
            self._staging = None
        self._writer.release()

    def give_way(self, before: Callable[[], None] = lambda: None) -> bool:
        """Let those in who wait, if the lock was held for a while; then take it again.

        Call it where everything on disk is whole. Files in staging stay.

        Args:
            before: called if somebody waits, before the lock is released.

        Returns:
            Whether others may have written meanwhile.
        """
        turn = GIVE_WAY_EVERY if self._has_given_way else FIRST_TURN
        if time.monotonic() - self._since < turn:
            return False
        if not self._wanted():
            return False
        before()
        self._has_given_way = True
        self._writer.release()
        self._later.acquire(poll_interval=LONG_POLL)
        try:
            self._take(None, LONG_POLL)
        finally:
            self._later.release()
        return True

    def _take(self, timeout: float | None, poll: float = POLL) -> bool:
        """Take the lock by way of the turnstile; False if that takes longer than `timeout`."""
        from filelock import Timeout

        end = None if timeout is None else time.monotonic() + timeout
        try:
            self._next.acquire(timeout=-1 if timeout is None else timeout, poll_interval=poll)
        except Timeout:
            return False
        try:
            left = -1 if end is None else max(end - time.monotonic(), 0)
            self._writer.acquire(timeout=left, poll_interval=POLL)
        except Timeout:
            return False
        finally:
            self._next.release()
        self._since = time.monotonic()
        return True

    def _wanted(self) -> bool:
        """Whether somebody stands at the turnstile."""
        from filelock import Timeout

        try:
            self._next.acquire(timeout=0)
        except Timeout:
            return True
        self._next.release()
        return False

    def _share_staging(self) -> None:
        """Hold a share of staging; what dead runs left there is deleted if nobody else has one."""
        staging = self._root / "staging"
        self._staging = os.open(self._root / "staging.lock", os.O_RDWR | os.O_CREAT, 0o644)
        try:
            fcntl.flock(self._staging, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            pass
        else:
            for entry in staging.iterdir() if staging.is_dir() else ():
                discard(entry)
        fcntl.flock(self._staging, fcntl.LOCK_SH)
        staging.mkdir(exist_ok=True)
