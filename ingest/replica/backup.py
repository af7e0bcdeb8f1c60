"""Backup of a home in one file, made while others read it, and its restoration.

A tar archive: a description, page images, indexes, uploaded files, and the library last; of
a home in shards the same of each shard below `shards/NAME`, and the list of shards last.
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
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from ingest.disk.atomic import discard, sync
from ingest.error import ConflictError, InvalidInputError
from ingest.library.home import Home
from ingest.library.library import Library

ABOUT = "pageglass-backup.json"
FORMAT = 1
SHARDS_FORMAT = 2
"""Format of a home in shards, which a version that knows of none refuses."""
LIBRARY = "library.sqlite3"
LAYOUT = "shards.json"
UPLOADS = "uploads"
OF_LIBRARY = ("pages", "index")
FOLDERS = (*OF_LIBRARY, UPLOADS)
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


def back_up(
    library: Library,
    target: Path,
    report: Report | None = None,
    shards: Mapping[str, Home] | None = None,
) -> BackupContent:
    """Write a library's home into one file, which appears once it is whole.

    Waits for other writers, and keeps them out meanwhile; readers go on.

    Args:
        shards: homes of the shards by name, of a library in shards.

    Raises:
        ReadOnlyMirror, HomeBusy, DiskFull
        OSError: the target cannot be written.
    """
    home = library.home
    beside = target.with_name(f".{target.name}.{uuid.uuid4().hex[:8]}")
    with ExitStack() as locks:
        for each in (home, *(shards or {}).values()):
            locks.enter_context(each.writing(publish=False))
        files = list(_files(home, shards or {}))
        total = sum(path.stat().st_size for path, _ in files)
        content = BackupContent(library.document_count(), library.page_count(), total)
        try:
            with beside.open("wb") as out:
                os.fchmod(out.fileno(), 0o600)
                with tarfile.open(fileobj=out, mode="w", format=tarfile.PAX_FORMAT) as archive:
                    _add_bytes(archive, ABOUT, _describe(home, content, list(shards or ())))
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
        if any((home.root / name).exists() for name in (LIBRARY, "index", "shards", LAYOUT)):
            raise HomeNotEmpty(
                f"There is a library in {home.root}.",
                hint="Restore into another data folder, or move this one away first.",
            )
        staging = home.staging / f"restore-{uuid.uuid4().hex[:8]}"
        staging.mkdir(parents=True)
        try:
            about = _extract(source, staging, report)
            try:
                for library in _libraries(about["shards"]):
                    _move_uploads(staging / library, Path(about["root"]), home.root)
            except sqlite3.DatabaseError as error:
                raise _no_backup(source) from error
            # What makes the library visible is last.
            for name in (*FOLDERS, "shards", LAYOUT if about["shards"] else LIBRARY):
                if (staging / name).exists():
                    (staging / name).rename(home.root / name)
            sync(home.root)
        finally:
            discard(staging)
    return BackupContent(about["documents"], about["pages"], about["bytes"])


def _files(home: Home, shards: Mapping[str, Home]) -> Iterator[tuple[Path, str]]:
    """Files of a home with their names in the archive; what lists others is last."""
    if not shards:
        yield from _below(home, FOLDERS)
        yield home.root / LIBRARY, LIBRARY
        return
    yield from _below(home, (UPLOADS,))
    for name, shard in shards.items():
        for path, inside in _below(shard, OF_LIBRARY):
            yield path, f"shards/{name}/{inside}"
        yield shard.root / LIBRARY, f"shards/{name}/{LIBRARY}"
    yield home.root / LAYOUT, LAYOUT


def _below(home: Home, folders: Sequence[str]) -> Iterator[tuple[Path, str]]:
    for folder in folders:
        for where, _, names in os.walk(home.root / folder):
            for name in sorted(names):
                path = Path(where, name)
                if path.is_file() and not name.endswith(_SIDE_FILES):
                    yield path, path.relative_to(home.root).as_posix()


def _libraries(shards: Sequence[str]) -> list[str]:
    """Names of the databases in an archive."""
    return [f"shards/{name}/{LIBRARY}" for name in shards] or [LIBRARY]


def _describe(home: Home, content: BackupContent, shards: Sequence[str]) -> bytes:
    about = {
        "format": SHARDS_FORMAT if shards else FORMAT,
        "documents": content.documents,
        "pages": content.pages,
        "bytes": content.byte_size,
        "root": os.fsdecode(home.root),
        "shards": list(shards),
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
                if not (member.isfile() and _is_ours(member.name, about["shards"])):
                    raise no_backup
                archive.extract(member, staging, filter="data")
                done += member.size
                if report:
                    report(min(done, about["bytes"]), about["bytes"])
    except (tarfile.TarError, EOFError) as error:
        raise no_backup from error
    if not all((staging / name).exists() for name in _libraries(about["shards"])):
        raise no_backup
    if about["shards"] and _listed(staging / LAYOUT) != sorted(about["shards"]):
        raise no_backup
    return about


def _listed(layout: Path) -> list[str]:
    """Names of the shards that a list of shards has; none where it cannot be read."""
    try:
        values = json.loads(layout.read_bytes())
        return sorted(map(str, [*values["shards"], *values["leaving"]]))
    except (OSError, ValueError, KeyError, TypeError):
        return []


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
        about["shards"] = [f"{int(name):03}" for name in about.get("shards", [])]
    except (ValueError, KeyError, TypeError) as error:
        raise no_backup from error
    if version != (SHARDS_FORMAT if about["shards"] else FORMAT):
        raise InvalidBackup(
            f"The backup has format {version}, which this pageglass does not read.",
            hint="Restore it with the version that wrote it, or a newer one.",
        )
    return dict(about)


def _is_ours(name: str, shards: Sequence[str]) -> bool:
    """Whether a file has a place in a home."""
    parts = PurePosixPath(name).parts
    if ".." in parts:
        return False
    if not shards:
        return name == LIBRARY or (len(parts) > 1 and parts[0] in FOLDERS)
    if parts[0] == "shards" and len(parts) > 3 and parts[1] in shards:
        return parts[2] in OF_LIBRARY
    return name in {LAYOUT, *_libraries(shards)} or (len(parts) > 1 and parts[0] == UPLOADS)


def _move_uploads(database: Path, old: Path, new: Path) -> None:
    """Give the uploaded files of a library the paths that they have in another home."""
    head, to = (os.fsencode(os.path.join(root, "uploads", "")) for root in (old, new))
    with closing(sqlite3.connect(database)) as db, db:
        for (path,) in db.execute("SELECT path FROM names").fetchall():
            if path.startswith(head):
                moved = to + path[len(head) :]
                db.execute("UPDATE names SET path = ? WHERE path = ?", (moved, path))
