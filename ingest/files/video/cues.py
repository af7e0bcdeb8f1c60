"""Subtitle reader: timed words of subtitle streams and of files beside a video.

FFmpeg reads SubRip, WebVTT, ASS and MP4's timed text. Markup is left out.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from ingest.files.formats.plain_text import decode_text
from ingest.page import TimeSpan

SIDECARS = {".srt": "srt", ".vtt": "webvtt", ".ass": "ass", ".ssa": "ass"}
"""Suffixes of subtitle files, with FFmpeg's names of the formats."""
TEXT_CODECS = ("subrip", "srt", "mov_text", "webvtt", "ass", "ssa", "text")
MAX_LANGUAGES = 3
MAX_CUES = 50_000
MAX_SIDECAR = 16 << 20
"""Bytes of a subtitle file that is read."""
LONGEST_CUE = 10.0
"""Seconds before a time in which cues that are shown then may begin."""
_MARKUP = re.compile(r"\{[^}]*\}|<[^>]{1,200}>")
_DRAWING = re.compile(rb"\\p[1-9]")
"""ASS draws shapes by coordinates in this mode."""


@dataclass(frozen=True, slots=True)
class Cue:
    """Words that are shown or spoken at a time, in seconds.

    `language` is as the file says.
    """

    start: float
    end: float
    text: str
    language: str = ""

    @property
    def middle(self) -> float:
        """Half of its time."""
        return (self.start + self.end) / 2


def text_streams(container: Any) -> list[Any]:
    """Subtitle streams of text: one a language, those shown by default first."""
    found: dict[str, Any] = {}
    streams = [s for s in container.streams.subtitles if s.codec_context.name in TEXT_CODECS]
    for stream in sorted(streams, key=lambda s: not bool(s.disposition.value & 1)):
        found.setdefault(stream.language or "", stream)
    return list(found.values())[:MAX_LANGUAGES]


def read_packet(packet: Any, origin: float, language: str) -> Iterator[Cue]:
    """Cues of a packet of a subtitle stream.

    Args:
        origin: when the recording begins, in seconds.
    """
    if packet.pts is None or not packet.size:
        return
    start = float(packet.pts * packet.time_base) - origin
    length = float((packet.duration or 0) * packet.time_base)
    texts = [_plain(sub.dialogue) for sub in packet.decode() or () if hasattr(sub, "dialogue")]
    if text := "\n".join(filter(None, texts)):
        yield Cue(max(start, 0.0), max(start, 0.0) + max(length, 0.1), text, language)


def cues_between(path: Path, container: str, span: TimeSpan) -> list[Cue]:
    """Cues of a video's subtitle streams in a span; what is broken is left out.

    Args:
        container: FFmpeg's name of its format.

    Raises:
        OSError: it cannot be opened.
    """
    import av

    found: list[Cue] = []
    with (
        path.open("rb") as file,
        suppress(av.FFmpegError, ValueError),
        av.open(file, "r", format=container, metadata_errors="ignore") as opened,
    ):
        streams = {stream.index: stream for stream in text_streams(opened)}
        origin = (opened.start_time or 0) / av.time_base
        if not streams:
            return []
        opened.seek(round((max(span.start - LONGEST_CUE, 0.0) + origin) * av.time_base))
        for packet in opened.demux(list(streams.values())):
            if packet.pts is not None and packet.pts * packet.time_base - origin > span.end:
                break
            language = streams[packet.stream.index].language or ""
            found += read_packet(packet, origin, language)
    return found


def find_sidecars(path: Path) -> list[tuple[Path, str]]:
    """Subtitle files beside a video, with the languages in their names.

    Of talk.mp4 they are talk.srt, talk.ko.srt and the like.
    """
    found: dict[str, Path] = {}
    try:
        beside = sorted(path.parent.iterdir(), key=lambda file: (len(file.name), file.name))
    except OSError:
        return []
    for file in beside:
        if file.suffix.lower() not in SIDECARS or not file.name.startswith(f"{path.stem}."):
            continue
        language = file.name[len(path.stem) : -len(file.suffix)].strip(".")
        if len(language) <= 12 and file.is_file():
            found.setdefault(language, file)
    return [(file, language) for language, file in found.items()][:MAX_LANGUAGES]


def read_sidecar(path: Path, language: str) -> list[Cue]:
    """Cues of a subtitle file; none where it is broken or too large.

    Raises:
        OSError: it cannot be opened.
    """
    import av

    data = path.read_bytes() if path.stat().st_size <= MAX_SIDECAR else b""
    text = decode_text(data)
    if not text.strip():
        return []
    file = io.BytesIO(text.encode())
    try:
        with av.open(file, "r", format=SIDECARS[path.suffix.lower()]) as container:
            stream = container.streams.subtitles[0]
            packets = container.demux(stream)
            return [cue for packet in packets for cue in read_packet(packet, 0.0, language)]
    except (av.FFmpegError, ValueError, IndexError):
        return []


def tidy(cues: Iterable[Cue]) -> list[Cue]:
    """Cues in order, without the lines that a rolling caption repeats.

    At most `MAX_CUES` are kept.
    """
    kept: list[Cue] = []
    last: dict[str, Sequence[str]] = {}
    for cue in sorted(cues, key=lambda cue: (cue.start, cue.end)):
        lines = [line for line in cue.text.splitlines() if line]
        before = last.get(cue.language, ())
        last[cue.language] = lines
        fresh = [line for line in lines if line not in before]
        if fresh and len(kept) < MAX_CUES:
            kept.append(replace(cue, text=" ".join(fresh)))
    return kept


def _plain(dialogue: bytes) -> str:
    if _DRAWING.search(dialogue):
        return ""
    text = dialogue.decode("utf-8", "replace").replace("\\N", "\n").replace("\\n", "\n")
    lines = (
        " ".join(_MARKUP.sub("", line).replace("\\h", " ").split()) for line in text.split("\n")
    )
    return "\n".join(filter(None, lines))
