"""Memory: kept small in long runs, and allocations that failed."""

from __future__ import annotations

import ctypes
import sys
from functools import cache
from typing import Any

from ingest.error import PageglassError


def release_memory() -> None:
    """Empty MuPDF's cache of fonts and images, and return free memory to the system.

    glibc keeps what is freed below the top of its heap: pages of many sizes
    leave holes that add up to hundreds of megabytes (malloc_trim(3)).
    """
    if pymupdf := sys.modules.get("pymupdf"):
        pymupdf.TOOLS.store_shrink(100)
    if libc := _libc():
        libc.malloc_trim(0)


def limit_arenas() -> None:
    """Let threads share two heaps, in a process that runs for days.

    glibc gives threads heaps of their own, up to eight a core, and what is freed in one
    is not used by another: a server's memory grew for hours (mallopt(3)).
    """
    if libc := _libc():
        libc.mallopt(M_ARENA_MAX, ARENAS)


M_ARENA_MAX = -8
"""glibc's number of the option."""
ARENAS = 2


@cache
def _libc() -> Any:
    """The C library, where it is one that can trim (glibc)."""
    libc = ctypes.CDLL(None)
    return libc if hasattr(libc, "malloc_trim") else None


def is_out_of_memory(error: BaseException | None) -> bool:
    """Whether an error, or what caused it, is an allocation that failed."""
    while error is not None:
        if isinstance(error, MemoryError):
            return True
        # The message of other errors may have the name of a file in it.
        said = "" if isinstance(error, PageglassError | OSError) else str(error).lower()
        if any(words in said for words in _NO_MEMORY):
            return True
        error = error.__cause__ or error.__context__
    return False


_NO_MEMORY = ("malloc", "calloc", "realloc", "bad_alloc", "bad allocation", "out of memory")
