"""Piece: a line of print, turned so that print runs to the right."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from ingest.box import gap_across, union_box
from ingest.page import Box
from ingest.reading.text_line import LineWord, TextLine

MAX_GAP = 1.1
"""A gap within a line of running text is at most this many heights of its words."""

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


def make_pieces(line: TextLine, aspect: float) -> Iterator[Piece]:
    """Pieces of a line, parted at gaps too wide for running text.

    Args:
        aspect: the page's width over its height.
    """
    angle = 90 if line.vertical else line.angle
    boxes = [turn_box(word.box, angle, aspect) for word in line.words]
    start = 0
    for at in range(1, len(boxes) + 1):
        if at == len(boxes) or gap_across(boxes[at - 1], boxes[at]) > MAX_GAP * _height(boxes[at]):
            whole = at - start == len(boxes)
            part = line if whole else replace(line, words=line.words[start:at])
            yield Piece(part, tuple(boxes[start:at]), union_box(boxes[start:at]))
            start = at


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
