"""Read-ahead: pages of many files rendered by workers, a bounded distance ahead."""

from __future__ import annotations

import uuid
from collections import deque
from collections.abc import Generator, Iterable, Iterator, Mapping
from concurrent.futures import CancelledError, Future, wait
from dataclasses import dataclass, replace
from pathlib import Path

from ingest.encoders.encoder import Preparer
from ingest.error import ConfigurationError, PageglassError
from ingest.files.render import Inspection, RenderSettings, inspect, render
from ingest.files.source import UnreadableFile
from ingest.page import Page, Rendered
from ingest.readers.limits import COSTLY, ReadersBusy
from ingest.readers.reader_pool import ReaderPool
from ingest.readers.reader_process import shared

PAGES_AT_ONCE = 4
"""Pages that a task reads."""
AHEAD = 3
"""Tasks submitted for each worker: one that runs, others queued or done."""
TICK = 0.5
"""Seconds after which the caller has a turn though nothing was read."""


@dataclass(frozen=True, slots=True)
class ReadJob:
    """File to read, with the id and name of its document."""

    path: Path
    document_id: str
    name: str


@dataclass(frozen=True, slots=True)
class ReadPages:
    """Consecutive pages of a file."""

    job: ReadJob
    inspection: Inspection
    pages: list[Rendered]


@dataclass(frozen=True, slots=True)
class ReadFailure:
    """File that could not be read; no more pages of it follow."""

    job: ReadJob
    error: PageglassError


ReadResult = ReadPages | ReadFailure | None
"""None for a tick: nothing was read in the last half second."""


@dataclass(frozen=True, slots=True)
class Part:
    """Some pages of a file, at most `PAGES_AT_ONCE`; the first part also opens it."""

    job: ReadJob
    inspection: Inspection | None
    first: int


_Running = tuple[Part, Future[tuple[Inspection, list[Rendered]]]]


def read_ahead(
    jobs: Iterable[ReadJob],
    settings: RenderSettings,
    pool: ReaderPool,
    preparers: Mapping[str, Preparer] | None = None,
) -> Generator[ReadResult, None, None]:
    """Read files in worker processes: pages of a file in order, files interleaved.

    Args:
        preparers: preprocessing of each page, by encoder name.

    Raises:
        ConfigurationError: the OCR engine is not installed, or its models are others.
        ReadersBusy: the pool was closed meanwhile.
    """
    name = f"preparers-{uuid.uuid4().hex}"
    if preparers:
        pool.share(name, dict(preparers))
    reading = _ReadAhead(iter(jobs), settings, pool, name if preparers else "")
    try:
        yield from reading.results()
    finally:
        for _, future in reading.running:
            pool.abandon(future)
        pool.forget(name)


class _ReadAhead:
    def __init__(
        self, jobs: Iterator[ReadJob], settings: RenderSettings, pool: ReaderPool, preparers: str
    ) -> None:
        self.running: deque[_Running] = deque()
        self._jobs = jobs
        self._settings = settings
        self._pool = pool
        self._preparers = preparers
        self._submitted = 0
        self._waiting: deque[Part] = deque()
        self._failed: set[ReadJob] = set()
        self._without_second: set[ReadJob] = set()

    def results(self) -> Iterator[ReadResult]:
        while True:
            self._submit()
            if not self.running:
                return
            done = self._next_done()
            if done is None:
                yield None
            elif done[0].job not in self._failed:
                yield self._result(*done)

    def _submit(self) -> None:
        while len(self.running) < AHEAD * self._pool.workers:
            part = self._next_part()
            if part is None:
                return
            if part.job not in self._failed:
                self.running.append((part, self._start(part)))

    def _start(self, part: Part) -> Future[tuple[Inspection, list[Rendered]]]:
        settings = self._settings
        if part.job in self._without_second:
            settings = replace(settings, second_reader=False)
        self._submitted += 1
        return self._pool.submit(
            read_part,
            part,
            settings,
            self._preparers,
            name=name_part(part.job.path, part.first),
            order=self._submitted,
        )

    def _next_part(self) -> Part | None:
        if self._waiting:
            return self._waiting.popleft()
        job = next(self._jobs, None)
        return Part(job, None, 1) if job else None

    def _next_done(self) -> _Running | None:
        """The oldest part; if that takes long, the first that is done of another file; None for a tick."""
        oldest = self.running[0]
        wait([oldest[1]], TICK)
        if oldest[1].done():
            return self.running.popleft()
        seen: set[ReadJob] = set()
        for at, (part, future) in enumerate(self.running):
            if future.done() and part.job not in seen:
                del self.running[at]
                return part, future
            seen.add(part.job)
        return None

    def _result(self, part: Part, future: Future[tuple[Inspection, list[Rendered]]]) -> ReadResult:
        try:
            inspection, pages = future.result()
        except (ConfigurationError, ReadersBusy, CancelledError):
            raise
        except Exception as error:
            if isinstance(error, COSTLY) and part.job not in self._without_second:
                self._without_second.add(part.job)
                self.running.appendleft((part, self._start(part)))
                return None
            self._failed.add(part.job)
            return ReadFailure(part.job, unreadable(part.job.path.name, error))
        if part.inspection is None:
            rest = range(1 + PAGES_AT_ONCE, inspection.page_count + 1, PAGES_AT_ONCE)
            self._waiting.extend(Part(part.job, inspection, first) for first in rest)
        return ReadPages(part.job, inspection, pages)


def read_part(
    part: Part, settings: RenderSettings, preparers: str
) -> tuple[Inspection, list[Rendered]]:
    """Open a file and read some of its pages; runs in a worker."""
    inspection = part.inspection or inspect(part.job.path, settings)
    count = min(PAGES_AT_ONCE, inspection.page_count - part.first + 1)
    page = Page(part.job.document_id, part.first, part.job.name)
    pages = render(part.job.path, page, count, settings)
    if preparers:
        makers: dict[str, Preparer] = shared(preparers)
        pages = [
            replace(page, prepared={name: make(page) for name, make in makers.items()})
            for page in pages
        ]
    return inspection, pages


def name_part(path: Path, first: int) -> str:
    """Name of some pages of a file, as the subject of an error's sentence."""
    return path.name if first == 1 else f"{path.name}, near page {first},"


def unreadable(name: str, error: Exception) -> PageglassError:
    """Error for a file that could not be read, whatever its reader raised."""
    if isinstance(error, PageglassError):
        return error
    return UnreadableFile(
        f"{name} cannot be read ({type(error).__name__}: {error}).",
        hint="Save it again from a PDF reader or an image editor.",
    )
