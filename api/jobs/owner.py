"""Owner: the mark of a server process that runs jobs, held as a kernel lock.

Each server holds HOME/jobs/OWNER.lock while it lives, under an id of its own that is
never used again. A lock that can be taken belongs to a dead server: its jobs are
taken over by the one that takes it.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from ingest.library.home import Home, HomeUnusable


class Owner:
    """This server process as an owner of jobs; it is alive until `release`.

    Raises:
        HomeUnusable: its lock cannot be made.
    """

    def __init__(self, home: Home) -> None:
        self.id = uuid.uuid4().hex
        self._path = lock_path(home, self.id)
        # Not bound to a thread: whichever closes the server releases it.
        self._lock = FileLock(self._path, thread_local=False)
        try:
            self._path.parent.mkdir(exist_ok=True)
            self._lock.acquire(timeout=0)
        except OSError as error:
            raise HomeUnusable(
                f"{self._path.parent} cannot be written: {error.strerror}.",
                hint="Check the permissions of the data folder.",
            ) from error

    def release(self) -> None:
        """Let others take over what is unfinished."""
        self._lock.release()
        self._path.unlink(missing_ok=True)


@contextmanager
def inheritance(home: Home, owner: str) -> Iterator[bool]:
    """Whether an owner is dead; if so, no other server inherits from it meanwhile."""
    path = lock_path(home, owner)
    lock = FileLock(path, thread_local=False)
    try:
        path.parent.mkdir(exist_ok=True)
        lock.acquire(timeout=0)
    except Timeout:
        yield False
        return
    try:
        yield True
        path.unlink(missing_ok=True)
    finally:
        lock.release()


def lock_path(home: Home, owner: str) -> Path:
    """The lock file of an owner."""
    return home.root / "jobs" / f"{owner}.lock"
