"""Spool: the files of unfinished jobs, and their places among the uploads.

The files of a job lie in HOME/jobs/JOB/ until it ends: nobody else changes them.
When it has its turn each is linked to its place, HOME/uploads/DOCUMENT/NAME, so the
same file sent twice is kept once, and removing the document removes it
(ingest.library.home). A place whose file became no document is cleared again.
"""

from __future__ import annotations

import logging
import os
import re
import shutil
import time
import uuid
from collections.abc import Collection, Iterable
from pathlib import Path

from api.jobs.job import Job, JobFile
from ingest.disk.atomic import discard, sync
from ingest.disk.full_disk import DiskFull, is_disk_full
from ingest.library.database import LibraryNotFound
from ingest.library.home import Home, HomeUnusable
from ingest.shards.sharded_library import open_library

log = logging.getLogger(__name__)

ABANDONED_AFTER = 86_400.0
"""Seconds after which files of no job and no document count as left by a killed server."""
MAX_NAME_BYTES = 150
"""Bytes."""


def clean_name(name: str | None) -> str:
    """Safe file name: the last part of what was sent, printable, not hidden, not long."""
    last = re.split(r"[/\\]", name or "")[-1]
    shown = "".join(c if c.isprintable() else "_" for c in last).strip().lstrip(".")
    stem, suffix = os.path.splitext(shown)
    suffix = suffix if len(suffix) <= 10 else ""
    room = MAX_NAME_BYTES - len(suffix.encode())
    stem = shown.removesuffix(suffix).encode()[:room].decode("utf-8", "ignore")
    return (stem + suffix) or "upload"


def spool_folder(home: Home, job_id: str) -> Path:
    """Folder of a job's files: each under its position."""
    return home.root / "jobs" / job_id


def place_of(home: Home, file: JobFile) -> Path:
    """Where a file lies while the library has its document."""
    return home.uploads / file.document_id / file.name


def place(home: Home, job: Job, position: int) -> Path:
    """Put a file of a job into its place, if its bytes are not there already.

    Raises:
        DiskFull, HomeUnusable
    """
    source = spool_folder(home, job.id) / str(position)
    target = place_of(home, job.files[position])
    if target.is_file() and target.stat().st_size == source.stat().st_size:
        return target  # the folder is named after the bytes
    beside = target.parent / f".{uuid.uuid4().hex}.part"
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        try:
            os.link(source, beside)
        except OSError as error:
            if is_disk_full(error):
                raise
            shutil.copyfile(source, beside)  # this disk knows no links
        beside.replace(target)
        sync(target.parent)
    except OSError as error:
        raise upload_error(home, error) from error
    finally:
        beside.unlink(missing_ok=True)
    return target


def clear_unused(home: Home, files: Iterable[JobFile]) -> None:
    """Take files from their places that the library does not have there."""
    try:
        names = {path for document in open_library(home).documents() for path in document.paths}
    except LibraryNotFound:
        names = set()
    for file in files:
        path = place_of(home, file)
        if str(path) in names:
            continue
        try:
            path.unlink(missing_ok=True)
            path.parent.rmdir()
        except OSError:
            continue  # the same bytes under another name are in use


def sweep(home: Home, unfinished: Collection[Job]) -> None:
    """Delete what a killed server left: files of no job, and uploads never ingested."""
    jobs = {job.id for job in unfinished}
    for folder in _entries(home.root / "jobs"):
        if folder.is_dir() and folder.name not in jobs and _is_old(folder):
            discard(folder)
    if not home.uploads.is_dir():
        return
    try:
        library = open_library(home)
        names = set(library.names())
    except LibraryNotFound:
        names = set()
    else:
        if library.missing_shards:
            return  # their documents' files lie there too
    wanted = {document_id for job in unfinished for document_id in job.document_ids}
    for entry in _entries(home.uploads):
        if entry == home.remote:
            continue
        files = list(entry.iterdir()) if entry.is_dir() else []
        used = entry.name in wanted or any(str(file) in names for file in files)
        if not used and _is_old(entry):
            discard(entry)


def upload_error(home: Home, error: OSError) -> DiskFull | HomeUnusable:
    """The error that an upload ends with where its file cannot be written."""
    if is_disk_full(error):
        return DiskFull(
            f"There is no space left for {home.root}.",
            hint="Free some space and send it again.",
        )
    return HomeUnusable(
        f"An upload cannot be kept in {home.root}: {error.strerror}.",
        hint="Check the permissions of the data folder.",
    )


def _entries(folder: Path) -> list[Path]:
    return list(folder.iterdir()) if folder.is_dir() else []


def _is_old(path: Path) -> bool:
    try:
        return time.time() - path.stat().st_mtime > ABANDONED_AFTER
    except FileNotFoundError:
        return False  # another server has just deleted it
