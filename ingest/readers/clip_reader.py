"""Clip reader: clips of shots of the library, from the files of their videos."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from ingest.error import PageglassError
from ingest.files.video.read_clip import read_clip
from ingest.library.library import Library
from ingest.page import Clip, Document, Rendered
from ingest.readers.limits import ReadLimits
from ingest.readers.original import OriginalNotFound, find_original
from ingest.readers.reader_pool import ReaderPool

log = logging.getLogger(__name__)


class ClipReader:
    """Gives pages of videos their clips; its one worker starts with the first."""

    def __init__(self, library: Library, limits: ReadLimits) -> None:
        self._library = library
        self._limits = limits
        self._pool: ReaderPool | None = None

    def __call__(self, document: Document, pages: Sequence[Rendered]) -> list[Rendered]:
        """Pages with clips; one whose file is gone or broken has none."""
        if document.kind != "video":
            return list(pages)
        try:
            path = find_original(self._library, document)
        except OriginalNotFound:
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
