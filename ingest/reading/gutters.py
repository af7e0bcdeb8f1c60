"""Gutters of tables: gaps between columns of short cells, which no row crosses.

One row alone does not show them: its gap may be little more than a blank. Together rows
do, as white rivers with cells that begin, end or are centered at the same place beside.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate, pairwise
from statistics import median

from ingest.reading.blocks import is_enumerator
from ingest.reading.line import Placed

MIN_ROWS = 3
"""Rows of a table, at least."""
MAX_ROWS = 60
"""Rows that are compared at once; a longer table is seen in parts."""
MAX_WORDS = 40
"""Words of a row of short cells, at most."""
MAX_STEP = 3.5
"""Distance between two rows in heights of a line, at most."""
OTHER_SIZE = 1.7
"""Rows whose heights differ by this factor are of different tables."""
MIN_GAP = 0.4
"""Width of a gutter in widths of a letter, at least."""
ROW_GAP, WIDER = 0.9, 1.6
"""Gap of a row at a gutter in widths of a letter, and in gaps between words, at least."""
ALIGNED, MIN_ALIGNED = 0.8, 0.7
"""Cells are in line where they differ by less letters, and share of a column's that are."""
MAX_CELL = 4.0
"""Words of a cell, on average, at most."""
MIN_FILLED = 0.6
"""Share of the cells that are not empty, at least."""
MIN_NUMBERS = 0.6
"""Share of cells with a digit in one of two columns: two columns of words may be anything."""

Span = tuple[float, float]
_FAR = 1e9


class _Row:
    """Words of a row from left to right."""

    def __init__(self, words: Sequence[Placed]) -> None:
        self.words = sorted(words, key=lambda word: word.box[0])
        self.top = min(word.box[1] for word in words)
        self.height = max(word.box[3] for word in words) - self.top
        letters = sum(len(word.text) for word in words)
        self.letter = sum(word.box[2] - word.box[0] for word in words) / max(letters, 1)

    @cached_property
    def gaps(self) -> list[Span]:
        """Gaps between words, and what is before and after them."""
        ends = [-_FAR, *accumulate((word.box[2] for word in self.words), max)]
        starts = [*(word.box[0] for word in self.words), _FAR]
        return [(end, start) for end, start in zip(ends, starts, strict=True) if start > end]

    @cached_property
    def wide(self) -> list[Span]:
        """Those of the gaps that may be at a gutter."""
        return [gap for gap in self.gaps if gap[1] - gap[0] >= ROW_GAP * self.letter]

    def is_candidate(self) -> bool:
        apart = all(b.box[0] - a.box[2] > -self.letter for a, b in pairwise(self.words))
        return len(self.words) <= MAX_WORDS and apart

    def follows(self, above: _Row) -> bool:
        """Whether it is right below a row of letters of a like size."""
        low, high = sorted((self.height, above.height))
        return 0 < self.top - above.top <= MAX_STEP * low and high < OTHER_SIZE * low

    def conforms(self, gutters: Sequence[Span]) -> bool:
        """Whether its gaps at gutters are wider than those between other words."""
        across: list[float] = []
        inside = [0.0]
        for low, high in self.gaps[1:-1]:
            at = any(low <= left and right <= high for left, right in gutters)
            (across if at else inside).append(high - low)
        return min(across, default=_FAR) >= WIDER * max(inside)


@dataclass(frozen=True, slots=True)
class Grid:
    """Rows `start` up to (not with) `end` with the gutters between their columns."""

    start: int
    end: int
    gutters: tuple[Span, ...]

    def starts(self, row: Sequence[Placed]) -> list[int]:
        """Indices of the words of a row that are in another column than the word before."""
        columns = [self._column(word) for word in row]
        return [at for at, (one, other) in enumerate(pairwise(columns), 1) if one != other]

    def _column(self, word: Placed) -> int:
        middle = (word.box[0] + word.box[2]) / 2
        return sum(middle > _middle(gutter) for gutter in self.gutters)


def find_grids(rows: Sequence[Sequence[Placed]]) -> Iterator[Grid]:
    """Tables of short cells among rows of words, top to bottom."""
    measured = [_Row(words) for words in rows]
    at = 0
    while at <= len(rows) - MIN_ROWS:
        grid = _grid_from(measured, at)
        if grid is not None:
            yield grid
        at = grid.end if grid else at + 1


def _grid_from(rows: Sequence[_Row], start: int) -> Grid | None:
    """The table that begins at a row, with the most cells."""
    best: Grid | None = None
    for ends in _ends_by_gaps(rows, start):
        grid = _longest(rows, start, ends)
        if grid and (best is None or _cells(grid) >= _cells(best)):
            best = grid
    return best


Ends = list[tuple[int, list[Span]]]
"""Ends of rows from one row on, each with the gaps that they share."""


def _ends_by_gaps(rows: Sequence[_Row], start: int) -> Iterator[Ends]:
    """Ends of possible tables from a row on, those together whose rows share as many gaps."""
    gaps = rows[start].wide
    ends: Ends = []
    for end in range(start + 1, min(len(rows), start + MAX_ROWS) + 1):
        row = rows[end - 1]
        if not row.is_candidate() or (end > start + 1 and not row.follows(rows[end - 2])):
            break
        least = MIN_GAP * row.letter
        gaps = [gap for gap in _shared(gaps, row.wide) if gap[1] - gap[0] >= least]
        if len(gaps) < 3:
            break
        if ends and len(ends[-1][1]) != len(gaps):
            yield ends
            ends = []
        if end - start >= MIN_ROWS:
            ends.append((end, gaps))
    if ends:
        yield ends


def _longest(rows: Sequence[_Row], start: int, ends: Ends) -> Grid | None:
    """The longest table with one of the ends, by a search from the last one in growing steps.

    Then between the last step that made none and the first that did.
    """
    missed, step = len(ends), 1
    at = missed - 1
    while (found := _grid(rows, start, *ends[at])) is None:
        if at == 0:
            return None
        missed, at, step = at, max(at - step, 0), 2 * step
    while missed - at > 1:
        middle = (at + missed) // 2
        longer = _grid(rows, start, *ends[middle])
        if longer:
            found, at = longer, middle
        else:
            missed = middle
    return found


def _grid(rows: Sequence[_Row], start: int, end: int, gaps: Sequence[Span]) -> Grid | None:
    gutters = _gutters(rows[start:end], gaps)
    return Grid(start, end, tuple(gutters)) if gutters else None


def _cells(grid: Grid) -> int:
    return (grid.end - grid.start) * len(grid.gutters)


def _shared(one: Sequence[Span], other: Sequence[Span]) -> list[Span]:
    """What two lists of gaps share, from left to right."""
    both: list[Span] = []
    first = second = 0
    while first < len(one) and second < len(other):
        (left, right), (left2, right2) = one[first], other[second]
        if max(left, left2) < min(right, right2):
            both.append((max(left, left2), min(right, right2)))
        if right < right2:
            first += 1
        else:
            second += 1
    return both


def _gutters(rows: Sequence[_Row], gaps: Sequence[Span]) -> list[Span]:
    """Those of the gaps that are gutters, where they make a table; else none."""
    inner = [gap for gap in gaps if gap[0] > -_FAR and gap[1] < _FAR]
    columns = _columns(rows, inner)
    gutters = [gap for gap, column in zip(inner, columns, strict=False) if not _is_signs(column)]
    if not gutters or not all(row.conforms(gutters) for row in rows):
        return []
    letter = median(row.letter for row in rows)
    return gutters if _is_table(_columns(rows, gutters), letter) else []


def _middle(gap: Span) -> float:
    return (gap[0] + gap[1]) / 2


Cells = list[list[Placed]]


def _columns(rows: Sequence[_Row], gutters: Sequence[Span]) -> list[Cells]:
    """Cells of each column, an empty list for an empty one."""
    bounds = [-_FAR, *map(_middle, gutters), _FAR]
    return [
        [[word for word in row.words if low < word.box[0] < high] for row in rows]
        for low, high in pairwise(bounds)
    ]


def _is_signs(column: Cells) -> bool:
    """Whether a column belongs to the one after it: signs of a currency, numbers of items."""
    return all(is_enumerator([word.text for word in cell]) for cell in column if cell)


def _text(cells: Cells) -> str:
    return "".join(word.text for cell in cells for word in cell)


def _is_table(columns: Sequence[Cells], letter: float) -> bool:
    by_row = [[bool(cell) for cell in row] for row in zip(*columns, strict=True)]
    ends = min(sum(by_row[0]), sum(by_row[-1]))
    if 2 * ends < max(len(columns), 4) or sum(sum(row) > 1 for row in by_row) < MIN_ROWS:
        return False
    cells = [cell for column in columns for cell in column if cell]
    every = sum(map(len, columns))
    if len(cells) < MIN_FILLED * every or sum(map(len, cells)) > MAX_CELL * len(cells):
        return False
    if not all(_in_line(column, letter) for column in columns):
        return False
    return len(columns) > 2 or any(map(_of_numbers, columns[1:]))


def _in_line(column: Cells, letter: float) -> bool:
    """Whether most cells begin, end or are centered at one place."""
    cells = [cell for cell in column if cell]
    lefts, rights = [cell[0].box[0] for cell in cells], [cell[-1].box[2] for cell in cells]
    middles = [(left + right) / 2 for left, right in zip(lefts, rights, strict=True)]
    return any(
        sum(abs(place - median(places)) < ALIGNED * letter for place in places)
        >= MIN_ALIGNED * len(cells)
        for places in (lefts, rights, middles)
    )


def _of_numbers(column: Cells) -> bool:
    cells = [cell for cell in column if cell]
    numbers = sum(any(map(str.isdigit, _text([cell]))) for cell in cells)
    return numbers >= MIN_NUMBERS * len(cells)
