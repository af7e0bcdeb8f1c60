"""How worker processes begin and end, whatever they work on."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from concurrent.futures import ProcessPoolExecutor


def start_worker(niceness: int = 5) -> None:
    """What a worker does first: leave Ctrl-C and the right of way to its parent, and not outlive it."""
    # The parent handles Ctrl-C; it then stops the workers.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    os.nice(niceness)
    threading.Thread(target=_die_with_parent, daemon=True).start()


def stop_workers(pool: ProcessPoolExecutor) -> None:
    """End a pool's processes, whatever they are at."""
    processes = list((pool._processes or {}).values())
    pool.shutdown(wait=False, cancel_futures=True)
    for process in processes:
        process.terminate()
    for process in processes:
        process.join()


def _die_with_parent() -> None:
    # A parent that was killed outright cannot stop its workers, and they would wait for ever.
    parent = multiprocessing.parent_process()
    if parent:
        parent.join()
        os._exit(1)
