"""Reader pool: worker processes that render pages a bounded distance ahead.

Processes, since PyMuPDF is not thread-safe and a broken file may crash its
worker. A crashed pool is replaced, the files that were being read are read again
one at a time, and the one that crashes alone is reported as unreadable.
"""

from __future__ import annotations

import logging
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

log = logging.getLogger(__name__)

PAGES_AT_ONCE = 4
AHEAD = 3
"""Tasks submitted for each worker: one that runs, others queued or done."""


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


@dataclass(frozen=True, slots=True)
class _Task:
    job: ReadJob
    inspection: Inspection | None
    first: int


def read_ahead(
    jobs: Iterable[ReadJob],
    settings: RenderSettings,
    workers: int = 0,
    preparers: Mapping[str, Preparer] | None = None,
) -> Generator[ReadPages | ReadFailure, None, None]:
    """Read files in worker processes: pages of a file in order, files interleaved.

    Args:
        workers: processes; 0 for one a core.
        preparers: preprocessing of each page, by encoder name.

    Raises:
        OcrUnavailable: the OCR engine is not installed.
    """
    workers = workers or os.cpu_count() or 1
    prepare = dict(preparers or {})
    pool = _make_pool(workers, prepare)
    remaining = iter(jobs)
    waiting: deque[_Task] = deque()
    running: deque[tuple[_Task, Future[tuple[Inspection, list[Rendered]]]]] = deque()
    suspects: deque[_Task] = deque()
    alone: set[_Task] = set()
    broken: set[ReadJob] = set()
    try:
        while True:
            # One at a time after a crash, until the file that caused it is found.
            while len(running) < (1 if suspects else AHEAD * workers):
                task = _next_task(suspects, waiting, remaining)
                if task is None:
                    break
                if task.job in broken:
                    continue
                try:
                    running.append((task, pool.submit(_work, task, settings)))
                except BrokenProcessPool:
                    (suspects or waiting).appendleft(task)
                    if not running:
                        pool = _make_pool(workers, prepare)
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
                log.warning("a reading worker ended in the middle of its work; starting others")
                interrupted = [task, *(other for other, _ in running)]
                running.clear()
                pool.shutdown(cancel_futures=True)
                pool = _make_pool(workers, prepare)
                # Something else may have killed the worker: a file is at fault if it crashes twice alone.
                if len(interrupted) > 1 or task not in alone:
                    alone.update(interrupted if len(interrupted) == 1 else ())
                    suspects.extendleft(reversed(interrupted))
                    continue
                broken.add(task.job)
                yield ReadFailure(task.job, _crashed(task))
            except OcrUnavailable:
                raise
            except Exception as error:
                broken.add(task.job)
                yield ReadFailure(task.job, _unreadable(task, error))
            else:
                if task.inspection is None:
                    rest = range(1 + PAGES_AT_ONCE, inspection.page_count + 1, PAGES_AT_ONCE)
                    waiting.extend(_Task(task.job, inspection, first) for first in rest)
                yield ReadPages(task.job, inspection, pages)
    finally:
        stop_workers(pool)


def _next_task(
    suspects: deque[_Task], waiting: deque[_Task], remaining: Iterator[ReadJob]
) -> _Task | None:
    if suspects:
        return suspects.popleft()
    if waiting:
        return waiting.popleft()
    job = next(remaining, None)
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
"""Set in worker processes; empty in the parent."""


def _start_worker(preparers: dict[str, Preparer]) -> None:
    _preparers.update(preparers)
    start_worker()


def _crashed(task: _Task) -> UnreadableFile:
    return UnreadableFile(
        f"{task.job.path.name} crashes its reader, near page {task.first}.",
        hint="Save it again from a PDF reader or an image editor.",
    )


def _unreadable(task: _Task, error: Exception) -> PageglassError:
    if isinstance(error, PageglassError):
        return error
    return UnreadableFile(
        f"{task.job.path.name} cannot be read ({type(error).__name__}: {error}).",
        hint="Save it again from a PDF reader or an image editor.",
    )
