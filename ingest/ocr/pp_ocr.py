"""PP-OCRv6 (small): the network that finds lines, and the one that reads them.

The networks, the decoding of their outputs and the characters are rapidocr's. How
images are scaled and padded for them is here, so that both run on the
runtime that the other embedded networks use.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from ingest.encoders.embedded.runtime.onnx_file import read_properties
from ingest.encoders.embedded.runtime.session import open_session, worker_runtime
from ingest.encoders.embedded.weights import OCR_DETECTOR, OCR_RECOGNIZER
from ingest.ocr.corners import Corners, Pixels, upright_corners
from ingest.ocr.split_line import Piece, split_line

DETECTION_SIDE = 1_600
"""Pixels of the longer side in which lines are looked for."""
STEP = 32
"""Pixels; the sides of a detector's input are multiples of it."""
LEAST_SIDE = 30
"""Pixels; smaller images are enlarged."""
WIDEST = 8
"""Width by height beyond which an image gets margins above and below."""
LINE_HEIGHT = 48
LEAST_WIDTH = 320
WIDTH_GROWTH = 1.17
"""Ratio of the widths to which lines are padded: each costs memory and time once."""


class LineDetector:
    """Detector of printed lines.

    Raises:
        WeightsMissing, WeightsChanged: the model file is not there or another.
    """

    def __init__(self) -> None:
        from rapidocr.ch_ppocr_det.main import TextDetector
        from rapidocr.ch_ppocr_det.utils import DBPostProcess

        # On onnxruntime: OpenVINO holds 150 MB more for each larger image that it has seen (docs/performance.md).
        self._session = open_session(OCR_DETECTOR.verified(), threads=1)
        self._boxes = DBPostProcess(
            thresh=0.3, box_thresh=0.5, unclip_ratio=1.6, score_mode="fast", use_dilation=True
        )
        self._sort = TextDetector.sorted_boxes

    def detect(self, pixels: Pixels) -> list[Corners]:
        """Find the printed lines of an image, from top to bottom."""
        height, width = pixels.shape[:2]
        enlarged = max(1.0, LEAST_SIDE / min(height, width))
        if enlarged > 1:
            size = (round(width * enlarged), round(height * enlarged))
            pixels = np.asarray(cv2.resize(pixels, size), np.uint8)
        pixels, margin = _pad(pixels)
        if (prepared := _scale(pixels)) is None:
            return []
        (likely,) = self._session.run({"x": prepared})
        boxes, _ = self._boxes(likely, pixels.shape[:2])
        if len(boxes) == 0:
            return []
        points = (self._sort(boxes) - np.array([0, margin])) / enlarged
        return [upright_corners(four) for four in points.clip(0, [width, height])]


class LineRecognizer:
    """Recognizer of the text of lines that are laid out from left to right.

    Raises:
        WeightsMissing, WeightsChanged: the model file is not there or another.
    """

    def __init__(self) -> None:
        from rapidocr.cal_rec_boxes import CalRecBoxes
        from rapidocr.ch_ppocr_rec.utils import CTCLabelDecode

        model = OCR_RECOGNIZER.verified()
        self._session = open_session(model, threads=1, runtime=worker_runtime())
        self._decode = CTCLabelDecode(character=_characters(model))
        self._word_boxes = CalRecBoxes().cal_ocr_word_box

    def recognize(self, crop: Pixels) -> tuple[list[Piece], float]:
        """Words of a line with their places along it (0..1), and the confidence."""
        height, width = crop.shape[:2]
        padded = padded_width(width / height)
        (likely,) = self._session.run({"x": _line_input(crop, padded)})
        lines, parts = self._decode(
            likely, True, wh_ratio_list=[width / height], max_wh_ratio=padded / LINE_HEIGHT
        )
        text, score = lines[0]
        frame = np.array([[0, 0], [width, 0], [width, 1], [0, 1]])
        texts, boxes, _ = self._word_boxes(text, frame, parts[0])
        pieces = [
            (part, min(x for x, _ in box) / width, max(x for x, _ in box) / width)
            for part, box in zip(texts, boxes, strict=True)
        ]
        return split_line(text, _apart(pieces)), float(score)


def padded_width(ratio: float) -> int:
    """Width in pixels to which a line of this width by height is padded.

    >>> padded_width(2), padded_width(7), padded_width(30)
    (320, 384, 1664)
    """
    padded, wanted = LEAST_WIDTH, LINE_HEIGHT * ratio
    while padded < wanted:
        padded = math.ceil(padded * WIDTH_GROWTH / STEP) * STEP
    return padded


def _pad(pixels: Pixels) -> tuple[Pixels, int]:
    """Very wide images get black margins, of this many pixels, above and below."""
    height, width = pixels.shape[:2]
    if height > LEAST_SIDE and width <= WIDEST * height:
        return pixels, 0
    margin = max(max(width // WIDEST, LEAST_SIDE) * 2 - height, 0) // 2
    padded = cv2.copyMakeBorder(pixels, margin, margin, 0, 0, cv2.BORDER_CONSTANT, value=(0, 0, 0))
    return np.asarray(padded, np.uint8), margin


def _scale(pixels: Pixels) -> npt.NDArray[np.float32] | None:
    """Input of the detector (1, 3, height, width), -1..1; None where a side vanishes."""
    height, width = pixels.shape[:2]
    # Images are not enlarged: enlarging small photos took twenty times as long.
    ratio = min(1.0, DETECTION_SIDE / max(height, width))
    size = [round(side * ratio / STEP) * STEP for side in (width, height)]
    if min(size) == 0:
        return None
    return _normalized(cv2.resize(pixels, size))[None]


def _line_input(crop: Pixels, padded: int) -> npt.NDArray[np.float32]:
    """Input of the recognizer (1, 3, 48, padded), -1..1 and 0 beyond the line."""
    height, width = crop.shape[:2]
    line = _normalized(cv2.resize(crop, (min(math.ceil(LINE_HEIGHT * width / height), padded), LINE_HEIGHT)))  # fmt: skip
    made = np.zeros((1, 3, LINE_HEIGHT, padded), np.float32)
    made[0, :, :, : line.shape[2]] = line
    return made


def _normalized(pixels: Any) -> npt.NDArray[np.float32]:
    channels = np.asarray(pixels, np.float32).transpose(2, 0, 1)
    return np.ascontiguousarray(channels / np.float32(127.5) - np.float32(1))


def _characters(model: Path) -> list[str]:
    """The characters that a recognizer knows, as its file lists them."""
    return read_properties(model)["character"].splitlines()


def _apart(pieces: Sequence[Piece]) -> list[Piece]:
    """Pieces whose places do not overlap: each pair meets halfway."""
    texts = [text for text, _, _ in pieces]
    starts, ends = [start for _, start, _ in pieces], [end for _, _, end in pieces]
    for at in range(1, len(pieces)):
        if starts[at] < ends[at - 1]:
            starts[at] = ends[at - 1] = (starts[at] + ends[at - 1]) / 2
    return list(zip(texts, starts, ends, strict=True))
