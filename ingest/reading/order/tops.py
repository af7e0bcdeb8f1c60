"""Bands of tables without space between rows: cells begin at the top of a row.

A row begins where a column that was empty has text again. Where all columns have text, it
begins unless one of them goes on in lower case.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from ingest.reading.order.bands import ALIGNED, Band, Cell, Line, is_value_column, line_goes_on

MIN_STARTS = 2
"""Columns that begin again at the top of a row, at least."""
MIN_OPEN = 0.6
"""Share of the lines within a row that go on in lower case, at least."""

Level = dict[int, Line]


def top_bands(columns: Sequence[Sequence[Line]], height: float) -> list[Band]:
    """Cells side by side, top to bottom; none where cells do not begin side by side."""
    levels = _levels(columns, height)
    starts = [0]
    again = further = open_lines = 0
    for at, (above, level) in enumerate(pairwise(levels), start=1):
        fresh = [column for column in level if column not in above]
        if _begins(above, level, bool(fresh)):
            starts.append(at)
            again += len(fresh)
            continue
        going_on = [line_goes_on(above.get(column), line) for column, line in level.items()]
        if fresh or (0 in level and not line_goes_on(above.get(0), level[0])):
            return []
        further += len(going_on)
        open_lines += sum(going_on)
    if again < MIN_STARTS or open_lines < MIN_OPEN * further:
        return []
    numeric = [is_value_column(lines) for lines in columns]
    bands = []
    for first, last in pairwise([*starts, len(levels)]):
        rows = levels[first:last]
        cells = [Cell(column, [row[column] for row in rows if column in row]) for column in rows[0]]
        bands.append(Band(cells, numeric))
    return [] if any(band.has_rows_beside for band in bands) else bands


def _levels(columns: Sequence[Sequence[Line]], height: float) -> list[Level]:
    """Lines at one height, by column, top to bottom."""
    lines = sorted(
        ((_middle(line), at, line) for at, column in enumerate(columns) for line in column),
        key=lambda each: each[0],
    )
    levels: list[Level] = []
    last = 0.0
    for middle, at, line in lines:
        if not levels or middle - last > ALIGNED * height or at in levels[-1]:
            levels.append({})
            last = middle
        levels[-1][at] = line
    return levels


def _middle(line: Line) -> float:
    return sum(piece.box[1] + piece.box[3] for piece in line) / (2 * len(line))


def _begins(above: Level, level: Level, fresh: bool) -> bool:
    """Whether a row begins at a height."""
    if 0 not in level:
        return False
    if any(line_goes_on(above.get(column), line) for column, line in level.items()):
        return False
    return fresh or set(above) == set(level)
