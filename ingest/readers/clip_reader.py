"""Clip reader: clips of shots of the library, from the files of their videos."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from ingest.error import PageglassError
from ingest.file_state import stamp_of
from ingest.files.video.clip_frames import read_clip
from ingest.page import Clip, Document, Rendered
from ingest.readers.limits import ReadLimits
from ingest.readers.reader_pool import ReaderPool

log = logging.getLogger(__name__)


class ClipReader:
    """Gives pages of videos their clips; its one worker starts with the first."""

    def __init__(self, limits: ReadLimits) -> None:
        self._limits = limits
        self._pool: ReaderPool | None = None

    def __call__(self, document: Document, pages: Sequence[Rendered]) -> list[Rendered]:
        """Pages with clips; one whose file is gone or broken has none."""
        path = _find_file(document)
        if document.kind != "video" or path is None:
            return list(pages)
        return [replace(page, clip=self._read(path, page)) for page in pages]

    def close(self) -> None:
        """End the worker."""
        if self._pool:
            self._pool.close()

    def _read(self, path: Path, page: Rendered) -> Clip | None:
        self._pool = self._pool or ReaderPool(1, self._limits)
        future = self._pool.submit(read_clip, path, page.page.span, name=path.name)
        try:
            clip: Clip | None = future.result()
        except PageglassError as error:
            log.warning("%s has no clip: %s", page.page, error)
            return None
        return clip


def _find_file(document: Document) -> Path | None:
    """A file of a document that has the size it was read with."""
    for name in document.paths:
        stamp = stamp_of(Path(name))
        if stamp and stamp.size == document.byte_size:
            return Path(name)
    return None
