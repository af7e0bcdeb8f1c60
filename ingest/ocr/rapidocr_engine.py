"""PP-OCRv6 (small) by rapidocr: the detector of lines, and a reader of them.

rapidocr's wheel holds models for Chinese, Japanese, English and other languages in
Latin script. It reads no Korean, Cyrillic or Arabic. Both run on onnxruntime, on one
thread: each worker process has its own.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from PIL import Image

from ingest.encoders.embedded.weights import OCR_CLASSIFIER, OCR_DETECTOR, OCR_RECOGNIZER
from ingest.ocr.corners import Corners, Pixels, as_pixels, crop_line, part_box, upright_corners
from ingest.ocr.ocr import OcrLine
from ingest.ocr.split_line import Piece, split_line
from ingest.page import Word

DETECTION_SIDE = 1_600
"""Pixels of the longer side in which lines are looked for."""


class RapidOcr:
    """PP-OCRv6 (small) as an `Ocr`.

    Raises:
        WeightsMissing, WeightsChanged: a model file of the package is not there or another.
    """

    def __init__(self) -> None:
        from rapidocr import RapidOCR

        self.name = "rapidocr"
        threads = "EngineConfig.onnxruntime.{}_op_num_threads"
        self._engine = RapidOCR(
            params={
                threads.format("intra"): 1,
                threads.format("inter"): 1,
                "Global.log_level": "error",
                "Global.return_word_box": True,
                # The orientation classifier turns some upright lines upside down.
                "Global.use_cls": False,
                "Global.use_rec": False,
                # Given, and checked: rapidocr would download what is missing or changed.
                "Det.model_path": str(OCR_DETECTOR.verified()),
                "Rec.model_path": str(OCR_RECOGNIZER.verified()),
                "Cls.model_path": str(OCR_CLASSIFIER.verified()),
                # Images are not enlarged: enlarging small photos took twenty times as long.
                "Det.limit_type": "max",
                "Det.limit_side_len": DETECTION_SIDE,
                # One line at a time: as fast on one thread, and a third less memory.
                "Rec.rec_batch_num": 1,
            }
        )

    def detect(self, image: Image.Image) -> list[Corners]:
        """See `Ocr`."""
        found: Any = self._engine(as_pixels(image))
        if found.boxes is None:
            return []
        return [upright_corners(points) for points in found.boxes]

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
        found: Any = self._engine.recognize_txt(list(crops))
        return [
            (self._words(text, parts, crop.shape[1]), float(score))
            for text, score, parts, crop in zip(
                found.txts, found.scores, found.word_results, crops, strict=True
            )
        ]

    def _words(self, text: str, parts: Any, width: int) -> list[Piece]:
        frame = np.array([[0, 0], [width, 0], [width, 1], [0, 1]])
        texts, boxes, _ = self._engine.cal_rec_boxes.cal_ocr_word_box(text, frame, parts)
        pieces = [
            (part, min(x for x, _ in box) / width, max(x for x, _ in box) / width)
            for part, box in zip(texts, boxes, strict=True)
        ]
        return split_line(text, _apart(pieces))


def _apart(pieces: Sequence[Piece]) -> list[Piece]:
    """Pieces whose places do not overlap: each pair meets halfway."""
    texts = [text for text, _, _ in pieces]
    starts, ends = [start for _, start, _ in pieces], [end for _, _, end in pieces]
    for at in range(1, len(pieces)):
        if starts[at] < ends[at - 1]:
            starts[at] = ends[at - 1] = (starts[at] + ends[at - 1]) / 2
    return list(zip(texts, starts, ends, strict=True))
