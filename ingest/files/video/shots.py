"""Shot detector: parts of a video that look alike, by color histograms.

The frames are key frames, as a rule. A cut is where neighbouring samples differ in their colors, or in many of their pixels.
Shots are at most `MAX_SECONDS` long; neighbours that look alike and have no words are
one shot.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
import numpy.typing as npt

MAX_A_MINUTE = 12
"""Cuts a minute that are kept: those with the largest differences."""
MAX_SHOTS = 3_000
MAX_SECONDS = 30.0
MIN_SECONDS = 0.5
HISTOGRAM_CUT = 0.3
"""Half of the sum of differences of two histograms, 0 to 1, at which a cut is."""
CHANGED_CUT = 0.25
"""Share of pixels that changed at which a cut is: slides change few colors."""
CHANGED_BY = 24
"""Of 255, by which a pixel has changed."""
ALIKE = 0.15
"""Of the difference at a cut; shots nearer than that look alike."""
RECENT = 6
"""Shots before one that it is compared with."""

SMALL = (64, 36)
"""Width and height that samples are scaled to."""
_BINS = 4


@dataclass(frozen=True, slots=True, eq=False)
class Sample:
    """Frame of a video, small: its time in seconds, its `pts`, colors and pixels.

    `histogram` (64,) sums to 1; `gray` (36, 64) has 0 to 255.
    """

    time: float
    pts: int
    histogram: npt.NDArray[np.float32]
    gray: npt.NDArray[np.int16]

    @classmethod
    def of(cls, time: float, pts: int, rgb: npt.NDArray[np.uint8]) -> Sample:
        """Sample of pixels (36, 64, 3)."""
        levels = (rgb // (256 // _BINS)).reshape(-1, 3).astype(np.int64)
        colors = (levels[:, 0] * _BINS + levels[:, 1]) * _BINS + levels[:, 2]
        counts = np.bincount(colors, minlength=_BINS**3)
        gray = rgb.astype(np.int16) @ np.array([2, 5, 1], np.int16) // 8
        return cls(time, pts, (counts / counts.sum()).astype(np.float32), gray)

    def difference(self, other: Sample) -> float:
        """How much two samples differ: 1 and more is a cut."""
        colors = float(np.abs(self.histogram - other.histogram).sum()) / 2
        changed = float((np.abs(self.gray - other.gray) > CHANGED_BY).mean())
        return max(colors / HISTOGRAM_CUT, changed / CHANGED_CUT)

    @property
    def detail(self) -> float:
        """How much there is to see: 0 for one color."""
        return float(np.abs(np.diff(self.gray, axis=1)).mean())


@dataclass(frozen=True, slots=True, eq=False)
class Shot:
    """Part of a recording from `start` to `end` seconds.

    `sample` shows it, None for sound.
    """

    start: float
    end: float
    sample: Sample | None = None


def find_shots(samples: Sequence[Sample], end: float, spoken: Sequence[float]) -> list[Shot]:
    """Find the shots of a video.

    Args:
        samples: in order.
        end: of the video, in seconds.
        spoken: times of words, in order. A shot with words is kept though it looks like others.
    """
    if not samples:
        return []
    end = max(end, samples[-1].time + 0.04)
    starts = [0.0, *(samples[at].time for at in _cuts(samples))]
    shots = [
        _shot(samples, first, last)
        for start, stop in zip(starts, [*starts[1:], end], strict=True)
        for first, last in split_span(start, stop, spoken)
    ]
    return _limit(_without_alike(shots, np.asarray(spoken)))


def split_span(start: float, end: float, spoken: Sequence[float]) -> list[tuple[float, float]]:
    """Parts of a time of at most `MAX_SECONDS`, cut where words begin if they do.

    >>> split_span(0, 70, [24.0, 29.0, 55.0])
    [(0, 29.0), (29.0, 55.0), (55.0, 70)]
    """
    parts = []
    while end - start > MAX_SECONDS:
        within = [t for t in spoken if start + MAX_SECONDS / 2 < t <= start + MAX_SECONDS]
        cut = max(within, default=start + MAX_SECONDS)
        parts.append((start, cut))
        start = cut
    return [*parts, (start, end)]


def space_shots(samples: Sequence[Sample], end: float) -> list[Shot]:
    """A shot for each of the samples, which were taken at even distances."""
    times = [sample.time for sample in samples]
    ends = [*times[1:], max(end, times[-1] + 0.04)] if times else []
    return [Shot(s.time, stop, s) for s, stop in zip(samples, ends, strict=True)]


def _cuts(samples: Sequence[Sample]) -> list[int]:
    """Indices of the samples that begin a shot, without the first."""
    scores = [b.difference(a) for a, b in pairwise(samples)]
    minutes: dict[int, list[int]] = {}
    last = 0.0
    for at, score in enumerate(scores, start=1):
        if score >= 1 and samples[at].time - last >= MIN_SECONDS:
            minutes.setdefault(int(samples[at].time // 60), []).append(at)
            last = samples[at].time
    kept = (sorted(m, key=lambda at: -scores[at - 1])[:MAX_A_MINUTE] for m in minutes.values())
    return sorted(at for minute in kept for at in minute)


def _shot(samples: Sequence[Sample], start: float, end: float) -> Shot:
    """Shot shown by the sample with the most to see, the first of those nearly as good."""
    inside = [s for s in samples if start - 1e-6 <= s.time < end]
    if not inside:
        return Shot(start, end, max((s for s in samples if s.time <= start), key=lambda s: s.time))
    most = max(sample.detail for sample in inside)
    return Shot(start, end, next(s for s in inside if s.detail >= 0.8 * most))


def _without_alike(shots: Sequence[Shot], spoken: npt.NDArray[np.float64]) -> list[Shot]:
    kept: list[Shot] = []
    for shot in shots:
        has_words = bool(((spoken >= shot.start) & (spoken < shot.end)).any())
        recent = () if has_words else reversed(kept[-RECENT:])
        alike = next((s for s in recent if _alike(s, shot)), None)
        if alike is None:
            kept.append(shot)
        elif alike is kept[-1]:
            kept[-1] = replace(alike, end=shot.end)
    return kept


def _alike(a: Shot, b: Shot) -> bool:
    return bool(a.sample and b.sample and a.sample.difference(b.sample) < ALIKE)


def _limit(shots: Sequence[Shot]) -> list[Shot]:
    """At most `MAX_SHOTS`, from all parts of the video."""
    if len(shots) <= MAX_SHOTS:
        return list(shots)
    picked = np.linspace(0, len(shots) - 1, MAX_SHOTS).round().astype(int)
    return [shots[at] for at in picked.tolist()]
