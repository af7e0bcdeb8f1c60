"""Peak memory of this process and its children together (Linux)."""

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
        self.parts: list[int] = []
        """What each process held at the peak, this one first."""

    def run(self) -> None:
        while True:
            children = [process.pid for process in multiprocessing.active_children()]
            parts = [_proportional(pid) for pid in [os.getpid(), *children] if pid]
            if sum(parts) > self.peak:
                self.peak, self.parts = sum(parts), parts
            time.sleep(0.5)


def _proportional(pid: int) -> int:
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0  # it has just ended
    return sum(int(line.split()[1]) * 1024 for line in lines if line.startswith("Pss:"))
