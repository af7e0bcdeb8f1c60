"""Read limits: time and memory of a reading worker, and the errors beyond them."""

from __future__ import annotations

from dataclasses import dataclass

from ingest.error import UnavailableError
from ingest.files.source import UnreadableFile


@dataclass(frozen=True, slots=True)
class ReadLimits:
    """Limits of one task of a reading worker.

    `seconds` of work, counted from when a worker has the task; 0 for no limit. A
    task opens a file and reads a few of its pages, so the time grows with the
    pages. `memory_mb` is what the worker's process may hold, in MiB.
    """

    seconds: float = 240.0
    memory_mb: int = 2048


class ReadTimeout(UnreadableFile):
    """Reading took longer than the time limit."""

    code = "read-timeout"


class ReadMemoryExceeded(UnreadableFile):
    """Reading took more memory than the limit."""

    code = "read-memory"


class ReaderCrashed(UnreadableFile):
    """The worker that read the file ended, each time it was tried."""

    code = "reader-crashed"


class ReadersBusy(UnavailableError):
    """All workers are busy and the queue before them is full."""

    code = "readers-busy"


COSTLY = (ReaderCrashed, ReadMemoryExceeded)
"""How a second reader of PDFs may fail where the first alone succeeds; then that is tried."""


def timed_out(name: str, seconds: float) -> ReadTimeout:
    """Error for a task that was stopped after its time limit."""
    return ReadTimeout(
        f"{name} was not read within {seconds:g} s and was set aside.",
        hint="Save it again in a simpler form, or raise the time limit.",
    )


def memory_exceeded(name: str, memory_mb: int) -> ReadMemoryExceeded:
    """Error for a task that needed more memory than its limit."""
    return ReadMemoryExceeded(
        f"{name} takes more than {memory_mb} MiB of memory to read and was set aside.",
        hint="Save it again with smaller images, or raise the memory limit.",
    )


def crashed(name: str) -> ReaderCrashed:
    """Error for a task whose worker ended every time."""
    return ReaderCrashed(
        f"{name} crashes its reader.",
        hint="Save it again from a PDF reader or an image editor.",
    )


def busy() -> ReadersBusy:
    """Error for a request that found no place in the queue."""
    return ReadersBusy(
        "Too many files are being read at this moment.", hint="Try again in a few seconds."
    )
