"""Give memory that is no longer used back to the system, so that a long run stays as small as a short one."""

from __future__ import annotations

import ctypes
import sys
from functools import cache
from typing import Any


def release_memory() -> None:
    """Empty MuPDF's cache of fonts and pictures, and let the C library hand back free pages.

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
