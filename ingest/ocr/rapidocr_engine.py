"""PP-OCRv6 (small) of rapidocr as an OCR engine.

rapidocr's wheel holds models for Chinese, Japanese, English and other languages in
Latin script. They read no Korean, Cyrillic or Arabic. Both run on one thread: each
worker process has its own.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property

from PIL import Image

from ingest.ocr.corners import Corners, Pixels, as_pixels, crop_line, part_box
from ingest.ocr.ocr import OcrLine
from ingest.ocr.pp_ocr import LineDetector, LineRecognizer
from ingest.ocr.split_line import Piece
from ingest.page import Word


class RapidOcr:
    """PP-OCRv6 (small) as an `Ocr`.

    A network is loaded when it is first used: most pages have a text layer and need none.

    Raises:
        WeightsMissing, WeightsChanged: at first use; a model file of the package is not
            there or another.
    """

    name = "rapidocr"

    @cached_property
    def _detector(self) -> LineDetector:
        return LineDetector()

    @cached_property
    def _recognizer(self) -> LineRecognizer:
        return LineRecognizer()

    def detect(self, image: Image.Image) -> list[Corners]:
        """See `Ocr`."""
        return self._detector.detect(as_pixels(image))

    def recognize(self, image: Image.Image, lines: Sequence[Corners]) -> list[OcrLine]:
        """See `Ocr`."""
        if not lines:
            return []
        pixels = as_pixels(image)
        read = self.recognize_crops([crop_line(pixels, corners) for corners in lines])
        return [
            OcrLine(
                tuple(Word(t, part_box(corners, a, b, image.size)) for t, a, b in pieces),
                score,
                corners,
            )
            for (pieces, score), corners in zip(read, lines, strict=True)
        ]

    def recognize_crops(self, crops: Sequence[Pixels]) -> list[tuple[list[Piece], float]]:
        """Words of each crop with their places along it (0..1), and the confidence."""
        return [self._recognizer.recognize(crop) for crop in crops]
