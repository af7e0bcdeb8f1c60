"""OCR engine protocol: lines of an image, found by a detector, then read.

Finding and reading are apart, so that a page may be looked at without being read,
and a line be read in the direction in which it makes sense.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

from PIL import Image

from ingest.error import ComputeError, ConfigurationError
from ingest.ocr.corners import Corners
from ingest.page import Word

MIN_SCORE = 0.5
"""Confidence; lines below it are left out."""
SHORT_SCORE = 0.4
"""Confidence that a line of one character needs beyond it; one of two half of that."""

OcrMode = Literal["auto", "force", "never"]
"""Read what has no good text layer, read everything anew, or read nothing by OCR."""


class OcrUnavailable(ConfigurationError):
    """The OCR engine is unknown or not installed."""

    code = "ocr-unavailable"


class OcrFailed(ComputeError):
    """The OCR engine failed on an image."""

    code = "ocr-failed"


@dataclass(frozen=True, slots=True)
class OcrLine:
    """Printed line as read, with a confidence from 0 to 1.

    Boxes of its words are fractions of the image. `vertical` lines have upright letters one below the other.
    """

    words: tuple[Word, ...]
    score: float
    corners: Corners
    vertical: bool = False

    @property
    def text(self) -> str:
        """Its words, with spaces between."""
        return " ".join(word.text for word in self.words)

    @property
    def is_sure(self) -> bool:
        """Whether it was read well enough; texture is often read as a letter or two."""
        letters = sum(len(word.text) for word in self.words)
        return letters > 0 and self.score >= MIN_SCORE + SHORT_SCORE / letters

    @property
    def weight(self) -> float:
        """Characters that are read well: what tells a line read the right way up."""
        return self.score**2 * sum(len(word.text) for word in self.words)


class Ocr(Protocol):
    """OCR engine."""

    name: str

    def detect(self, image: Image.Image) -> list[Corners]:
        """Find the printed lines of an image, as if they were printed from left to right."""
        ...

    def recognize(self, image: Image.Image, lines: Sequence[Corners]) -> list[OcrLine]:
        """Read lines of an image in the direction of their corners, one result each."""
        ...


def read_image(ocr: Ocr, image: Image.Image) -> list[OcrLine]:
    """Read an upright image, line by line."""
    return [line for line in ocr.recognize(image, ocr.detect(image)) if line.is_sure]
