"""Slice task: a few pages of a file, read on a node of the cluster.

The file's bytes come with the task and lie on the node's disk without a name, so that a
killed worker leaves nothing. They are opened by a reading worker of its own, within the
same limits as on one machine.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from ingest.encoders.encoder import Preparer
from ingest.error import PageglassError
from ingest.files.render import Inspection, RenderSettings
from ingest.page import Rendered
from ingest.readers.limits import COSTLY, ReadLimits
from ingest.readers.read_ahead import PAGES_AT_ONCE, Part, ReadJob, name_part, read_part, unreadable
from ingest.readers.reader_pool import ReaderPool
from ingest.run.title import find_title

PAGES = 16
"""Pages of a slice."""


@dataclass(frozen=True, slots=True)
class SliceJob:
    """Slice to be read: pages from `first` on, `PAGES` at most.

    The first slice of a file opens it and has neither `inspection` nor `title`.
    """

    document_id: str
    name: str
    file_name: str
    first: int
    inspection: Inspection | None = None
    title: str = ""


SliceHead = tuple[Inspection, str]
"""A file's inspection and the document's title."""


def read_slice(
    data: npt.NDArray[np.uint8],
    job: SliceJob,
    settings: RenderSettings,
    limits: ReadLimits,
    preparers: Mapping[str, Preparer],
) -> tuple[SliceHead | PageglassError, list[Rendered]]:
    """Read a slice; an error is returned, not raised, so that it comes back as it is."""
    try:
        with _as_file(data, job.file_name) as path:
            try:
                head, pages = _read(path, job, settings, limits)
            except COSTLY:
                once = replace(settings, second_reader=False)
                head, pages = _read(path, job, once, limits)
    except PageglassError as error:
        return error, []
    except Exception as error:
        return unreadable(job.file_name, error), []
    context = head[1]
    made = [replace(page, context=context) for page in pages]
    if preparers:
        made = [_prepare(page, preparers) for page in made]
    return head, made


def _prepare(page: Rendered, preparers: Mapping[str, Preparer]) -> Rendered:
    return replace(page, prepared={name: make(page) for name, make in preparers.items()})


def _read(
    path: Path, job: SliceJob, settings: RenderSettings, limits: ReadLimits
) -> tuple[SliceHead, list[Rendered]]:
    pool = _reader(limits)
    read = ReadJob(path, job.document_id, job.name)
    inspection, title, pages = job.inspection, job.title, list[Rendered]()
    for first in range(job.first, job.first + PAGES, PAGES_AT_ONCE):
        if inspection and first > inspection.page_count:
            break
        part = Part(read, inspection, first)
        future = pool.submit(read_part, part, settings, "", name=name_part(path, first))
        found, more = future.result()
        if inspection is None:
            # Of as many pages as on one machine, which knows the title once it has read these.
            title = find_title(found.title, more[0].words, [page.words for page in more[1:]]).text
            inspection = found
        pages += more
    assert inspection is not None
    return (inspection, title), pages


@cache
def _reader(limits: ReadLimits) -> ReaderPool:
    """The reading worker of this process; it ends with it."""
    return ReaderPool(1, limits)


@contextmanager
def _as_file(data: npt.NDArray[np.uint8], name: str) -> Iterator[Path]:
    """Path to a file of these bytes under this name, which has no name on the disk."""
    with tempfile.TemporaryFile() as file, tempfile.TemporaryDirectory() as folder:
        data.tofile(file)
        file.flush()
        path = Path(folder, name)
        path.symlink_to(f"/proc/{os.getpid()}/fd/{file.fileno()}")
        yield path


def load_bytes(path: Path) -> npt.NDArray[Any]:
    """A file's bytes (n,) in the form that workers of a node share without a copy."""
    return np.fromfile(path, np.uint8)
