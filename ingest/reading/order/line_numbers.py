"""Line numbers in the margin: of court papers, contracts, patents and editions.

They count the lines beside them: one by one, or every fifth or tenth. They are no words
of the sentences that they stand beside.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import pairwise
from statistics import median
from typing import NamedTuple

from ingest.page import Box
from ingest.reading.order.piece import Piece, group_rows, split_piece
from ingest.reading.order.prose import MIN_LOWER

STEPS = (1, 5, 10)
"""Lines that are counted between two numbers."""
MIN_NUMBERS, MIN_SPARSE, MIN_EVEN = 5, 2, 15
"""Numbers at least: one for each line, one for some; and of those on a grid of their own."""
ALIGNED = 0.7
"""Numbers are below each other where an edge differs by less of their height."""
EVEN = 0.15
"""Steps are even where they differ by less than this share, and most are."""
MOST = 0.8
MAX_ACROSS = 0.1
"""Share of the lines that may lie across the numbers: OCR misses some numbers."""
MIN_WORDS = 4
"""Words of a piece of a line that has a number, on average, at least: cells have less."""
MAX_PIECES = 3_000
"""A page of more pieces is not looked at."""


class _Number(NamedTuple):
    value: int
    box: Box
    piece: int
    word: int


def part_line_numbers(pieces: Sequence[Piece]) -> tuple[list[Piece], list[Piece]]:
    """Pieces without the line numbers beside them, and the numbers."""
    if len(pieces) > MAX_PIECES:
        return list(pieces), []
    for column in _columns([n for at, piece in enumerate(pieces) for n in _numbers(at, piece)]):
        if (step := _step(column)) and _counts_lines(pieces, column, step):
            return _parted(pieces, column)
    return list(pieces), []


def _numbers(at: int, piece: Piece) -> Iterator[_Number]:
    """Numbers at the ends of a piece."""
    for word in {0, len(piece.words) - 1}:
        text = piece.words[word].text
        if text.isascii() and text.isdecimal() and len(text) <= 4:
            yield _Number(int(text), piece.boxes[word], at, word)


def _columns(numbers: Sequence[_Number]) -> Iterator[list[_Number]]:
    """Numbers below each other, aligned at the right or at the left, from the top."""
    for edge in (2, 0):
        column: list[_Number] = []
        for number in sorted(numbers, key=lambda each: each.box[edge]):
            high = number.box[3] - number.box[1]
            if column and number.box[edge] - column[-1].box[edge] > ALIGNED * high:
                yield sorted(column, key=lambda each: each.box[1])
                column = []
            column.append(number)
        if column:
            yield sorted(column, key=lambda each: each.box[1])


def _step(column: Sequence[_Number]) -> int:
    """By how much each number is more than the one above it; 0 where they do not count."""
    if len(column) < MIN_SPARSE:
        return 0
    pairs = list(pairwise(column))
    step = Counter(b.value - a.value for a, b in pairs).most_common(1)[0][0]
    if step not in STEPS or len(column) < (MIN_NUMBERS if step == 1 else MIN_SPARSE):
        return 0
    if any(b.value <= a.value or (b.value - a.value) % step for a, b in pairs):
        return 0
    return step if _are_even(column) else 0


def _are_even(column: Sequence[_Number]) -> bool:
    steps = [(b.box[1] - a.box[1]) / (b.value - a.value) for a, b in pairwise(column)]
    usual = median(steps)
    return sum(abs(s - usual) <= EVEN * usual for s in steps) >= MOST * len(steps)


def _counts_lines(pieces: Sequence[Piece], column: Sequence[_Number], step: int) -> bool:
    """Whether lines of running text beside the numbers are as many as they say."""
    left, right = min(n.box[0] for n in column), max(n.box[2] for n in column)
    top, bottom = column[0].box[1], column[-1].box[3]
    own = {number.piece for number in column}
    rest, _ = _parted(pieces, column)
    beside = [p for p in rest if top < (p.box[1] + p.box[3]) / 2 < bottom]
    across = sum(p.box[0] < right and p.box[2] > left for p in beside)
    if not beside or across > MAX_ACROSS * len(beside):
        return False
    rows = group_rows(beside)
    texts = [[word.text for piece in row for word in piece.words] for row in rows]
    lower = sum(text[0][:1].islower() for text in texts)
    if sum(map(len, texts)) < MIN_WORDS * len(beside) or lower < MIN_LOWER * len(rows):
        return False
    counted = column[-1].value - column[0].value
    if abs(len(rows) - 1 - counted) <= EVEN * counted:
        first = column[0].value == step and len(own) == len(column)
        return first or step == 1 or len(column) > MIN_SPARSE
    return step == 1 and len(column) >= MIN_EVEN


def _parted(pieces: Sequence[Piece], column: Sequence[_Number]) -> tuple[list[Piece], list[Piece]]:
    cuts: dict[int, list[int]] = {}
    for number in column:
        cuts.setdefault(number.piece, []).append(number.word)
    rest: list[Piece] = []
    numbers: list[Piece] = []
    for at, piece in enumerate(pieces):
        words = cuts.get(at)
        if words is None:
            rest.append(piece)
            continue
        edges = sorted({edge for word in words for edge in (word, word + 1)})
        edges = [edge for edge in edges if 0 < edge < len(piece.words)]
        for start, part in zip([0, *edges], split_piece(piece, edges), strict=True):
            (numbers if start in words else rest).append(part)
    return rest, sorted(numbers, key=lambda piece: piece.box[1])
