"""Remembered readings: no line of a page is read twice in one direction."""

from __future__ import annotations

from collections.abc import Sequence

from PIL import Image

from ingest.ocr.corners import Corners
from ingest.ocr.ocr import Ocr, OcrLine


class RememberingOcr:
    """`Ocr` that remembers the lines that it has read, for as long as one page."""

    def __init__(self, ocr: Ocr) -> None:
        self.name = ocr.name
        self._ocr = ocr
        self._read: dict[tuple[int, bytes], OcrLine] = {}
        self._images: list[Image.Image] = []

    def detect(self, image: Image.Image) -> list[Corners]:
        """See `Ocr`."""
        return self._ocr.detect(image)

    def recognize(self, image: Image.Image, lines: Sequence[Corners]) -> list[OcrLine]:
        """See `Ocr`."""
        # An image is kept, so that no other gets its identity.
        self._images.append(image)
        keys = [(id(image), corners.tobytes()) for corners in lines]
        new = {
            key: corners for key, corners in zip(keys, lines, strict=True) if key not in self._read
        }
        read = self._ocr.recognize(image, list(new.values())) if new else []
        self._read.update(zip(new, read, strict=True))
        return [self._read[key] for key in keys]
