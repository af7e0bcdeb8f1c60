"""Animation source: an animated GIF, WebP or PNG as a short video, by Pillow."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import cached_property
from pathlib import Path

import numpy as np
from PIL import Image, ImageSequence

from ingest.files.photo import FORMATS, Reading, to_rgb
from ingest.files.source import PageImage, UnreadableFile
from ingest.files.video.clip_frames import CLIP_FRAMES, clip_side
from ingest.files.video.frame_image import FRAME_SIDE
from ingest.files.video.panel import draw_panel
from ingest.files.video.shots import SMALL, Sample, Shot, find_shots
from ingest.page import Clip, DocumentKind, TimeSpan

MAX_FRAMES = 2_000
"""Frames of an animation that are read."""
MAX_PIXELS = 16_000_000
"""Of a frame: Pillow keeps two in memory."""
FRAME_SECONDS = 0.1
"""Time of a frame whose file gives none, as browsers take it."""
TOO_MANY = f"Only the first {MAX_FRAMES:,} images of the animation are read."


class AnimationSource:
    """Animated GIF, WebP or PNG as a `Source`: a page a shot.

    Args:
        clips: whether pages have clips, for encoders of clips.

    Raises:
        UnreadableFile
    """

    kind: DocumentKind = "video"
    title = ""
    has_attachments = False

    def __init__(self, path: Path, *, clips: bool = False) -> None:
        self._path = path
        self._clips = clips

    @property
    def page_count(self) -> int:
        """Number of shots; the frames are walked through for it.

        Raises:
            UnreadableFile
        """
        return len(self._shots)

    def page_image(self, number: int, dpi: int) -> PageImage:
        """Decode the frame of a shot; see `Source`."""
        shot = self._shots[number - 1]
        wanted = shot.sample.pts if shot.sample else 0
        for at, _, frame in self._frames():
            if at == wanted:
                frame.thumbnail((FRAME_SIDE, FRAME_SIDE))
                span = TimeSpan(round(shot.start, 3), round(shot.end, 3))
                panel = draw_panel(frame, (), span)
                return replace(panel, clip=self.clip(span)) if self._clips else panel
        raise UnreadableFile(
            f"{self._path.name} is damaged: its images cannot be decoded.", hint="Copy it again."
        )

    def frames_at(self, times: Sequence[float]) -> Iterator[tuple[float, Image.Image]]:
        """Frames that are shown at times, given in order, with when they begin.

        Raises:
            UnreadableFile
        """
        wanted, start = list(times), 0.0
        for _, seconds, frame in self._frames():
            if not wanted:
                return
            shown = [time for time in wanted if time < start + seconds]
            if shown:
                wanted = wanted[len(shown) :]
                yield start, frame
            start += seconds

    def clip(self, span: TimeSpan, count: int = CLIP_FRAMES) -> Clip:
        """Frames that are shown in the middles of `count` equal parts of a span.

        Beyond the end the last frame is repeated.

        Raises:
            UnreadableFile
        """
        waiting, images, end = span.middles(count), [], 0.0
        for _, seconds, frame in self._frames():
            end += seconds
            last = frame
            shown = sum(time < end for time in waiting)
            if shown:
                images += [_clip_image(frame)] * shown
                waiting = waiting[shown:]
            if not waiting:
                break
        return np.stack([*images, *[_clip_image(last)] * len(waiting)])

    @property
    def seconds(self) -> float:
        """How long it is.

        Raises:
            UnreadableFile
        """
        return self._shots[-1].end

    @cached_property
    def _shots(self) -> list[Shot]:
        samples, end = [], 0.0
        for at, seconds, frame in self._frames():
            small = np.asarray(frame.resize(SMALL, Image.Resampling.BILINEAR))
            samples.append(Sample.of(end, at, small))
            end += seconds
        return find_shots(samples, end, ())

    def _frames(self) -> Iterator[tuple[int, float, Image.Image]]:
        """Frames as RGB with their place and seconds."""
        with Reading(self._path), Image.open(self._path, formats=FORMATS) as image:
            if image.width * image.height > MAX_PIXELS:
                raise UnreadableFile(
                    f"{self._path.name} claims {image.width} x {image.height} pixels a frame,"
                    " more than is safe to open.",
                    hint="If it is really that large, save a smaller copy.",
                )
            for at, frame in enumerate(ImageSequence.Iterator(image)):
                if at >= MAX_FRAMES:
                    return
                rgb = to_rgb(frame)  # A WebP knows its duration once it is decoded.
                yield at, frame.info.get("duration", 0) / 1000 or FRAME_SECONDS, rgb


def _clip_image(frame: Image.Image) -> Clip:
    image, side = frame.copy(), clip_side(*frame.size)
    image.thumbnail((side, side))
    return np.asarray(image)


def is_animated(path: Path) -> bool:
    """Whether a GIF, WebP or PNG has more than one frame.

    Raises:
        UnreadableFile
    """
    with Reading(path), Image.open(path, formats=("GIF", "WEBP", "PNG")) as image:
        return bool(getattr(image, "is_animated", False))
