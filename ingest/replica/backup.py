"""Backup of a home in one file, made while others read it, and its restoration.

A tar archive: a description, page images, indexes, uploaded files, and the library last.
Uploads that wait to be ingested are not in it, nor are the records of a Chroma server,
which are derived anew from the vector files.
"""

from __future__ import annotations

import io
import json
import os
import sqlite3
import tarfile
import uuid
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from ingest.error import ConflictError, InvalidInputError
from ingest.library.atomic import discard, sync
from ingest.library.home import Home
from ingest.library.library import Library

ABOUT = "pageglass-backup.json"
FORMAT = 1
LIBRARY = "library.sqlite3"
FOLDERS = ("pages", "index", "uploads")
_DATABASES = frozenset({LIBRARY, "chroma.sqlite3"})
_SIDE_FILES = ("-wal", "-shm", "-journal")

Report = Callable[[int, int], None]
"""Is told how many bytes are done, and of how many."""


class InvalidBackup(InvalidInputError):
    """A file is no backup that this version can restore."""

    code = "invalid-backup"


class HomeNotEmpty(ConflictError):
    """A backup is to be restored where a library is."""

    code = "home-not-empty"


@dataclass(frozen=True, slots=True)
class BackupContent:
    """Content of a backup: numbers of documents and pages, and bytes of its files."""

    documents: int
    pages: int
    byte_size: int


def back_up(home: Home, target: Path, report: Report | None = None) -> BackupContent:
    """Write a home into one file; nothing is seen at `target` before it is whole.

    Waits for other writers, and keeps them out meanwhile; readers go on.

    Raises:
        LibraryNotFound, ReadOnlyMirror, HomeBusy, DiskFull
        OSError: the target cannot be written.
    """
    library = Library(home)
    beside = target.with_name(f".{target.name}.{uuid.uuid4().hex[:8]}")
    with home.writing(publish=False):
        files = list(_files(home))
        total = sum(path.stat().st_size for path, _ in files)
        content = BackupContent(len(library.documents()), library.page_count(), total)
        try:
            with beside.open("wb") as out:
                os.fchmod(out.fileno(), 0o600)
                with tarfile.open(fileobj=out, mode="w", format=tarfile.PAX_FORMAT) as archive:
                    _add_bytes(archive, ABOUT, _describe(home, content))
                    done = 0
                    for path, name in files:
                        _add_file(archive, home, path, name)
                        done += path.stat().st_size
                        if report:
                            report(done, total)
                out.flush()
                os.fsync(out.fileno())
            beside.replace(target)
        finally:
            beside.unlink(missing_ok=True)
    sync(target.absolute().parent)
    return content


def restore(home: Home, source: Path, report: Report | None = None) -> BackupContent:
    """Bring a backup into a home without a library; it is seen whole or not at all.

    Raises:
        HomeNotEmpty: the home has a library.
        InvalidBackup: the file is no whole backup, or of a newer version.
        HomeBusy, DiskFull, ReadOnlyMirror
        OSError: the file cannot be read.
    """
    with home.writing(publish=False):
        if home.database.exists() or (home.root / "index").exists():
            raise HomeNotEmpty(
                f"There is a library in {home.root}.",
                hint="Restore into another data folder, or move this one away first.",
            )
        staging = home.staging / f"restore-{uuid.uuid4().hex[:8]}"
        staging.mkdir(parents=True)
        try:
            about = _extract(source, staging, report)
            try:
                _move_uploads(staging, Path(about["root"]), home.root)
            except sqlite3.DatabaseError as error:
                raise _no_backup(source) from error
            for name in FOLDERS:
                if (staging / name).exists():
                    (staging / name).rename(home.root / name)
            (staging / LIBRARY).rename(home.root / LIBRARY)
            sync(home.root)
        finally:
            discard(staging)
    return BackupContent(about["documents"], about["pages"], about["bytes"])


def _files(home: Home) -> Iterator[tuple[Path, str]]:
    """Files of a home with their names in the archive, the library last."""
    for folder in FOLDERS:
        for where, _, names in os.walk(home.root / folder):
            for name in sorted(names):
                path = Path(where, name)
                if path.is_file() and not name.endswith(_SIDE_FILES):
                    yield path, path.relative_to(home.root).as_posix()
    yield home.root / LIBRARY, LIBRARY


def _describe(home: Home, content: BackupContent) -> bytes:
    about = {
        "format": FORMAT,
        "documents": content.documents,
        "pages": content.pages,
        "bytes": content.byte_size,
        "root": os.fsdecode(home.root),
    }
    return json.dumps(about).encode()


def _add_file(archive: tarfile.TarFile, home: Home, path: Path, name: str) -> None:
    if path.name not in _DATABASES:
        archive.add(path, name, recursive=False)
        return
    copy = home.staging / f"backup-{uuid.uuid4().hex[:8]}"
    copy.parent.mkdir(exist_ok=True)
    try:
        with (
            closing(sqlite3.connect(path, timeout=30)) as source,
            closing(sqlite3.connect(copy)) as target,
        ):
            source.backup(target)
            target.execute("PRAGMA journal_mode = DELETE")
        archive.add(copy, name, recursive=False)
    finally:
        discard(copy)


def _add_bytes(archive: tarfile.TarFile, name: str, data: bytes) -> None:
    member = tarfile.TarInfo(name)
    member.size = len(data)
    archive.addfile(member, io.BytesIO(data))


def _extract(source: Path, staging: Path, report: Report | None) -> dict[str, Any]:
    """Extract an archive; returns its description."""
    no_backup = _no_backup(source)
    try:
        with tarfile.open(source, mode="r:") as archive:
            about = _read_about(archive, no_backup)
            done = 0
            for member in archive:
                if member.name == ABOUT:
                    continue
                if not (member.isfile() and _is_ours(member.name)):
                    raise no_backup
                archive.extract(member, staging, filter="data")
                done += member.size
                if report:
                    report(min(done, about["bytes"]), about["bytes"])
    except (tarfile.TarError, EOFError) as error:
        raise no_backup from error
    if not (staging / LIBRARY).exists():
        raise no_backup
    return about


def _no_backup(source: Path) -> InvalidBackup:
    return InvalidBackup(
        f"{source.name} is no whole backup.", hint="Give a file that was written as one."
    )


def _read_about(archive: tarfile.TarFile, no_backup: InvalidBackup) -> dict[str, Any]:
    first = archive.next()
    file = archive.extractfile(first) if first and first.name == ABOUT else None
    if file is None:
        raise no_backup
    try:
        about = json.loads(file.read(65_536))
        version = about["format"]
        for key in ("documents", "pages", "bytes"):
            about[key] = int(about[key])
        about["root"] = str(about["root"])
    except (ValueError, KeyError, TypeError) as error:
        raise no_backup from error
    if version != FORMAT:
        raise InvalidBackup(
            f"The backup has format {version}; this pageglass reads {FORMAT}.",
            hint="Restore it with the version that wrote it, or a newer one.",
        )
    return dict(about)


def _is_ours(name: str) -> bool:
    parts = PurePosixPath(name).parts
    return ".." not in parts and (name == LIBRARY or (len(parts) > 1 and parts[0] in FOLDERS))


def _move_uploads(staging: Path, old: Path, new: Path) -> None:
    """Give the uploaded files the paths that they have in another home."""
    head, to = (os.fsencode(os.path.join(root, "uploads", "")) for root in (old, new))
    with closing(sqlite3.connect(staging / LIBRARY)) as db, db:
        for (path,) in db.execute("SELECT path FROM names").fetchall():
            if path.startswith(head):
                moved = to + path[len(head) :]
                db.execute("UPDATE names SET path = ? WHERE path = ?", (moved, path))
