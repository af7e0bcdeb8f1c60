"""Media file: an open video or sound file with its samples, cues and frames.

By PyAV. The header is not believed: times and counts are those of the packets. One thread
decodes, since there is a worker a core.
"""

from __future__ import annotations

import contextlib
import weakref
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from ingest.files.video.cues import Cue, read_packet, text_streams
from ingest.files.video.frame_image import FRAME_SIDE, to_image
from ingest.files.video.media_errors import (
    broken_media,
    ffmpeg_errors,
    too_large,
)
from ingest.files.video.shots import SMALL, Sample
from ingest.files.video.thinner import Thinner
from ingest.speech.speech import RATE, Samples

MAX_PIXELS = 40_000_000
"""Of a frame; 8K has 33 million."""
MAX_GAP = 10.0
"""Seconds without a key frame after which other frames are decoded,"""
GAP_SPACING = 5.0
"""one after so many seconds."""
MAX_DECODED = 20_000
"""Frames between key frames that are decoded to sample a file."""
MAX_TIME = 12 * 3600.0
"""Seconds of a recording that are read."""


@dataclass(slots=True)
class Scan:
    """What a walk through a file has found: its samples, cues and length in seconds."""

    samples: list[Sample] = field(default_factory=list)
    cues: list[Cue] = field(default_factory=list)
    end: float = 0.0
    cut_off: bool = False
    broken: bool = False


class MediaFile:
    """Video or sound file.

    Args:
        container: FFmpeg's name of its format.

    Raises:
        UnreadableFile: it is broken or too large.
    """

    def __init__(self, path: Path, container: str) -> None:
        self.path = path
        self._format = container
        # A file, not a path: FFmpeg opens no other file by it.
        self._file = path.open("rb")
        weakref.finalize(self, self._file.close)
        self._container = self._open()
        pictures = [s for s in self._container.streams.video if not _is_cover(s)]
        self.has_picture = bool(pictures)
        self.has_sound = bool(self._container.streams.audio)
        start = self._container.start_time
        self.origin = start / 1_000_000 if start is not None else 0.0
        if self.has_picture:
            self._check(pictures[0].codec_context)

    @property
    def title(self) -> str:
        """Title in the file's metadata."""
        return str(self._container.metadata.get("title", ""))

    def scan(self) -> Scan:
        """Walk through the file: sample key frames, read subtitles.

        Raises:
            UnreadableFile
        """
        found = Scan()
        with self._errors():
            self._reopen()
            video = self._video()
            subtitles = text_streams(self._container)
            streams = [s for s in (video, *subtitles) if s is not None]
            streams = streams or self._container.streams.audio[:1]
            self._walk(streams, video, found)
        if video is not None:
            self._fill_gaps(found)
        return found

    def frames_at(self, spacing: float) -> Iterator[Sample]:
        """Samples at even distances of so many seconds.

        Raises:
            UnreadableFile
        """
        at, last = 0.0, -1
        with self._errors():
            while at < MAX_TIME:
                frame = self._frame_from(at)
                if frame is None or frame.pts == last:
                    return
                last = frame.pts
                yield self._sample(frame)
                at = max(at + spacing, self._time(frame) + 1e-3)

    def image(self, pts: int) -> Image.Image:
        """Frame that is shown at a time stamp, upright, at most `FRAME_SIDE` long.

        Raises:
            UnreadableFile
        """
        with self._errors():
            stream = self._video()
            frame = self._frame_from(float(pts * stream.time_base) - self.origin, pts)
            if frame is None:
                raise broken_media(self.path)
            return to_image(frame, stream, FRAME_SIDE)

    def image_at(self, time: float, side: int) -> tuple[float, Image.Image] | None:
        """Time and image of the first frame from a time on; see `image`."""
        with self._errors():
            frame = self._frame_from(time)
            return frame and (self._time(frame), to_image(frame, self._video(), side))

    def sound(self, start: float, end: float) -> Samples:
        """Sound from a time to another, of one channel; empty beyond the end.

        Raises:
            UnreadableFile
        """
        import av

        stream = self._container.streams.audio[0]
        resampler = av.AudioResampler(format="flt", layout="mono", rate=RATE)
        samples = np.zeros(round((end - start) * RATE), np.float32)
        filled, at = 0, None
        with self._errors():
            for frame in self._frames_of(stream, start):
                time = float(frame.pts * stream.time_base) - self.origin
                if time >= end:
                    break
                at = round((time - start) * RATE) if at is None else at
                for part in resampler.resample(frame):
                    piece = part.to_ndarray().reshape(-1)[max(-at, 0) :]
                    place = max(at, 0)
                    room = samples[place : place + len(piece)]
                    room[:] = piece[: len(room)]
                    filled, at = place + len(room), at + part.samples
        return samples[:filled]

    def _walk(self, streams: list[Any], video: Any, found: Scan) -> None:
        languages = {s.index: s.language or "" for s in self._container.streams.subtitles}
        thinner = Thinner()
        try:
            for packet in self._container.demux(streams):
                kind, time = packet.stream.type, self._packet_time(packet)
                if time is not None and time > MAX_TIME:
                    found.cut_off = True
                    break
                if kind == "subtitle":
                    found.cues += read_packet(packet, self.origin, languages[packet.stream.index])
                elif time is not None:
                    found.end = max(
                        found.end, time + float((packet.duration or 0) * packet.time_base)
                    )
                if packet.stream is video and packet.size:
                    self._take(packet, time, thinner)
            if video is not None:
                self._keep(video.codec_context.decode(None), thinner)
        except ffmpeg_errors():
            found.broken = True
        found.samples = sorted(thinner.samples, key=lambda sample: sample.time)
        if video is not None and not found.samples:
            raise broken_media(self.path)

    def _take(self, packet: Any, time: float | None, thinner: Thinner) -> None:
        """Decode a packet where it has a key frame that is wanted."""
        if packet.is_keyframe and thinner.wants(time):
            with contextlib.suppress(*ffmpeg_errors()):
                self._keep(packet.decode(), thinner)

    def _keep(self, frames: Iterable[Any], thinner: Thinner) -> None:
        for frame in frames:
            if frame.pts is not None:
                self._check(frame)
                thinner.add(self._sample(frame))

    def _fill_gaps(self, found: Scan) -> None:
        """Sample other frames where there is no key frame for long."""
        times = [*(sample.time for sample in found.samples), found.end]
        left = MAX_DECODED
        for start, stop in pairwise(times):
            if stop - start <= MAX_GAP:
                continue
            wanted = start + GAP_SPACING
            for frame in self._frames_from(start):
                time, left = self._time(frame), left - 1
                if time >= stop - GAP_SPACING / 2 or left <= 0:
                    break
                if time >= wanted:
                    found.samples.append(self._sample(frame))
                    wanted = time + GAP_SPACING
        found.samples.sort(key=lambda sample: sample.time)

    def _frame_from(self, time: float, pts: int | None = None) -> Any:
        """First frame at a time or after it.

        With `pts` the one of that time stamp, else the last before it.
        """
        found = None
        for frame in self._frames_from(time):
            found = frame
            if frame.pts == pts or (pts is None and self._time(frame) >= time - 1e-4):
                return frame
            if pts is not None and frame.pts > pts:
                return frame
        return found if pts is not None else None

    def _frames_from(self, time: float) -> Iterator[Any]:
        """Frames from the key frame before a time on."""
        return self._frames_of(self._video(), time)

    def _frames_of(self, stream: Any, time: float) -> Iterator[Any]:
        """Frames of a stream from before a time on; broken ones are left out."""
        try:
            self._container.seek(int((time + self.origin) / stream.time_base), stream=stream)
        except ffmpeg_errors():
            self._reopen()
            stream = self._container.streams[stream.index]
        stream.codec_context.flush_buffers()
        try:
            for packet in self._container.demux(stream):
                try:
                    frames = packet.decode()
                except ffmpeg_errors():
                    continue
                yield from (frame for frame in frames if frame.pts is not None)
        except ffmpeg_errors():
            return

    def _open(self) -> Any:
        import av

        self._file.seek(0)
        with self._errors():
            container = av.open(self._file, "r", format=self._format, metadata_errors="ignore")
        for stream in container.streams.video:
            stream.codec_context.thread_count = 1
        return container

    def _reopen(self) -> None:
        self._container.close()
        self._container = self._open()

    def _video(self) -> Any:
        return next((s for s in self._container.streams.video if not _is_cover(s)), None)

    def _time(self, frame: Any) -> float:
        return float(frame.pts * self._video().time_base) - self.origin

    def _packet_time(self, packet: Any) -> float | None:
        stamp = packet.pts if packet.pts is not None else packet.dts
        return None if stamp is None else float(stamp * packet.time_base) - self.origin

    def _sample(self, frame: Any) -> Sample:
        small = frame.reformat(*SMALL, format="rgb24").to_ndarray()
        return Sample.of(max(self._time(frame), 0.0), frame.pts, np.asarray(small))

    def _check(self, size: Any) -> None:
        if size.width * size.height > MAX_PIXELS:
            raise too_large(self.path, size.width, size.height)

    @contextlib.contextmanager
    def _errors(self) -> Iterator[None]:
        """Context in which FFmpeg's errors become `UnreadableFile`."""
        try:
            yield
        except ffmpeg_errors() as error:
            raise broken_media(self.path) from error


def _is_cover(stream: Any) -> bool:
    """Whether a stream is a picture attached to sound."""
    return bool(stream.disposition.value & 0x400)
