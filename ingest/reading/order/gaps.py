"""Gaps between two sides: told gutters of columns from gaps of cells and words."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from statistics import median

from ingest.box import gap_across
from ingest.reading.order.piece import Piece
from ingest.reading.order.prose import MAX_DIGITS, MIN_CELLS, MIN_FLOW, WIDER, Side

NUMBERS = 0.9
"""Share of words with a digit in a column of numbers, which is part of a table."""
MIN_GAPS = 3
"""Gaps between words that tell what is usual; lines of Chinese may have none."""
LEFT = 0.15
"""Lines begin at one place, up to so many heights of a line."""
MIN_HEADS, MIN_BESIDE = 2, 5
"""Headings of two columns that stand beside text of the other, and lines of each, at least."""


def are_columns(left: Side, right: Side) -> bool:
    """Whether two sides of a gap are read one after the other, not row by row."""
    if len(left.rows) < 2 or len(right.rows) < 2 or _is_word_gap(left, right):
        return False
    if left.cellular and right.cellular and left.has_cells_beside(right):
        return False
    if left.signs or right.signs:
        return False
    if _heads_apart(left, right):
        return True
    if right.counts and left.entries:
        return True
    if (left.prose and right.prose) or (left.listed and right.listed) or (left.led and right.led):
        return True
    if max(left.digits, right.digits) > NUMBERS:
        return False
    if left.aligned(right) < 0.5 or right.flows_past(left) or left.flows_past(right):
        return True
    return (left.prose and right.dense) or (right.prose and left.dense)


def _heads_apart(left: Side, right: Side) -> bool:
    """Whether headings stand beside text of the other side, as those of two columns do."""
    if (
        max(left.digits, right.digits) > MAX_DIGITS
        or min(len(left.rows), len(right.rows)) < MIN_BESIDE
    ):
        return False
    apart = 0
    for side, other in ((left, right), (right, left)):
        for at in side.heads:
            top, bottom = side.boxes[at][1], side.boxes[at][3]
            beside = other.nearest((top + bottom) / 2)
            box = other.boxes[beside]
            if beside not in other.heads and min(bottom, box[3]) > max(top, box[1]):
                apart += 1
    return apart >= MIN_HEADS


def _is_word_gap(left: Side, right: Side) -> bool:
    """Whether the gap is one between words of justified lines: as wide as others there."""
    starts = [box[0] for box in right.boxes]
    flush = sum(abs(start - min(starts)) <= LEFT * right.height for start in starts)
    if left.prose and right.prose and flush >= max(MIN_FLOW, MIN_CELLS * len(starts)):
        return False  # words of a river begin anywhere
    compared = wider = 0
    for row, box, middle in zip(left.rows, left.boxes, left.middles, strict=True):
        at = right.nearest(middle)
        other, beside = right.rows[at], right.boxes[at]
        if min(box[3], beside[3]) - max(box[1], beside[1]) > 0.5 * left.height:
            gaps = [*_word_gaps(row), *_word_gaps(other)]
            compared += 1
            usual = median(gaps) if len(gaps) >= MIN_GAPS else 0.0
            wider += beside[0] - box[2] > WIDER * usual
    return 0 < compared >= 2 * wider


def _word_gaps(row: Sequence[Piece]) -> list[float]:
    boxes = [box for piece in row for box in piece.boxes]
    return [gap_across(before, after) for before, after in pairwise(boxes)]
