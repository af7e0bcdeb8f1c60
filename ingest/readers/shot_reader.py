"""Shot reader: frames of shots, decoded from the original files in workers."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from ingest.caches.byte_cache import ByteCache
from ingest.error import PageglassError
from ingest.library.library import Library
from ingest.page import Page
from ingest.readers.original import find_original

if TYPE_CHECKING:
    from ingest.files.video.shot_view import ShotView
    from ingest.readers.reader_pool import ReaderPool

log = logging.getLogger(__name__)

SECONDS = 20.0
"""Time limit of a shot, which somebody waits for."""
CACHE_BYTES = 32_000_000


class ShotReader:
    """Reader of shots of a library's videos; threads may share it.

    Those read last are kept, `CACHE_BYTES` of them.
    """

    def __init__(self, library: Library, pool: ReaderPool) -> None:
        self._library = library
        self._pool = pool
        self._views = ByteCache["ShotView"](CACHE_BYTES)

    def read(self, page: Page, count: int) -> ShotView:
        """Frames and cues of a shot, at most `count` frames.

        Empty where the file is gone, has changed, or cannot be read in time: what the
        library has of the shot is enough for an answer.
        """
        key = (page.key, page.span, count)
        if found := self._views.get(key):
            return found
        view = self._read(page, count)
        return self._views.put(key, view, view.size + len(page.key))

    def _read(self, page: Page, count: int) -> ShotView:
        from ingest.files.video.shot_view import ShotView, view_shot

        if page.span is None:
            return ShotView()
        try:
            path = find_original(self._library, self._library.document(page.document_id))
            future = self._pool.submit(
                view_shot, path, page.span, count, name=path.name, seconds=SECONDS, urgent=True
            )
            view: ShotView = future.result()
            return view
        except (PageglassError, OSError) as error:
            log.info("%s has one frame alone: %s", page.key, error)
            return ShotView()
