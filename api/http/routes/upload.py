"""Uploads: files sent over HTTP, kept in the home and ingested like others.

An upload lies in HOME/uploads/DOCUMENT/NAME, so the same file sent twice is
kept once, and removing the document removes it (ingest.library.home). Bytes that
cannot be read are not kept.
"""

from __future__ import annotations

import hashlib
import logging
import os
import re
import time
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import BinaryIO

from api.schemas.documents import DocumentBody, FileBody
from ingest.add import AddSettings, add
from ingest.disk import DiskFull, is_disk_full
from ingest.event import Added, Failed
from ingest.file_state import Failure, document_id
from ingest.library.atomic import discard, sync
from ingest.library.database import LibraryNotFound
from ingest.library.home import Home, HomeUnusable
from ingest.library.library import Library
from ingest.library.writer import LibraryWriter

log = logging.getLogger(__name__)

WRITER_WAIT = 60.0
"""Seconds to wait for another writer before saying that the home is busy."""
ABANDONED_AFTER = 86_400.0
"""Seconds after which an upload without a document counts as left by a killed server."""
MAX_NAME_BYTES = 150
"""Bytes."""
CHUNK = 1 << 20


@dataclass(frozen=True, slots=True)
class UploadedFile:
    """Uploaded file on disk."""

    name: str
    path: Path
    document_id: str


def clean_name(name: str | None) -> str:
    """Safe file name: the last part of what was sent, printable, not hidden, not long."""
    last = re.split(r"[/\\]", name or "")[-1]
    shown = "".join(c if c.isprintable() else "_" for c in last).strip().lstrip(".")
    stem, suffix = os.path.splitext(shown)
    suffix = suffix if len(suffix) <= 10 else ""
    room = MAX_NAME_BYTES - len(suffix.encode())
    stem = shown.removesuffix(suffix).encode()[:room].decode("utf-8", "ignore")
    return (stem + suffix) or "upload"


def save_upload(home: Home, stream: BinaryIO, name: str | None) -> UploadedFile:
    """Write a stream to the uploads folder, whole or not at all.

    Raises:
        DiskFull, HomeUnusable
    """
    part = home.uploads / f".{uuid.uuid4().hex}.part"
    digest = hashlib.sha256()
    try:
        home.uploads.mkdir(exist_ok=True)
        with part.open("wb") as file:
            while chunk := stream.read(CHUNK):
                digest.update(chunk)
                file.write(chunk)
            file.flush()
            os.fsync(file.fileno())
        id_ = document_id(digest.hexdigest())
        path = home.uploads / id_ / clean_name(name)
        path.parent.mkdir(exist_ok=True)
        part.replace(path)
        sync(path.parent)
    except OSError as error:
        if is_disk_full(error):
            raise DiskFull(
                f"There is no space left for {home.root}.",
                hint="Free some space and send it again.",
            ) from error
        raise HomeUnusable(
            f"An upload cannot be kept in {home.uploads}: {error.strerror}.",
            hint="Check the permissions of the data folder.",
        ) from error
    finally:
        part.unlink(missing_ok=True)
    return UploadedFile(path.name, path, id_)


def ingest_uploads(
    home: Home, uploads: Sequence[UploadedFile], settings: AddSettings
) -> list[FileBody]:
    """Ingest uploaded files; one result each, in order.

    Raises:
        What `ingest.add.add` raises; nothing of the files is then kept.
    """
    added: set[str] = set()
    failed: dict[str, Failure] = {}
    try:
        for event in add(home, [upload.path for upload in uploads], settings, wait=WRITER_WAIT):
            match event:
                case Added(document):
                    added.add(document.id)
                case Failed(failure):
                    failed[Path(failure.path).parent.name] = failure
                case _:
                    pass
        documents = {document.id: document for document in Library(home).documents()}
        log.info("uploads: %d added, %d unreadable, of %d", len(added), len(failed), len(uploads))
    finally:
        _drop_unused(home, uploads)
    results = []
    for upload in uploads:
        if upload.document_id not in documents:
            failure = failed[upload.document_id]
            results.append(
                FileBody(
                    file=upload.name,
                    status=HTTPStatus.UNPROCESSABLE_ENTITY,
                    error=failure.reason,
                    hint=failure.hint,
                )
            )
            continue
        document = documents[upload.document_id]
        status = HTTPStatus.CREATED if document.id in added else HTTPStatus.OK
        results.append(
            FileBody(file=upload.name, status=status, document=DocumentBody.of(document))
        )
    return results


def _drop_unused(home: Home, uploads: Sequence[UploadedFile]) -> None:
    """Delete uploads that became no document, and the record that they failed."""
    try:
        names = Library(home).names()
    except LibraryNotFound:
        names = {}
    unused = [upload for upload in uploads if str(upload.path) not in names]
    for upload in unused:
        upload.path.unlink(missing_ok=True)
        try:
            upload.path.parent.rmdir()
        except OSError:
            continue  # the same bytes under another name are in use
    if unused:
        with home.writing():
            LibraryWriter(home).forget_names([str(upload.path) for upload in unused])


def sweep_uploads(home: Home) -> None:
    """Delete what a killed server left: partial uploads, and files never ingested."""
    try:
        names = set(Library(home).names())
    except LibraryNotFound:
        names = set()
    if not home.uploads.is_dir():
        return
    for entry in home.uploads.iterdir():
        files = list(entry.iterdir()) if entry.is_dir() else []
        used = any(str(file) in names for file in files)
        if not used and time.time() - entry.stat().st_mtime > ABANDONED_AFTER:
            discard(entry)
