"""Column finder: pieces of a page as regions in reading order, by recursive cuts.

A gap is a gutter where running text, or texts on different grids of lines, are on both
sides of it. What spans a gutter (a title, a wide figure's caption) divides the page into
parts above and below. Like the recursive XY-cut (Nagy and Seth 1984), but cuts are made
at gutters only: a table has gaps too, and is read row by row.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ingest.reading.line import is_right_to_left
from ingest.reading.order.gaps import are_columns
from ingest.reading.order.piece import Boxes, Piece, PrintedRow, boxes_of
from ingest.reading.order.prose import Side
from ingest.reading.order.wrapped import find_wrapped

MIN_GUTTER = 0.55
"""Width of a gutter in heights of a line, at least."""
APART = 1.2
"""Gap in heights of a line that parts what is above or below a column from it."""
LARGER, HEADING_APART = 1.25, 0.4
"""A line so many times as high is a heading, which a smaller gap parts."""
MAX_CANDIDATES = 32
"""Places that are tried as gutters of a region."""
MAX_PIECES = 3_000
"""A region of more pieces is read row by row; a newspaper page has half as many."""
MAX_LOOKS = 24
"""How often each piece of a page is looked at, on average, before it is left as it is."""


Indices = npt.NDArray[np.intp]


@dataclass(frozen=True, slots=True)
class Cut:
    """Parts of a region, as indices: above a gutter, both sides of it, below."""

    above: tuple[int, ...]
    left: tuple[int, ...]
    right: tuple[int, ...]
    below: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Region:
    """Part of a page without columns; `groups` of rows of a table, where it is one."""

    pieces: tuple[Piece, ...]
    groups: tuple[Sequence[PrintedRow], ...] = ()


def find_regions(pieces: Sequence[Piece]) -> Iterator[Region]:
    """Regions without columns, in reading order."""
    # Not recursive: a hostile page may nest as deep as it has pieces.
    waiting: list[list[Piece] | Region] = [list(pieces)]
    looks = MAX_LOOKS * len(pieces)
    while waiting:
        region = waiting.pop()
        if isinstance(region, Region):
            yield region
            continue
        looks -= len(region)
        is_looked_at = 4 <= len(region) <= MAX_PIECES and looks > 0
        table = find_wrapped(region) if is_looked_at else None
        if table is not None:
            waiting += [list(table.below), Region((), table.groups), list(table.above)]
            continue
        cut = _find_cut(region) if is_looked_at else None
        if cut is None:
            if region:
                yield Region(tuple(region))
            continue
        sides = [cut.left, cut.right]
        if _is_right_to_left(region):
            sides.reverse()
        parts = [cut.above, *sides, cut.below]
        waiting.extend([region[at] for at in part] for part in reversed(parts))


def _is_right_to_left(pieces: Sequence[Piece]) -> bool:
    turned = sum(is_right_to_left(piece.line.text) for piece in pieces)
    return 2 * turned > len(pieces)


def _find_cut(pieces: Sequence[Piece]) -> Cut | None:
    """The gutter with the most lines beside it, of these the one that the fewest cross."""
    boxes = boxes_of(pieces)
    line = float(np.median(boxes[:, 3] - boxes[:, 1]))
    best: tuple[int, int, float] = (0, 0, 0.0)
    cut = None
    for x in _candidates(boxes, line):
        for found, lines, gap in _cuts_at(x, pieces, boxes, line):
            if (rank := (lines, len(found.left) + len(found.right), gap)) > best:
                best, cut = rank, found
    return cut


def _candidates(boxes: Boxes, line: float) -> list[float]:
    """Places just before left edges, and just after right edges, that pieces share."""
    first, last = boxes[:, 0].min() + line, boxes[:, 2].max() - line
    places: list[float] = []
    for column, edge in ((0, np.minimum.reduceat), (2, np.maximum.reduceat)):
        edges = np.sort(boxes[:, column])
        starts = np.flatnonzero(np.diff(edges, prepend=-np.inf) > 0.4 * line)
        counts = np.diff(starts, append=len(edges))
        found = edge(edges, starts)
        common = np.argsort(-counts, kind="stable")[: MAX_CANDIDATES // 2]
        places.extend(float(found[at]) for at in common if counts[at] > 1)
    return [place for place in places if first < place < last]


def _cuts_at(
    x: float, pieces: Sequence[Piece], boxes: Boxes, line: float
) -> Iterator[tuple[Cut, int, float]]:
    """Cuts along the gap at `x`: one for each stretch that nothing spans."""
    slack = 0.1 * line
    spans = (boxes[:, 0] < x - slack) & (boxes[:, 2] > x + slack)
    middles = (boxes[:, 1] + boxes[:, 3]) / 2
    bounds = np.sort(middles[spans])
    stretch = np.searchsorted(bounds, middles)
    is_left = ~spans & (boxes[:, 2] <= x + slack)
    is_right = ~spans & ~is_left
    if min(is_left.sum(), is_right.sum()) < 2:
        return
    for number in np.intersect1d(stretch[is_left], stretch[is_right]).tolist():
        here = ~spans & (stretch == number)
        left, right = np.flatnonzero(here & is_left), np.flatnonzero(here & is_right)
        left, right = _beside(boxes, left, right, line), _beside(boxes, right, left, line)
        left = _without_ends(boxes, left, boxes[left, 2] > x - MIN_GUTTER * line)
        if min(len(left), len(right)) < 2:
            continue
        gap = float(boxes[right, 0].min() - boxes[left, 2].max())
        if gap < MIN_GUTTER * line:
            continue
        sides = (
            Side([pieces[at] for at in left.tolist()]),
            Side([pieces[at] for at in right.tolist()]),
        )
        if are_columns(*sides):
            cut = _cut(boxes, middles, left, right)
            yield cut, min(len(side.rows) for side in sides), gap


def _beside(boxes: Boxes, own: Indices, other: Indices, line: float) -> Indices:
    """One side without what stands apart above or below, such as a page number."""
    top, bottom = boxes[other, 1].min(), boxes[other, 3].max()
    own = own[np.argsort(boxes[own, 1], kind="stable")]
    gaps = boxes[own[1:], 1] - np.maximum.accumulate(boxes[own, 3])[:-1]
    larger = boxes[own[1:], 3] - boxes[own[1:], 1] > LARGER * line
    apart = np.flatnonzero(gaps > np.where(larger, HEADING_APART, APART) * line)
    first = max((at + 1 for at in apart if boxes[own[at], 3] < top), default=0)
    last = min((at + 1 for at in apart if boxes[own[at + 1], 1] > bottom), default=len(own))
    return own[first:last]


def _without_ends(boxes: Boxes, own: Indices, inside: npt.NDArray[np.bool_]) -> Indices:
    """A side without what is in the gap at its upper or lower end, such as a page number."""
    clear = np.flatnonzero(~inside)
    if len(clear) == len(own) or 2 * len(clear) < len(own):  # most lines end at the gap
        return own
    tops = boxes[own, 1]
    first, last = tops[clear].min(), tops[clear].max()
    kept: Indices = own[(tops >= first) & (tops <= last)]
    return kept


def _cut(boxes: Boxes, middles: Boxes, left: Indices, right: Indices) -> Cut:
    both = np.concatenate([left, right])
    rest = np.setdiff1d(np.arange(len(boxes)), both)
    center = middles[both].mean()
    above, below = rest[middles[rest] < center], rest[middles[rest] >= center]
    return Cut(*(tuple(part.tolist()) for part in (above, left, right, below)))
