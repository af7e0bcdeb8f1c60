"""Archive source: ZIP and TAR files as a list of what is in them, and their files."""

from __future__ import annotations

import lzma
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ingest.files.formats.laid_out import LaidOutSource
from ingest.files.formats.tables.table_pages import FONT_SIZE, TablePages
from ingest.files.formats.tables.table_rows import make_table
from ingest.files.source import EmbeddedFile, UnreadableFile

MAX_MEMBERS = 10_000
MAX_UNPACKED = 4 << 30
"""Bytes that an archive may unpack to."""
MAX_RATIO = 200
"""Times that its files may be larger than itself, beyond `RATIO_FROM` bytes."""
RATIO_FROM = 64 << 20
ARCHIVE_ERRORS = (
    *(zipfile.BadZipFile, tarfile.TarError, zlib.error, lzma.LZMAError),
    *(OSError, EOFError, ValueError, NotImplementedError, RuntimeError, KeyError),
)
"""What the standard library raises for damaged archives."""


@dataclass(frozen=True, slots=True)
class _Member:
    name: str
    size: int
    day: str
    read: Callable[[Any], bytes]
    """Content, by the open archive."""


class ArchiveSource(LaidOutSource):
    """Archive as a `Source`: pages with the names, sizes and days of its files.

    Hidden files and folders, links and devices are left out.

    Raises:
        UnreadableFile: it is damaged, or would unpack to too much.
    """

    def __init__(self, path: Path, name: str) -> None:
        self._path = path
        self._open = zipfile.ZipFile if name == "zip" else tarfile.open
        try:
            listed = _list_zip(path) if name == "zip" else _list_tar(path)
            self._members = [each for each in _checked(path, listed) if not _is_hidden(each.name)]
        except ARCHIVE_ERRORS as error:
            raise UnreadableFile(
                f"{path.name} is a damaged archive.", hint="Copy it again, or pack it anew."
            ) from error
        if not self._members:
            raise UnreadableFile(f"{path.name} has no files in it.", hint="Pack it anew.")
        rows = [[each.name, f"{each.size:,}", each.day] for each in self._members]
        table = make_table(["file", "bytes", "day"], rows)
        pages = TablePages([(path.name, table)], path.name)
        super().__init__(
            path,
            pages.html.encode("utf-8-sig", "replace"),
            "html",
            "archive",
            page_size=pages.size,
            font_size=FONT_SIZE,
        )
        self.has_attachments = True

    def embedded_files(self) -> Iterator[EmbeddedFile]:
        """Names, with their folders, and readers of the files, each for its own turn.

        The archive is opened once: a packed TAR is unpacked from its start to each file.
        """
        with self._open(self._path) as archive:
            for member in self._members:
                yield member.name, lambda member=member: self._read(archive, member)  # type: ignore[misc]

    def _read(self, archive: Any, member: _Member) -> bytes:
        try:
            data = member.read(archive)
        except ARCHIVE_ERRORS as error:
            encrypted = "encrypted" in str(error) or "password" in str(error)
            what = "is encrypted" if encrypted else "is damaged"
            raise UnreadableFile(
                f"{member.name} in {self._path.name} {what}.", hint="Pack it anew."
            ) from error
        if len(data) > member.size:
            raise UnreadableFile(
                f"{member.name} in {self._path.name} is larger than it claims.",
                hint="Pack it anew.",
            )
        return data


def _checked(path: Path, members: Iterator[_Member]) -> Iterator[_Member]:
    """Members of an archive; one that is a bomb is refused before anything is unpacked."""
    packed = path.stat().st_size
    unpacked = 0
    for count, member in enumerate(members, start=1):
        unpacked += member.size
        if count > MAX_MEMBERS:
            raise UnreadableFile(
                f"{path.name} has more than {MAX_MEMBERS:,} files in it.",
                hint="Unpack it, and ingest the folder.",
            )
        if unpacked > MAX_UNPACKED or unpacked > max(RATIO_FROM, MAX_RATIO * packed):
            raise UnreadableFile(
                f"{path.name} unpacks to more than {unpacked >> 20:,} MiB from"
                f" {packed >> 10:,} KiB, which is not safe to open.",
                hint="If it is a real archive, unpack it, and ingest the folder.",
            )
        yield member


def _list_zip(path: Path) -> Iterator[_Member]:
    with zipfile.ZipFile(path) as archive:
        for info in archive.infolist():
            if not info.is_dir():
                day = "{:04}-{:02}-{:02}".format(*info.date_time[:3])

                def read(opened: zipfile.ZipFile, info: zipfile.ZipInfo = info) -> bytes:
                    with opened.open(info) as file:
                        return file.read(info.file_size + 1)

                yield _Member(info.filename.replace("\\", "/"), info.file_size, day, read)


def _list_tar(path: Path) -> Iterator[_Member]:
    with tarfile.open(path) as archive:
        for info in archive:
            if info.isreg():

                def read(opened: tarfile.TarFile, info: tarfile.TarInfo = info) -> bytes:
                    file = opened.extractfile(info)
                    return file.read(info.size + 1) if file else b""

                yield _Member(info.name, info.size, _day(info.mtime), read)


def _day(time: float) -> str:
    """Day of a time stamp; empty for one that is no time."""
    try:
        return datetime.fromtimestamp(time, UTC).strftime("%Y-%m-%d")
    except (ValueError, OverflowError, OSError):
        return ""


def _is_hidden(name: str) -> bool:
    parts = name.split("/")
    return any(part.startswith(".") and part not in (".", "..") for part in parts) or (
        parts[0] == "__MACOSX"
    )
