"""Clip frames: frames at even times of a part of a video, as one array."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from ingest.files.video.frame_image import to_image
from ingest.files.video.media_file import MediaFile
from ingest.page import Clip, TimeSpan

CLIP_FRAMES = 16
CLIP_SIDE = 224
"""Pixels of the shorter side of a frame; encoders of clips take so many."""
MAX_RATIO = 4
"""Of the longer side to the shorter; the rest of a longer frame is squeezed."""
MAX_DECODED = 4_000
"""Frames that are decoded for a clip."""
SEEK_SECONDS = 2.0
"""Frames further apart are looked for one by one."""


class ClipFile(MediaFile):
    """Media file that gives clips; see `MediaFile`."""

    def clip(self, span: TimeSpan, count: int = CLIP_FRAMES) -> Clip:
        """Frames that are shown in the middles of `count` equal parts of a span.

        A frame that is missing there is that before it.

        Raises:
            UnreadableFile
        """
        times = span.middles(count)
        with self._errors():
            far = (span.end - span.start) / count > SEEK_SECONDS
            frames = list(self._seek_each(times) if far else self._pass_over(times))
            stream = self._video()
            images = [_to_array(frame, stream) for frame in frames]
        size = images[0].shape
        same = [image for image in images if image.shape == size]
        return np.stack([*same, *same[-1:] * (count - len(same))])

    def _seek_each(self, times: Sequence[float]) -> Iterator[Any]:
        for time in times:
            if (frame := self._frame_from(time)) is not None:
                yield frame

    def _pass_over(self, times: Sequence[float]) -> Iterator[Any]:
        """The frame shown at each of some times near each other, in one pass."""
        waiting, shown = list(times), None
        for number, frame in enumerate(self._frames_from(times[0])):
            self._check(frame)
            now = self._time(frame)
            while waiting and now > waiting[0]:
                waiting.pop(0)
                yield frame if shown is None else shown
            shown = frame
            if not waiting or number >= MAX_DECODED:
                return
        if shown is not None:
            yield from [shown] * len(waiting)


def clip_side(width: float, height: float) -> int:
    """Pixels of the longer side of a clip's frames."""
    return round(CLIP_SIDE * min(max(width, height) / max(min(width, height), 1.0), MAX_RATIO))


def _to_array(frame: Any, stream: Any) -> Clip:
    width = frame.width * float(stream.sample_aspect_ratio or 1)
    return np.asarray(to_image(frame, stream, clip_side(width, frame.height)))
