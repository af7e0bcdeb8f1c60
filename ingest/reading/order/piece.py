"""Piece: a line of print, turned so that print runs to the right."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from statistics import median

import numpy as np
import numpy.typing as npt

from ingest.box import center, gap_across, union_box
from ingest.page import Box
from ingest.reading.text_line import LineWord, TextLine

MAX_GAP = 1.1
"""A gap within a line of running text is at most this many heights of its words."""
MIN_SLOPE, MAX_SLOPE = 0.004, 0.2
"""Slopes of print that is set straight to be put in order: others are none, or no print's."""
LONG = 3
"""Length of a line in heights, at least, to tell its slope."""

Boxes = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Piece:
    """Line, or the part of one in a column or cell; `boxes` has those of its words.

    Its boxes are in heights of the page, in both directions, and turned.
    """

    line: TextLine
    boxes: tuple[Box, ...]
    box: Box

    @property
    def words(self) -> tuple[LineWord, ...]:
        """The words, with their boxes on the page."""
        return self.line.words

    @property
    def height(self) -> float:
        """Height in heights of the page."""
        return self.box[3] - self.box[1]


@dataclass(frozen=True, slots=True)
class PrintedRow:
    """Row of pieces that are read together; `cells` where they are cells."""

    pieces: tuple[Piece, ...]
    cells: bool


def make_pieces(line: TextLine, aspect: float, slope: float = 0.0) -> Iterator[Piece]:
    """Pieces of a line, parted at gaps too wide for running text.

    Args:
        aspect: the page's width over its height.
        slope: of the print, as `find_slope` gives it.
    """
    boxes = [_level(box, slope) for box in _turned(line, aspect, line.words)]
    start = 0
    for at in range(1, len(boxes) + 1):
        if at == len(boxes) or gap_across(boxes[at - 1], boxes[at]) > MAX_GAP * _height(boxes[at]):
            whole = at - start == len(boxes)
            part = line if whole else replace(line, words=line.words[start:at])
            yield Piece(part, tuple(boxes[start:at]), union_box(boxes[start:at]))
            start = at


def split_piece(piece: Piece, cuts: Sequence[int]) -> Iterator[Piece]:
    """Parts of a piece, each from the word of a cut to before that of the next."""
    if not cuts:
        yield piece
        return
    for start, end in pairwise([0, *cuts, len(piece.boxes)]):
        line = replace(piece.line, words=piece.words[start:end])
        yield Piece(line, piece.boxes[start:end], union_box(piece.boxes[start:end]))


def find_slope(lines: Sequence[TextLine], aspect: float) -> float:
    """How far lines of one direction of print go down along it: a scan may lie askew."""
    slopes = []
    for line in lines:
        if len(line.words) < 2:
            continue
        first, last = _turned(line, aspect, (line.words[0], line.words[-1]))
        if last[2] - first[0] > LONG * max(_height(first), _height(last)):
            (x, y), (x2, y2) = center(first), center(last)
            slopes.append((y2 - y) / (x2 - x))
    slope = median(slopes) if slopes else 0.0
    return slope if MIN_SLOPE <= abs(slope) <= MAX_SLOPE else 0.0


def _turned(line: TextLine, aspect: float, words: Sequence[LineWord]) -> list[Box]:
    """Boxes of words of a line, as if it were upright."""
    angle = 90 if line.vertical else line.angle
    return [turn_box(word.box, angle, aspect) for word in words]


def _level(box: Box, slope: float) -> Box:
    """Box as if the print were level: turned around the corner of the page."""
    if not slope:
        return box
    (x, y), (left, top, right, bottom) = center(box), box
    # A box around a slanted word is higher than its letters.
    half = max(bottom - top - abs(slope) * (right - left), 0.3 * (bottom - top)) / 2
    moved, middle = slope * y, y - slope * x
    return left + moved, middle - half, right + moved, middle + half


def _height(box: Box) -> float:
    return box[3] - box[1]


def turn_box(box: Box, angle: int, aspect: float) -> Box:
    """Box in heights of the page, turned so that print at `angle` runs to the right."""
    left, top, right, bottom = box[0] * aspect, box[1], box[2] * aspect, box[3]
    match angle:
        case 90:
            return top, -right, bottom, -left
        case 180:
            return -right, -bottom, -left, -top
        case 270:
            return -bottom, left, -top, right
    return left, top, right, bottom


def boxes_of(pieces: Sequence[Piece]) -> Boxes:
    """Boxes (n, 4) of pieces."""
    return np.array([piece.box for piece in pieces], dtype=np.float64).reshape(-1, 4)


def group_rows(pieces: Sequence[Piece]) -> list[list[Piece]]:
    """Pieces side by side as rows, top to bottom, each from left to right."""
    rows: list[list[Piece]] = []
    top = bottom = 0.0
    for piece in sorted(pieces, key=lambda each: each.box[1] + each.box[3]):
        shared = min(bottom, piece.box[3]) - max(top, piece.box[1])
        if rows and shared > 0.5 * min(bottom - top, piece.height):
            rows[-1].append(piece)
        else:
            rows.append([piece])
            top, bottom = piece.box[1], piece.box[3]
    return [sorted(row, key=lambda each: each.box[0]) for row in rows]
