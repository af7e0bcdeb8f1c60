"""Video source: shots of a video, or parts of a recording, as pages."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

import numpy as np
from PIL import Image

from ingest.file_state import FileStamp, stamp_of
from ingest.files.source import PageImage, UnreadableFile
from ingest.files.video.clip_frames import ClipFile
from ingest.files.video.cues import (
    MAX_CUES,
    MAX_SIDECAR,
    Cue,
    find_sidecars,
    read_sidecar,
    tidy,
)
from ingest.files.video.media_file import MAX_TIME, Scan
from ingest.files.video.panel import draw_panel
from ingest.files.video.shots import (
    MAX_SHOTS,
    MIN_SECONDS,
    Sample,
    Shot,
    find_shots,
    space_shots,
    split_span,
)
from ingest.files.video.spoken import SpokenWords
from ingest.files.video.video_settings import VideoSettings
from ingest.page import DocumentKind, TimeSpan
from ingest.speech.load_speech import load_speech

MAX_OPEN = 2
"""Videos that a process keeps open: the shots of one are found once."""
TOO_LONG = f"Only the first {MAX_TIME / 3600:.0f} hours of the recording are read."
TOO_MANY = f"Only {MAX_SHOTS:,} shots from all parts of the video are kept."
MANY_CUES = f"Only the first {MAX_CUES:,} subtitles are read."
CUT_SHORT = "The recording is cut short or damaged: it is read as far as it can be."


class VideoSource:
    """Video or sound file as a `Source`: a page a shot, or a part of half a minute.

    Raises:
        UnreadableFile: it is broken, or a recording without pictures and words.
    """

    has_attachments = False

    def __init__(self, path: Path, container: str, settings: VideoSettings) -> None:
        self._file = ClipFile(path, container)
        self._settings = settings
        self.kind: DocumentKind = "video" if self._file.has_picture else "audio"
        self.title = self._file.title

    @property
    def page_count(self) -> int:
        """Number of shots; the file is walked through for it.

        Raises:
            UnreadableFile
        """
        return len(self._plan.shots)

    def page_image(self, number: int, dpi: int) -> PageImage:
        """Draw a shot: its frame with the words of its time; see `Source`."""
        shot = self._plan.shots[number - 1]
        frame = self._file.image(shot.sample.pts) if shot.sample else None
        panel = self._draw(frame, shot)
        if frame and panel.span and self._settings.clips:
            with suppress(UnreadableFile):  # the shot has its key frame
                panel = replace(panel, clip=self._file.clip(panel.span))
        return panel if number > 1 else _noted(panel, self._plan.note)

    def _draw(self, frame: Image.Image | None, shot: Shot) -> PageImage:
        span = TimeSpan(round(shot.start, 3), round(shot.end, 3))
        cues = self._plan.cues_of(shot)
        if self._spoken and not self._plan.cues:
            cues = self._spoken.between(shot.start, shot.end)
        return draw_panel(frame, cues, span)

    @cached_property
    def _spoken(self) -> SpokenWords | None:
        recognizer = load_speech(self._settings.speech) if self._file.has_sound else None
        return SpokenWords(recognizer, self._file.sound) if recognizer else None

    @cached_property
    def _plan(self) -> _Plan:
        scan = self._file.scan()
        beside, unread = _sidecar_cues(self._file.path)
        cues = tidy([*scan.cues, *beside])
        shots, notes = self._shots(scan, cues), list(unread)
        if scan.cut_off:
            notes.insert(0, TOO_LONG)
        elif scan.broken:
            notes.insert(0, CUT_SHORT)
        elif len(shots) >= MAX_SHOTS:
            notes.insert(0, TOO_MANY)
        if len(cues) >= MAX_CUES:
            notes.append(MANY_CUES)
        if not shots:
            raise UnreadableFile(
                f"{self._file.path.name} has neither pictures nor subtitles.",
                hint="Put its words beside it as a subtitle file of the same name (.srt, .vtt),"
                " or name a model that recognizes speech.",
            )
        return _Plan(shots, cues, " ".join(notes))

    def _shots(self, scan: Scan, cues: Sequence[Cue]) -> list[Shot]:
        spoken = sorted(cue.middle for cue in cues)
        starts, end = [cue.start for cue in cues], max((cue.end for cue in cues), default=0.0)
        if self._spoken and not cues:
            # Anywhere: what is said is not known before a shot is read.
            spoken = starts = np.arange(0, scan.end, MIN_SECONDS).tolist()
            end = scan.end
        if not self._file.has_picture:
            spans = split_span(0.0, end, starts) if starts else []
            return [Shot(a, b) for a, b in spans if any(a <= t < b for t in spoken)][:MAX_SHOTS]
        if self._settings.fps <= 0:
            return find_shots(scan.samples, scan.end, spoken)
        samples: list[Sample] = []
        for sample in self._file.frames_at(1 / self._settings.fps):
            samples.append(sample)
            if len(samples) >= MAX_SHOTS:
                break
        return space_shots(samples, scan.end)


@dataclass(frozen=True, slots=True)
class _Plan:
    """Shots of a file, and the words that are spoken in them."""

    shots: Sequence[Shot]
    cues: Sequence[Cue]
    note: str

    def cues_of(self, shot: Shot) -> list[Cue]:
        """Cues whose middle is in a shot."""
        return [cue for cue in self.cues if shot.start <= cue.middle < shot.end]


_open: dict[tuple[Path, FileStamp | None, VideoSettings], VideoSource] = {}


def open_video(path: Path, container: str, settings: VideoSettings) -> VideoSource:
    """Open a video; those opened last stay open.

    Raises:
        UnreadableFile
    """
    key = (path, stamp_of(path), settings)
    if key not in _open:
        while len(_open) >= MAX_OPEN:
            _open.pop(next(iter(_open)))
        _open[key] = VideoSource(path, container, settings)
    return _open[key]


def _sidecar_cues(path: Path) -> tuple[list[Cue], list[str]]:
    """Cues of the subtitle files beside a video, and notes on those that are not read."""
    cues: list[Cue] = []
    notes = []
    for file, language in find_sidecars(path):
        found: list[Cue] = []
        with suppress(OSError):
            found = read_sidecar(file, language)
        cues += found
        if not found:
            large = file.stat().st_size > MAX_SIDECAR
            why = f": it is larger than {MAX_SIDECAR >> 20} MiB." if large else "."
            notes.append(f"No subtitles could be read from {file.name}{why}")
    return cues, notes


def _noted(panel: PageImage, note: str) -> PageImage:
    return replace(panel, note=note) if note else panel
