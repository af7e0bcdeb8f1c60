"""Reader process: what a worker of the reader pool runs.

It takes one task at a time from its pipe and sends back the result or the error.
A limit on its memory makes an allocation fail before the machine runs short.
"""

from __future__ import annotations

import contextlib
import os
import pickle
from collections.abc import Callable
from multiprocessing.connection import Connection
from typing import Any

from ingest.memory import is_out_of_memory
from ingest.worker import start_worker

try:
    import resource
except ImportError:  # Windows has no limits of this kind; the pool's watcher is the limit there.
    resource = None  # type: ignore[assignment]

READY = b""
"""First message of a worker: its imports are done and it waits for tasks."""

_shared: dict[str, Any] = {}
"""Objects that the pool has shipped to this process, by name."""


class WorkerOutOfMemory(Exception):
    """An allocation failed in the worker."""


def shared(name: str) -> Any:
    """Object that `ReaderPool.share` has shipped; for the functions of tasks.

    Raises:
        KeyError: it was not shared, or is forgotten.
    """
    return _shared[name]


def serve(connection: Connection, memory_mb: int) -> None:
    """Run tasks from a pipe until it closes.

    A message is a pickled function with its arguments; the reply is a pickled pair:
    whether it succeeded, and the result or the exception.
    """
    start_worker()
    # What it starts belongs to its group, which is killed as one.
    with contextlib.suppress(OSError):
        os.setpgid(0, 0)
    # torch, where pages are prepared for a model here: there is a worker for each core.
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    _limit_memory(memory_mb)
    connection.send_bytes(READY)
    while True:
        try:
            message = connection.recv_bytes()
        except (EOFError, OSError):
            return
        if (reply := _reply(message)) is not None:
            connection.send_bytes(reply)


def keep(name: str, value: Any) -> None:
    """Keep an object for later tasks."""
    _shared[name] = value


def drop(names: list[str]) -> None:
    """Forget objects that no later task needs."""
    for name in names:
        _shared.pop(name, None)


def _reply(message: bytes) -> bytes | None:
    """None for what changes only the shared objects."""
    function: Callable[..., Any]
    try:
        function, args = pickle.loads(message)
        result = function(*args)
        if function in (keep, drop):
            return None
        return pickle.dumps((True, result), pickle.HIGHEST_PROTOCOL)
    except Exception as error:
        return _failure(error)


def _failure(error: Exception) -> bytes:
    if is_out_of_memory(error):
        return pickle.dumps((False, WorkerOutOfMemory()))
    error.__traceback__ = None
    with contextlib.suppress(Exception):
        reply = pickle.dumps((False, error))
        pickle.loads(reply)  # Some exceptions can be pickled but not made again.
        return reply
    return pickle.dumps((False, RuntimeError(f"{type(error).__name__}: {error}")))


def _limit_memory(memory_mb: int) -> None:
    if resource is None or memory_mb <= 0:
        return
    limit = memory_mb << 20
    _, hard = resource.getrlimit(resource.RLIMIT_DATA)
    if hard == resource.RLIM_INFINITY or limit < hard:
        with contextlib.suppress(ValueError, OSError):
            resource.setrlimit(resource.RLIMIT_DATA, (limit, hard))
