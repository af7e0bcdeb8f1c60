"""Lines read by OCR: those that are found in parts of a page, as text lines."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import cast

import numpy as np
import numpy.typing as npt
from PIL import Image

from ingest.box import center, contains_center, crop_image, pixel_box
from ingest.ocr.corners import Corners, angle_of, bounds, height_of, length_of, turn_corners
from ingest.ocr.ocr import Ocr, OcrLine
from ingest.page import WHOLE, Box, Word
from ingest.reading.text_layer.scene_text import drop_texture
from ingest.reading.text_line import Angle, LineWord, TextLine

DOUBTFUL_SCORE = 0.85
"""Confidence below which a line is also tried upside down."""
FEWEST_LETTERS = 0.8
"""Characters in a line's height; a line with fewer is also tried upside down."""
CLEAR = 1.5
"""How much better it must be read so."""
KNOWN_SHARE = 0.6
"""Share of a line's length that known words cover; it is not read again."""
EDGE = 0.25
"""Share of a line's height at either side of it that is not print, or only little of it."""
SHORT = 3.0
"""Length of a line in heights; a shorter one has a word or less, and may stand any way up."""
SLACK = 0.005
"""Share of the page by which places of one word may differ."""
PAGE_POINTS = 842
"""Points of the longer side that a page is taken to have, to tell the size of its letters."""
LETTER_SHARE = 0.75
"""Share of a detected line's height that a letter's size is."""


Boxes = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Found:
    """Lines that the detector has found on an image, with their directions."""

    image: Image.Image
    lines: tuple[Corners, ...] = ()
    vertical: tuple[bool, ...] = field(default=())

    def boxes(self) -> list[Box]:
        """The box around each line."""
        return [box_of(line, self.image) for line in self.lines]


def box_of(line: Corners, image: Image.Image) -> Box:
    """The box around a line."""
    return bounds(line / np.array(image.size, dtype=np.float32))


def detect_in(ocr: Ocr, image: Image.Image, areas: Sequence[Box]) -> list[Corners]:
    """Find lines in parts of an image."""
    found: list[Corners] = []
    for box in areas:
        if box == WHOLE:
            found.extend(ocr.detect(image))
            continue
        offset = np.array(pixel_box(box, image.size)[:2], dtype=np.float32)
        found.extend(line + offset for line in ocr.detect(crop_image(image, box)))
    return found


def read_found(
    ocr: Ocr,
    found: Found,
    known: Sequence[LineWord],
    figures: Sequence[Box] = (),
    refused: Sequence[LineWord] = (),
) -> list[TextLine]:
    """Read lines without the words, and without whole lines, that are known.

    Args:
        figures: boxes of pictures; what is read in a photo must look like print.
        refused: words of the text layer that are not believed: their lines are read.
    """
    boxes = box_array([word.box for word in known])
    aspect = found.image.width / found.image.height
    new = [
        at
        for at, box in enumerate(found.boxes())
        if not _is_read(box, boxes, aspect) or any(contains_center(box, w.box) for w in refused)
    ]
    lines = []
    every = _read(ocr, found, new)
    sure = drop_texture(found.image, figures, [read for read in every if read.is_sure])
    kept = set(map(id, sure))
    for read, at in zip(every, new, strict=True):
        words = [w for w in read.words if not lies_in(w.box, boxes, SLACK)]
        if words and id(read) in kept:
            lines.append(_text_line(read, words, found.image, vertical=found.vertical[at]))
    return in_rows(lines)


def _read(ocr: Ocr, found: Found, at: Sequence[int]) -> list[OcrLine]:
    """Read lines; one that is read badly is tried upside down too."""
    first = ocr.recognize(found.image, [found.lines[i] for i in at])
    doubtful = [i for i, line in enumerate(first) if _is_doubtful(line)]
    turned = [turn_corners(first[i].corners, 2) for i in doubtful]
    for i, other in zip(doubtful, ocr.recognize(found.image, turned), strict=True):
        if other.weight > CLEAR * first[i].weight and not _is_doubtful(other):
            first[i] = other
    return first


def _is_doubtful(line: OcrLine) -> bool:
    """Whether a line may be read in the wrong direction."""
    heights = length_of(line.corners) / max(height_of(line.corners), 1)
    if heights < SHORT:
        return False
    letters = sum(len(word.text) for word in line.words)
    return line.score < DOUBTFUL_SCORE or letters < FEWEST_LETTERS * heights


def _text_line(
    read: OcrLine, words: Sequence[Word], image: Image.Image, *, vertical: bool
) -> TextLine:
    thickness = length_of(turn_corners(read.corners, 1)) if vertical else height_of(read.corners)
    size = LETTER_SHARE * PAGE_POINTS * thickness / max(image.size)
    angle = 0 if vertical else round(angle_of(read.corners) / 90) % 4 * 90
    return TextLine(
        tuple(LineWord(w.text, w.box, size=round(size, 1)) for w in words),
        cast(Angle, angle),
        vertical,
        "ocr",
    )


def in_rows(lines: Sequence[TextLine]) -> list[TextLine]:
    """Lines from top to bottom, those beside each other from left to right."""
    rows: list[list[TextLine]] = []
    for line in sorted(lines, key=lambda line: line.box[1] + line.box[3]):
        _, top, _, bottom = line.box
        if rows and (rows[-1][0].box[1] + rows[-1][0].box[3]) / 2 > (3 * top + bottom) / 4:
            rows[-1].append(line)
        else:
            rows.append([line])
    return [line for row in rows for line in sorted(row, key=lambda line: line.box[0])]


def box_array(boxes: Sequence[Box]) -> Boxes:
    """Boxes as rows of a matrix (n, 4)."""
    return np.array(boxes, dtype=np.float64).reshape(-1, 4)


def centers(boxes: Sequence[Box]) -> npt.NDArray[np.float64]:
    """Centers (2, n) of boxes: x and y."""
    rows = box_array(boxes)
    return ((rows[:, :2] + rows[:, 2:]) / 2).T


def _is_read(box: Box, known: Boxes, aspect: float) -> bool:
    """Whether known words stand beside most of a line's length, or in a short one.

    `aspect` is the page's width over its height. Words of a text layer may be higher
    or lower than the print, or as wide as other letters would be.
    """
    wide, high = (box[2] - box[0]) * aspect, box[3] - box[1]
    along, across = (0, 1) if wide >= high else (1, 0)
    middle = (known[:, across] + known[:, across + 2]) / 2
    # The boxes of found lines are higher than the print.
    edge = EDGE * (box[across + 2] - box[across])
    beside = known[(box[across] + edge <= middle) & (middle <= box[across + 2] - edge)]
    start, end = box[along], box[along + 2]
    length = np.minimum(beside[:, along + 2], end) - np.maximum(beside[:, along], start)
    share = float(length.clip(0).sum()) / max(end - start, 1e-9)
    is_short = max(wide, high) < SHORT * min(wide, high)
    return share >= KNOWN_SHARE or (is_short and share > 0)


def lies_in(box: Box, boxes: Boxes, slack: float) -> bool:
    """Whether the center of a box lies in one of others, or `slack` beside it."""
    x, y = center(box)
    left, top, right, bottom = boxes.T
    inside = (left - slack <= x) & (x <= right + slack)
    return bool((inside & (top - slack <= y) & (y <= bottom + slack)).any())
