"""Read pictures ahead of a training, in processes of their own where there are many."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from typing import Self

from PIL import Image

from ingest.error import ComputeError, PageglassError
from ingest.files.source import UnreadableFile
from ingest.finetune.crop import Glance, look
from ingest.worker import start_pool, start_worker, stop_workers

FEW = 500
"""Pictures that are read in this process: starting others takes longer."""
AHEAD = 2
"""Batches that are read while one is being computed."""
CHUNK = 8
"""Pictures that go to a process, and come back from it, together."""


class ReaderProcessDied(ComputeError):
    """A process that reads pictures is gone."""

    code = "reader-process-died"


class Reader:
    """Reads pictures, batch after batch; to be used in a `with`.

    Args:
        pictures: how many there are; up to `FEW`, or on one core, no process is started.
    """

    def __init__(self, pictures: int) -> None:
        cores = os.cpu_count() or 1
        self._pool: ProcessPoolExecutor | None = None
        if pictures > FEW and cores > 1:
            self._pool = start_pool(cores, start_worker)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._pool:
            stop_workers(self._pool)

    def read(self, batches: Iterable[Sequence[Glance]]) -> Iterator[list[Image.Image]]:
        """The pictures of each batch, in order.

        Raises:
            UnreadableFile: one of them.
            ReaderProcessDied
        """
        for seen in self.try_read(batches):
            pictures = [one for one in seen if isinstance(one, Image.Image)]
            for one in seen:
                if isinstance(one, PageglassError):
                    raise one
            yield pictures

    def try_read(
        self, batches: Iterable[Sequence[Glance]]
    ) -> Iterator[list[Image.Image | PageglassError]]:
        """Like `read`, with a fault in the place of a picture that cannot be read.

        Raises:
            ReaderProcessDied
        """
        if not self._pool:
            yield from ([_try(glance) for glance in batch] for batch in batches)
            return
        coming: deque[Iterator[Image.Image | PageglassError]] = deque()
        try:
            for batch in batches:
                coming.append(self._pool.map(_try, batch, chunksize=CHUNK))
                if len(coming) > AHEAD:
                    yield list(coming.popleft())
            while coming:
                yield list(coming.popleft())
        except BrokenProcessPool:
            raise ReaderProcessDied(
                "A process that reads pictures died; there may be too little memory, or a picture"
                " that makes it crash.",
                hint="The same command goes on where this one stopped.",
            ) from None


def _try(glance: Glance) -> Image.Image | PageglassError:
    try:
        return look(glance)
    except PageglassError as fault:
        return fault
    except Exception as error:
        return UnreadableFile(
            f"{glance.path.name} cannot be read ({type(error).__name__}: {error}).",
            hint="Open it in a picture editor and save it anew.",
        )
