"""Parallel map: one shared pool of threads, a task on each core.

numpy and onnxruntime release the interpreter lock while they compute. A core
that takes whole tasks keeps its data in its own cache: with 8,192 rows a task
that is a quarter faster than every product shared by all cores, and takes a
quarter less CPU time (benchmarks/kernel.py). Where several searches compute at once, each
keeps to its own thread: more would only wait for each other.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import cache
from itertools import chain
from operator import length_hint
from typing import Any, TypeVar

T = TypeVar("T")
_END: Any = object()


def cores() -> int:
    """CPU cores that this process may run on."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


class _Searches:
    """How many searches compute now."""

    def __init__(self) -> None:
        self.count = 0
        self.lock = threading.Lock()


_searches = _Searches()


@contextmanager
def computing() -> Iterator[None]:
    """Context of a search that computes: others leave it a core."""
    with _searches.lock:
        _searches.count += 1
    try:
        yield
    finally:
        with _searches.lock:
            _searches.count -= 1


def parallel_map(function: Callable[[T], None], items: Iterable[T]) -> None:
    """Call a function on each item in parallel, in no fixed order.

    As many calls run at once as there are cores, less those that other searches compute on.

    Items are drawn one at a time. After the first call that raises no other one
    begins; its error is raised when those that had begun are done.
    """
    free = max(cores() - max(_searches.count - 1, 0), 1)
    workers = min(free, length_hint(items, free))
    queue = iter(items)
    first, second = next(queue, _END), next(queue, _END)
    if second is _END:
        if first is not _END:
            function(first)
        return
    queue = chain((first, second), queue)
    lock = threading.Lock()
    failed = threading.Event()

    def take() -> Any:
        with lock:
            return _END if failed.is_set() else next(queue, _END)

    def run() -> None:
        try:
            while (item := take()) is not _END:
                function(item)
        except BaseException:
            failed.set()
            raise

    futures = [_pool().submit(run) for _ in range(workers - 1)]
    try:
        run()
    finally:
        # Those that no thread was free for are not waited for: all items are taken.
        running = [future for future in futures if not future.cancel()]
        errors = [error for future in running if (error := future.exception())]
    if errors:
        raise errors[0]


@cache
def _pool() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(max(cores() - 1, 1), "score")
