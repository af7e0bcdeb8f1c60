"""Attachments of documents: extracted by workers, then read like files.

They are extracted to the staging folder, which the next writer clears after a crash.
A PDF is noted as unopened in the library until they have been.
"""

from __future__ import annotations

import errno
import shutil
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import Future, wait
from pathlib import Path

from ingest.error import PageglassError
from ingest.file_state import stamp_of
from ingest.files.render import RenderSettings
from ingest.files.source import UnreadableFile
from ingest.library.home import Home
from ingest.library.writer import LibraryWriter
from ingest.readers.attachments import Attachment, extract_attachments
from ingest.readers.limits import ReadersBusy
from ingest.readers.reader_pool import ReaderPool

TICK = 0.5
"""Seconds between looks whether another writer waits."""

ParentAttachments = tuple[str, str, list[Attachment] | PageglassError]
"""Id and path of a PDF, with its attachments or the reason why they cannot be read."""


class AttachmentFolder:
    """Folder in staging for attachments; deleted on exit."""

    def __init__(self, home: Home) -> None:
        self.path = home.staging / f"attachments-{uuid.uuid4().hex}"

    def __enter__(self) -> Path:
        self.path.mkdir(parents=True)
        return self.path

    def __exit__(self, *_: object) -> None:
        shutil.rmtree(self.path, ignore_errors=True)


def unopened_files(library: LibraryWriter) -> dict[str, Path]:
    """PDFs whose attachments were not read yet: an unchanged file of each, by id."""
    wanted = set(library.unopened())
    if not wanted:
        return {}
    return {
        document_id: Path(path)
        for path, (document_id, seen) in library.names().items()
        if document_id in wanted and stamp_of(Path(path)) == seen
    }


def read_attachments(
    files: dict[str, Path],
    folder: Path,
    settings: RenderSettings,
    pool: ReaderPool,
    give_way: Callable[[], None],
) -> Iterator[ParentAttachments]:
    """Extract the attachments of PDFs, one PDF after the other.

    Raises:
        ReadersBusy: the pool was closed meanwhile.
    """
    for document_id, path in files.items():
        target = folder / document_id
        target.mkdir()
        future: Future[list[Attachment]] = pool.submit(
            extract_attachments, path, target, settings, name=f"What is attached to {path.name}"
        )
        while not wait([future], TICK).done:
            give_way()
        try:
            yield document_id, str(path), future.result()
        except ReadersBusy:
            raise
        except OSError as error:
            if error.errno in (errno.ENOSPC, errno.EDQUOT):
                raise
            yield document_id, str(path), _unreadable(path, error)
        except PageglassError as error:
            yield document_id, str(path), error
        except Exception as error:
            yield document_id, str(path), _unreadable(path, error)


def _unreadable(path: Path, error: Exception) -> UnreadableFile:
    return UnreadableFile(
        f"The attachments of {path.name} cannot be read ({type(error).__name__}: {error}).",
        hint="Save them as files of their own, and ingest those.",
    )
