"""Sample thinner: samples as evenly spaced as a limit on their number asks."""

from __future__ import annotations

from ingest.files.video.shots import Sample

SPACING = 0.5
"""Seconds between samples, at least."""
MANY_SAMPLES = 3_000
"""After as many samples every other is dropped and the spacing doubles."""


class Thinner:
    """Samples as evenly spaced as their number asks, however long the file is."""

    def __init__(self) -> None:
        self.samples: list[Sample] = []
        self._spacing = SPACING
        self._last = -1e9

    def wants(self, time: float | None) -> bool:
        """Whether a frame of this time is far enough from the last one."""
        if time is None or abs(time - self._last) < self._spacing:
            return time is None and not self.samples
        self._last = time
        return True

    def add(self, sample: Sample) -> None:
        """Keep a sample; where there are many, drop every other."""
        self.samples.append(sample)
        if len(self.samples) >= MANY_SAMPLES:
            del self.samples[1::2]
            self._spacing *= 2
