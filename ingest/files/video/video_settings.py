"""Settings of how videos are read."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class VideoSettings:
    """How videos are read.

    `fps` above 0 takes frames at even distances in place of shots.
    """

    fps: float = 0.0


SHOTS = VideoSettings()
"""A frame a shot."""
