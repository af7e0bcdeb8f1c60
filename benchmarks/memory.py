"""The memory of this process and its children together, at its highest (Linux)."""

from __future__ import annotations

import multiprocessing
import os
import threading
import time
from pathlib import Path


class MemoryWatch(threading.Thread):
    """Looks twice a second; `peak` is in bytes, shared pages counted once (PSS)."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.peak = 0

    def run(self) -> None:
        while True:
            children = [process.pid for process in multiprocessing.active_children()]
            held = sum(_proportional(pid) for pid in [os.getpid(), *children] if pid)
            self.peak = max(self.peak, held)
            time.sleep(0.5)


def _proportional(pid: int) -> int:
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0  # it has just ended
    return sum(int(line.split()[1]) * 1024 for line in lines if line.startswith("Pss:"))
