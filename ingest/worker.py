"""Worker processes: how they start, stop and end with their parent."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from multiprocessing import spawn
from multiprocessing.context import SpawnContext, SpawnProcess
from typing import Any

_MAIN_KEYS = ("init_main_from_name", "init_main_from_path")
"""What tells a spawned process which script to import as its `__main__`."""
_start_lock = threading.Lock()


def start_pool(
    workers: int, initializer: Callable[..., None], initargs: tuple[Any, ...] = ()
) -> ProcessPoolExecutor:
    """Make a pool of spawned processes that never import the caller's script.

    Spawned, not forked: the parent has threads (onnxruntime, Chroma, torch) and
    perhaps a GPU. Python's own spawn runs the parent's script again in every
    process, so that a script without `if __name__ == "__main__"` starts over in
    its workers, which then wait for each other without end. Tasks, arguments
    and results therefore must be importable: nothing defined in `__main__`.

    Args:
        workers: how many processes at most; they start with the first tasks.
        initializer: what each does first; it should call `start_worker`.
    """
    return ProcessPoolExecutor(
        workers, mp_context=_WorkerContext(), initializer=initializer, initargs=initargs
    )


def start_process(target: Callable[..., None], args: tuple[Any, ...]) -> SpawnProcess:
    """Start one process as `start_pool` does; it ends when the program does."""
    process = _WorkerProcess(target=target, args=args, daemon=True)
    process.start()
    return process


def start_worker(niceness: int = 5) -> None:
    """Set up a worker process.

    It leaves Ctrl-C to the parent, has a lower priority and ends with the parent.
    """
    # The parent handles Ctrl-C; it then stops the workers.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    os.nice(niceness)
    threading.Thread(target=_exit_with_parent, daemon=True).start()


def stop_workers(pool: ProcessPoolExecutor) -> None:
    """Terminate a pool's processes, whatever they are doing."""
    processes = list((pool._processes or {}).values())
    pool.shutdown(wait=False, cancel_futures=True)
    for process in processes:
        process.terminate()
    for process in processes:
        process.join()


def _exit_with_parent() -> None:
    # A parent that was killed outright cannot stop its workers, and they would wait for ever.
    parent = multiprocessing.parent_process()
    if parent:
        parent.join()
        if os.getpgrp() == os.getpid():
            os.killpg(0, signal.SIGKILL)  # with what it has started
        os._exit(1)


class _WorkerProcess(SpawnProcess):
    @staticmethod
    def _Popen(process_obj: Any) -> Any:  # noqa: N802  # multiprocessing's own name
        with _without_main():
            return SpawnProcess._Popen(process_obj)


class _WorkerContext(SpawnContext):
    Process = _WorkerProcess


@contextmanager
def _without_main() -> Iterator[None]:
    """Leave the parent's script out of what this thread tells a new process; other threads are not touched."""
    caller = threading.get_ident()
    with _start_lock:
        original = spawn.get_preparation_data

        def get_preparation_data(name: str) -> dict[str, Any]:
            data: dict[str, Any] = original(name)
            if threading.get_ident() == caller:
                for key in _MAIN_KEYS:
                    data.pop(key, None)
            return data

        spawn.get_preparation_data = get_preparation_data
        try:
            yield
        finally:
            spawn.get_preparation_data = original
