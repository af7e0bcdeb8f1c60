"""Speech recognizer protocol: words of sound with their times."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from ingest.error import InvalidInputError

RATE = 16_000
"""Samples a second that recognizers take."""

Samples = npt.NDArray[np.floating[Any]]
"""Sound (n,) of one channel, -1 to 1."""


class UnknownSpeech(InvalidInputError):
    """There is no speech engine of that name."""

    code = "unknown-speech"


@dataclass(frozen=True, slots=True)
class SpokenWord:
    """Word with its time in seconds from the beginning of the sound."""

    text: str
    start: float
    end: float


class SpeechRecognizer(Protocol):
    """Engine that recognizes speech."""

    def recognize(self, samples: Samples) -> Sequence[SpokenWord]:
        """Words of sound at `RATE`, in order."""
        ...
