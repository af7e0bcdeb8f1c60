"""Image reader: training images loaded ahead of their use.

Worker processes load them if there are many.
"""

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
from ingest.finetune.crop import CropRequest, load_crop
from ingest.worker import start_pool, start_worker, stop_workers

FEW = 500
"""Up to so many images are loaded in this process: starting workers takes longer."""
AHEAD = 2
"""Batches that are loaded while one is computed."""
CHUNK = 8
"""Images a task of a worker."""


class ReaderProcessDied(ComputeError):
    """A worker process that loads images died."""

    code = "reader-process-died"


class ImageReader:
    """Loader of images, batch by batch; a context manager.

    Args:
        images: the number of images; up to `FEW`, or on one core, no process is started.
    """

    def __init__(self, images: int) -> None:
        cores = os.cpu_count() or 1
        self._pool: ProcessPoolExecutor | None = None
        if images > FEW and cores > 1:
            self._pool = start_pool(cores, start_worker)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._pool:
            stop_workers(self._pool)

    def read(self, batches: Iterable[Sequence[CropRequest]]) -> Iterator[list[Image.Image]]:
        """Load the images of each batch, in order.

        Raises:
            UnreadableFile: an image cannot be read.
            ReaderProcessDied
        """
        for seen in self.try_read(batches):
            images = [one for one in seen if isinstance(one, Image.Image)]
            for one in seen:
                if isinstance(one, PageglassError):
                    raise one
            yield images

    def try_read(
        self, batches: Iterable[Sequence[CropRequest]]
    ) -> Iterator[list[Image.Image | PageglassError]]:
        """Like `read`, with the error in place of an image that cannot be read.

        Raises:
            ReaderProcessDied
        """
        if not self._pool:
            yield from ([_try(request) for request in batch] for batch in batches)
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
                "A process that loads images died; there may be too little memory, or an image"
                " that crashes it.",
                hint="Train again with the same settings to resume.",
            ) from None


def _try(request: CropRequest) -> Image.Image | PageglassError:
    try:
        return load_crop(request)
    except PageglassError as error:
        return error
    except Exception as error:
        return UnreadableFile(
            f"{request.path.name} cannot be read ({type(error).__name__}: {error}).",
            hint="Save it again from an image editor.",
        )
