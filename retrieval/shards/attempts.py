"""Attempts: a search is tried again while the library changes under it."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Sequence
from typing import TypeVar

from ingest.library.pages import PageNotFound
from retrieval.error import LibraryChanging
from retrieval.scoring.parallel import computing, cores
from retrieval.shards.open_shard_readers import OpenShardReaders
from retrieval.shards.shard import Shard, ShardFailed

Result = TypeVar("Result")
TRIES = 5
AT_ONCE = max(2, cores()) + 1
"""Searches that compute at once. More would wait for the cores and the interpreter's lock
all the same, each with memory of its own: 64 reranked ones took 200 MB more."""


class Attempts:
    """Runs searches of shards, from any thread.

    A thread that searches within a search of its own counts once.
    """

    def __init__(self, shards: OpenShardReaders) -> None:
        self._shards = shards
        self._slots = _Slots(AT_ONCE)
        self._own = threading.local()

    @property
    def without(self) -> tuple[str, ...]:
        """Names of the shards that this thread's last search went without."""
        return getattr(self._own, "without", ())

    def run(self, find: Callable[[Sequence[Shard]], Result]) -> Result:
        """The result of `find`; tried again where a document was removed meanwhile.

        A shard that fails is left out.

        Raises:
            LibraryChanging: it was removed each time.
            What `find` and reading the shards raise.
        """
        if getattr(self._own, "searching", False):
            return self._try(find)
        with self._slots, computing():
            self._own.searching = True
            try:
                return self._try(find)
            finally:
                self._own.searching = False

    def _try(self, find: Callable[[Sequence[Shard]], Result]) -> Result:
        failed: set[str] = set()
        for _ in range(TRIES):
            try:
                result = find(self._shards.read(failed))
            except (FileNotFoundError, PageNotFound):
                self._shards.forget()
            except ShardFailed as error:
                failed.add(error.name)
            else:
                self._own.without = tuple(sorted({*self._shards.missing, *failed}))
                return result
        raise LibraryChanging(
            "The library kept changing while it was searched.", hint="Search again."
        )


class _Slots:
    """Semaphore whose slots go to who has waited longest."""

    def __init__(self, free: int) -> None:
        self._free = free
        self._waiting: deque[threading.Lock] = deque()
        self._lock = threading.Lock()

    def __enter__(self) -> None:
        with self._lock:
            if self._free:
                self._free -= 1
                return
            turn = threading.Lock()
            turn.acquire()
            self._waiting.append(turn)
        turn.acquire()

    def __exit__(self, *_: object) -> None:
        with self._lock:
            if self._waiting:
                self._waiting.popleft().release()
            else:
                self._free += 1
