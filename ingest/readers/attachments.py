"""Attachments: files in a PDF, an e-mail or an archive, written to a folder.

It runs in a worker process. Names and numbers in the file are not trusted: files are
written under names of our own making, and no more than a bounded number of bytes.
"""

from __future__ import annotations

import os
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from ingest.files.formats.kinds import CONTAINER_SUFFIXES, suffix_of
from ingest.files.formats.office import readable_suffixes
from ingest.files.open import open_source
from ingest.files.render import RenderSettings
from ingest.files.source import UnreadableFile
from ingest.library.names import ATTACHED
from ingest.memory import is_out_of_memory

MAX_DEPTH = 3
"""Attachments of attachments are read down to this level."""
MAX_FILES = 500
"""Attachments of a file, with those of its attachments."""
MAX_ARCHIVED = 10_000
"""The same of an archive."""
MAX_FOLDERS = 8
"""Folders of a file in an archive that its name keeps, and itself."""
MAX_BYTES = 1 << 30
"""Bytes of them that are written."""
MAX_NAME = 150
"""Bytes of an attachment's name; file systems take 255."""


@dataclass(frozen=True, slots=True)
class Attachment:
    """Attachment by its name; `path` is the file that it was written to.

    Without a path it was not written: for the `reason` given, or without one because
    its kind is not read. The name of an attachment's attachment begins with its own.
    """

    name: str
    path: Path | None = None
    reason: str = ""


@dataclass(slots=True)
class _Extraction:
    folder: Path
    settings: RenderSettings
    found: list[Attachment] = field(default_factory=list)
    bytes: int = 0


def extract_attachments(path: Path, folder: Path, settings: RenderSettings) -> list[Attachment]:
    """Write the attachments of a file to files in `folder`.

    Raises:
        UnreadableFile: the file cannot be opened.
    """
    extraction = _Extraction(folder, settings)
    _extract(path, "", 1, extraction)
    return extraction.found


def _extract(path: Path, prefix: str, depth: int, extraction: _Extraction) -> None:
    settings = extraction.settings
    source = open_source(path, settings.password, office=settings.office)
    embedded = getattr(source, "embedded_files", None)
    if embedded is None or not source.has_attachments:
        return
    if depth > MAX_DEPTH:
        reason = f"{path.name} lies {MAX_DEPTH} files deep; what is attached to it is not read."
        extraction.found.append(Attachment(f"{prefix}…", None, reason))
        return
    is_archive = source.kind == "archive"
    most = MAX_ARCHIVED if is_archive else MAX_FILES
    taken: set[str] = set()
    for given, read in embedded():
        if len(extraction.found) >= most:
            reason = f"{path.name} has more than {most:,} attachments; the others are not read."
            extraction.found.append(Attachment(f"{prefix}…", None, reason))
            return
        name = _unique(clean_path(given) if is_archive else clean_name(given), taken)
        attachment = _write(prefix + name, os.path.basename(name), read, extraction)
        extraction.found.append(attachment)
        if attachment.path and suffix_of(name) in CONTAINER_SUFFIXES:
            try:
                _extract(attachment.path, f"{prefix}{name}{ATTACHED}", depth + 1, extraction)
            except UnreadableFile:
                continue  # it is reported when it is read as a file of its own


def _write(name: str, last: str, read: Callable[[], bytes], extraction: _Extraction) -> Attachment:
    # Here, since a server knows this module too, and opens no PDF.
    from ingest.files.pdf_parts import PDF_ERRORS

    if suffix_of(last) not in readable_suffixes(extraction.settings.office):
        return Attachment(name)
    try:
        data = read()
    except UnreadableFile as error:
        return Attachment(name, None, error.message)
    except PDF_ERRORS as error:
        if is_out_of_memory(error):
            raise MemoryError from error
        return Attachment(name, None, f"The attachment {last} is damaged.")
    if not data:
        return Attachment(name, None, f"The attachment {last} is empty.")
    if extraction.bytes + len(data) > MAX_BYTES:
        limit = f"{MAX_BYTES >> 20} MiB of attachments"
        return Attachment(name, None, f"The attachment {last} exceeds the limit of {limit}.")
    extraction.bytes += len(data)
    path = extraction.folder / str(len(extraction.found)) / last
    path.parent.mkdir()
    path.write_bytes(data)
    return Attachment(name, path)


def clean_path(given: str) -> str:
    """Name of a file in an archive with its folders, none of which leads out of it.

    >>> clean_path("../reports/./2024/a.pdf")
    'reports/2024/a.pdf'
    """
    parts = [part for part in given.replace("\\", "/").split("/") if part not in ("", ".", "..")]
    return "/".join(map(clean_name, parts[-MAX_FOLDERS:])) or "attachment"


def clean_name(given: str) -> str:
    r"""Name of an attachment as a file name: no folders, only what prints.

    >>> clean_name("..\\..\\etc/pass\u202ewd.pdf"), clean_name("/")
    ('passwd.pdf', 'attachment')
    """
    text = given.encode("utf-8", "replace").decode().replace("\\", "/").replace("›", "-")
    printable = "".join(c for c in text if unicodedata.category(c)[0] != "C")
    name = " ".join(unicodedata.normalize("NFC", printable).rstrip("/").rpartition("/")[2].split())
    stem, suffix = os.path.splitext(name.strip(" "))
    suffix = suffix[:12]
    while len((stem + suffix).encode()) > MAX_NAME:
        stem = stem[:-1]
    return stem + suffix if stem.strip(".") else f"attachment{suffix}"


def _unique(name: str, taken: set[str]) -> str:
    """A name that no other attachment of the file has, which it is added to."""
    stem, suffix = os.path.splitext(name)
    count = 2
    while name in taken:
        name = f"{stem} ({count}){suffix}"
        count += 1
    taken.add(name)
    return name
