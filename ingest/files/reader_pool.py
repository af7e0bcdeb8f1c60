"""Keep worker processes reading files a bounded distance ahead of whoever takes the pages.

Processes, since PyMuPDF is not thread-safe and a broken file may take its
reader down with it: a reader that dies is replaced, and the file that did it,
found by reading alone what was being read, is reported like any other bad file.
"""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Generator, Iterable, Iterator, Mapping
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, replace
from pathlib import Path

from ingest.encoders.encoder import Preparer
from ingest.error import PageglassError
from ingest.files.ocr import OcrUnavailable
from ingest.files.render import Inspection, RenderSettings, inspect, render
from ingest.files.source import UnreadableFile
from ingest.page import Page, Rendered
from ingest.worker import start_pool, start_worker, stop_workers

PAGES_AT_ONCE = 4
AHEAD = 3
"""Tasks under way for each worker: one it does, and some that wait or are done."""


@dataclass(frozen=True, slots=True)
class Job:
    """A file to read, and the document that its bytes make."""

    path: Path
    document_id: str
    name: str


@dataclass(frozen=True, slots=True)
class ReadPages:
    """Some pages of a file in order. `inspection` comes with the first."""

    job: Job
    inspection: Inspection
    pages: list[Rendered]


@dataclass(frozen=True, slots=True)
class ReadFailure:
    """A file that could not be read to its end. Nothing more comes of it."""

    job: Job
    error: PageglassError


@dataclass(frozen=True, slots=True)
class _Task:
    job: Job
    inspection: Inspection | None
    first: int


def read_ahead(
    jobs: Iterable[Job],
    settings: RenderSettings,
    workers: int = 0,
    preparers: Mapping[str, Preparer] | None = None,
) -> Generator[ReadPages | ReadFailure, None, None]:
    """Yield the pages of each job, a job's own in order, jobs a little interleaved.

    Args:
        workers: processes; 0 takes one a core.
        preparers: what to make of each page for its encoders, by their names.

    Raises:
        OcrUnavailable: the OCR asked for is not there.
    """
    workers = workers or os.cpu_count() or 1
    ready = dict(preparers or {})
    pool = _make_pool(workers, ready)
    coming = iter(jobs)
    waiting: deque[_Task] = deque()
    running: deque[tuple[_Task, Future[tuple[Inspection, list[Rendered]]]]] = deque()
    suspects: deque[_Task] = deque()
    alone: set[_Task] = set()
    broken: set[Job] = set()
    try:
        while True:
            # One at a time while the culprit of a crash is looked for.
            while len(running) < (1 if suspects else AHEAD * workers):
                task = _next_task(suspects, waiting, coming)
                if task is None:
                    break
                if task.job in broken:
                    continue
                try:
                    running.append((task, pool.submit(_work, task, settings)))
                except BrokenProcessPool:
                    (suspects or waiting).appendleft(task)
                    if not running:
                        pool = _make_pool(workers, ready)
                    break
            if not running:
                if not (suspects or waiting):
                    return
                continue
            task, future = running.popleft()
            if task.job in broken:
                continue
            try:
                inspection, pages = future.result()
            except BrokenProcessPool:
                died = [task, *(other for other, _ in running)]
                running.clear()
                pool.shutdown(cancel_futures=True)
                pool = _make_pool(workers, ready)
                # Something else may have killed it: only a second death alone is held against it.
                if len(died) > 1 or task not in alone:
                    alone.update(died if len(died) == 1 else ())
                    suspects.extendleft(reversed(died))
                    continue
                broken.add(task.job)
                yield ReadFailure(task.job, _crashed(task))
            except OcrUnavailable:
                raise
            except Exception as error:
                broken.add(task.job)
                yield ReadFailure(task.job, _as_fault(task, error))
            else:
                if task.inspection is None:
                    rest = range(1 + PAGES_AT_ONCE, inspection.page_count + 1, PAGES_AT_ONCE)
                    waiting.extend(_Task(task.job, inspection, first) for first in rest)
                yield ReadPages(task.job, inspection, pages)
    finally:
        stop_workers(pool)


def _next_task(
    suspects: deque[_Task], waiting: deque[_Task], coming: Iterator[Job]
) -> _Task | None:
    if suspects:
        return suspects.popleft()
    if waiting:
        return waiting.popleft()
    job = next(coming, None)
    return _Task(job, None, 1) if job else None


def _work(task: _Task, settings: RenderSettings) -> tuple[Inspection, list[Rendered]]:
    inspection = task.inspection or inspect(task.job.path, settings)
    count = min(PAGES_AT_ONCE, inspection.page_count - task.first + 1)
    page = Page(task.job.document_id, task.first, task.job.name)
    pages = render(task.job.path, page, count, settings)
    return inspection, [_prepare(rendered) for rendered in pages]


def _prepare(page: Rendered) -> Rendered:
    if not _preparers:
        return page
    return replace(page, prepared={name: make(page) for name, make in _preparers.items()})


def _make_pool(workers: int, preparers: dict[str, Preparer]) -> ProcessPoolExecutor:
    return start_pool(workers, _start_worker, (preparers,))


_preparers: dict[str, Preparer] = {}
"""A worker's own; empty in the parent."""


def _start_worker(preparers: dict[str, Preparer]) -> None:
    _preparers.update(preparers)
    start_worker()


def _crashed(task: _Task) -> UnreadableFile:
    return UnreadableFile(
        f"{task.job.path.name} makes the program that reads it crash, near page {task.first}.",
        hint="Open it in a PDF reader or picture editor and save it anew.",
    )


def _as_fault(task: _Task, error: Exception) -> PageglassError:
    if isinstance(error, PageglassError):
        return error
    return UnreadableFile(
        f"{task.job.path.name} cannot be read ({type(error).__name__}: {error}).",
        hint="Open it in a PDF reader or picture editor and save it anew.",
    )
