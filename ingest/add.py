"""Ingest: bring a library and its indexes up to date with files.

Files are read ahead by worker processes, encoded in batches, and made visible
document by document. A run that is cut off, by a signal, a full disk or the
power, leaves whole documents behind; the next run completes it.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from ingest.disk.full_disk import DiskFull
from ingest.event import Added, Event
from ingest.library.home import Home
from ingest.replica.object_store import ObjectStoreUnreachable
from ingest.reserve import keep_reserve
from ingest.run.ingest_run import IngestRun
from ingest.run.settings import AddSettings

__all__ = ["AddSettings", "DiskFull", "add"]

PUBLISH_EVERY = 60.0
"""Seconds."""


def add(
    home: Home,
    paths: Sequence[str | Path],
    settings: AddSettings | None = None,
    *,
    wait: float | None = None,
    on_wait: Callable[[], None] | None = None,
) -> Iterator[Event]:
    """Read what is new or changed among `paths` into the home's library and indexes.

    Args:
        wait: seconds to wait for another writer; None waits as long as it takes.
        on_wait: called once if there is one.

    Raises:
        HomeBusy, HomeUnusable, DiskFull, OcrUnavailable, UnknownEncoder, WeightsMissing, WeightsChanged,
        IndexFormatError, LibraryFormatError: the run cannot go on. What was added stays.
    """
    with home.writing(wait, on_wait) as lock:
        for event in IngestRun(home, settings or AddSettings(), lock).run(paths):
            yield event
            if isinstance(event, Added):
                _publish_so_far(home)
        keep_reserve(home.root)


def _publish_so_far(home: Home) -> None:
    """Publish what a long run has added; what fails now is tried again, at the latest at its end."""
    with contextlib.suppress(ObjectStoreUnreachable):
        home.publish(every=PUBLISH_EVERY)
