"""Settings of how videos are read."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class VideoSettings:
    """How videos are read.

    `fps` above 0 takes frames at even distances in place of shots. `speech` names who
    recognizes speech of recordings without subtitles (`ingest.speech.load_speech`). With
    `clips` frames of each shot are decoded, for encoders of clips.
    """

    fps: float = 0.0
    speech: str = "none"
    clips: bool = False


SHOTS = VideoSettings()
"""A frame a shot."""
