"""Memory of long runs: heaps that threads share."""

import re
import subprocess
import sys

import pytest

HEAPS = """
import ctypes, os, sys, threading
from ingest.memory import limit_arenas

if sys.argv[1] == "limited":
    limit_arenas()
libc = ctypes.CDLL(None)
libc.malloc.restype = ctypes.c_void_p
together = threading.Barrier(12)

def allocate():
    together.wait()
    libc.malloc(5_000)
    together.wait()

threads = [threading.Thread(target=allocate) for _ in range(12)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
libc.fdopen.restype = ctypes.c_void_p
out = libc.fdopen(1, b"w")
libc.malloc_info(0, ctypes.c_void_p(out))
libc.fflush(ctypes.c_void_p(out))
"""


def count_heaps(how: str) -> int:
    done = subprocess.run(
        [sys.executable, "-c", HEAPS, how], capture_output=True, text=True, check=True
    )
    return len(re.findall("<heap ", done.stdout))


@pytest.mark.skipif(sys.platform != "linux", reason="heaps of glibc")
def test_threads_of_a_server_share_two_heaps() -> None:
    assert count_heaps("as it is") > 2
    assert count_heaps("limited") <= 2
