"""Tiny videos for tests, made by PyAV."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import av
import numpy as np

SIZE = (160, 96)
RED, GREEN, BLUE = (200, 40, 40), (40, 200, 40), (40, 40, 200)
_ASS = b"""[Script Info]
ScriptType: v4.00+
[V4+ Styles]
Format: Name, Fontname, Fontsize, PrimaryColour, SecondaryColour, OutlineColour, BackColour, Bold,\
 Italic, Underline, StrikeOut, ScaleX, ScaleY, Spacing, Angle, BorderStyle, Outline, Shadow,\
 Alignment, MarginL, MarginR, MarginV, Encoding
Style: Default,Arial,16,&Hffffff,&Hffffff,&H0,&H0,0,0,0,0,100,100,0,0,1,1,0,2,10,10,10,0
[Events]
Format: Layer, Start, End, Style, Name, MarginL, MarginR, MarginV, Effect, Text
"""
"""Header that FFmpeg's encoder of timed text asks for."""
Scene = tuple[Any, float]
"""Color or pixels, and seconds."""
SUBTITLES = """1
00:00:00,200 --> 00:00:01,800
The keeper lit the lamp at dusk.

2
00:00:02,100 --> 00:00:03,900
<i>Tea was served</i> to 37 guests
at four.
"""


def picture(color: Sequence[int], size: tuple[int, int] = SIZE) -> Any:
    """Pixels of a color with a bright bar, which says where up and left are."""
    pixels = np.empty((size[1], size[0], 3), np.uint8)
    pixels[:] = color
    pixels[: size[1] // 4, : size[0] // 4] = 250
    return pixels


def make_video(
    path: Path,
    scenes: Sequence[Scene] = ((RED, 2), (GREEN, 2), (BLUE, 2)),
    *,
    rate: int = 5,
    codec: str = "libx264",
    key_frames: int = 10,
    rotate: int = 0,
    size: tuple[int, int] = SIZE,
    words: Sequence[tuple[float, float, str]] = (),
    sound: bool = False,
    **metadata: str,
) -> Path:
    """Make a video with a scene a color; `words` become a stream of subtitles."""
    with av.open(str(path), "w") as out:
        out.metadata.update(metadata)
        options = {"g": str(key_frames), "sc_threshold": "0"}
        stream = out.add_stream(codec, rate=rate, options=options)
        stream.width, stream.height, stream.pix_fmt = *size, "yuv420p"
        if rotate:
            stream.set_display_rotation(rotate)
        subtitles = _add_subtitles(out) if words else None
        audio = out.add_stream("aac", rate=16_000, layout="mono") if sound else None
        out.start_encoding()
        for start, end, text in words:
            _mux_words(out, subtitles, start, end, text)
        if audio:
            _mux_sound(out, audio, sum(seconds for _, seconds in scenes))
        at = 0
        for color, seconds in scenes:
            for _ in range(round(seconds * rate)):
                frame = av.VideoFrame.from_ndarray(picture(color, size), format="rgb24")
                frame.pts = at
                out.mux(stream.encode(frame))
                at += 1
        out.mux(stream.encode())
    return path


def make_sound(path: Path, seconds: float = 4.0) -> Path:
    """Make a sound file of a tone."""
    with av.open(str(path), "w") as out:
        stream = out.add_stream("pcm_s16le" if path.suffix == ".wav" else "aac", rate=16_000)
        stream.layout = "mono"
        _mux_sound(out, stream, seconds)
    return path


def _mux_sound(out: Any, stream: Any, seconds: float) -> None:
    tone = (np.sin(np.arange(int(16_000 * seconds)) / 8) * 9_000).astype(np.int16)
    for at in range(0, len(tone), 1024):
        frame = av.AudioFrame.from_ndarray(tone[None, at : at + 1024], "s16", "mono")
        frame.sample_rate, frame.pts = 16_000, at
        out.mux(stream.encode(frame))
    out.mux(stream.encode())


def _add_subtitles(out: Any) -> Any:
    stream = out.add_stream("mov_text")
    stream.codec_context.subtitle_header = _ASS
    stream.metadata["language"] = "eng"
    return stream


def _mux_words(out: Any, stream: Any, start: float, end: float, text: str) -> None:
    from fractions import Fraction

    data = text.encode()
    packet = av.Packet(len(data).to_bytes(2, "big") + data)
    packet.stream, packet.time_base = stream, Fraction(1, 1000)
    packet.pts = packet.dts = round(start * 1000)
    packet.duration = round((end - start) * 1000)
    out.mux(packet)
