"""Shot view: frames of a part of a video with their times, and what is said in it.

It runs in a worker process. Words are those of subtitles: who recognized speech is not
asked again.
"""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from ingest.files.video.cues import Cue, cues_between, find_sidecars, read_sidecar, tidy
from ingest.files.video.media_type import read_head, sniff_media
from ingest.files.video.shots import ALIKE, SMALL, Sample
from ingest.page import TimeSpan

if TYPE_CHECKING:
    from ingest.files.video.media_file import MediaFile

VIEW_SIDE = 768
"""Pixels of the longer side of a frame."""
SPACING = 0.5
"""Seconds between frames at least."""
WEBP_QUALITY = 80


@dataclass(frozen=True, slots=True)
class ShotFrame:
    """Frame of a shot: its time in the recording, in seconds, and its image (WebP)."""

    time: float
    image: bytes


@dataclass(frozen=True, slots=True)
class ShotView:
    """Frames of a shot in order, and its cues in order."""

    frames: tuple[ShotFrame, ...] = ()
    cues: tuple[Cue, ...] = ()

    @property
    def size(self) -> int:
        """Bytes of the frames."""
        return sum(len(frame.image) for frame in self.frames)


def view_shot(path: Path, span: TimeSpan, count: int) -> ShotView:
    """Frames at even times of a span, at most `count`, and the cues in it.

    Frames that look like the one before are left out.

    Raises:
        UnreadableFile: it cannot be opened or decoded.
    """
    container = sniff_media(read_head(path))
    if not container:
        from ingest.files.video.animation import AnimationSource

        return ShotView(_encode(AnimationSource(path).frames_at(even_times(span, count))))
    from ingest.files.video.media_file import MediaFile

    media = MediaFile(path, container)
    frames = _frames_of(media, even_times(span, count)) if media.has_picture else ()
    sidecars = (cue for file, name in find_sidecars(path) for cue in read_sidecar(file, name))
    cues = tidy([*cues_between(path, container, span), *sidecars])
    return ShotView(
        _encode(frames), tuple(cue for cue in cues if span.start <= cue.middle < span.end)
    )


def even_times(span: TimeSpan, count: int) -> list[float]:
    """Middles of `count` equal parts of a span, fewer where it is short.

    >>> even_times(TimeSpan(10.0, 18.0), 4), even_times(TimeSpan(0.0, 1.2), 4)
    ([11.0, 13.0, 15.0, 17.0], [0.3, 0.9])
    """
    parts = max(min(count, int((span.end - span.start) / SPACING)), 1)
    return [round(time, 3) for time in span.middles(parts)]


def _frames_of(media: MediaFile, times: Sequence[float]) -> Iterator[tuple[float, Image.Image]]:
    for time in times:
        if found := media.image_at(time, VIEW_SIDE):
            yield found


def _encode(frames: Iterable[tuple[float, Image.Image]]) -> tuple[ShotFrame, ...]:
    kept: list[ShotFrame] = []
    last: Sample | None = None
    for at, (time, image) in enumerate(frames):
        image.thumbnail((VIEW_SIDE, VIEW_SIDE), Image.Resampling.LANCZOS)
        small = image.resize(SMALL, Image.Resampling.BILINEAR)
        sample = Sample.of(time, at, np.asarray(small))
        if last is not None and (time <= last.time or sample.difference(last) < ALIKE):
            continue
        last = sample
        buffer = io.BytesIO()
        image.save(buffer, "WEBP", quality=WEBP_QUALITY, method=2)
        kept.append(ShotFrame(round(time, 3), buffer.getvalue()))
    return tuple(kept)
