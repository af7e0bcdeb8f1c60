"""Memory release: unused memory returned to the system.

Without it, memory grows in long runs.
"""

from __future__ import annotations

import ctypes
import sys
from functools import cache
from typing import Any


def release_memory() -> None:
    """Empty MuPDF's cache of fonts and images, and return free memory to the system.

    glibc keeps what is freed below the top of its heap: pages of many sizes
    leave holes that add up to hundreds of megabytes (malloc_trim(3)).
    """
    if pymupdf := sys.modules.get("pymupdf"):
        pymupdf.TOOLS.store_shrink(100)
    if libc := _libc():
        libc.malloc_trim(0)


@cache
def _libc() -> Any:
    """The C library, where it is one that can trim (glibc)."""
    libc = ctypes.CDLL(None)
    return libc if hasattr(libc, "malloc_trim") else None
