"""Values of charts: numbers above columns, each with its column's label.

Reading order says nothing of them: a chart's words are read by their places alone. What
stands in the same line as its label, or right by it, is read as a row or a sentence.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise

from generation.extractive.page.field_row import Field
from generation.text.quote import MIN_CHARS
from generation.text.value import Span, text_of
from ingest.box import center, union_box
from ingest.page import Box, Word
from ingest.reading.line import split_lines
from ingest.reading.table import Cell, row_cells

MIN_VALUES = 3
"""Values of a chart, at least."""
MIN_LABELLED = 0.6
"""Share of the labels of an axis that have a value, at least."""
MAX_LABEL, MIN_TITLE = 5, 3
"""Words of a label, at most, and of a title, at least."""
MAX_HEIGHT = 0.5
"""Of a chart, as a share of the page's."""
_VALUE = re.compile(
    r"[~<>≈+−–-]?\s?[$€£¥₩]?\s?\d[\d.,]*\s?(?:%|‰|[kmb]n?|[$€£¥]|[a-zµ°]{1,3})?", re.IGNORECASE
)
_YEAR = re.compile(r"(?:19|20)\d\d")


@dataclass(frozen=True, slots=True)
class ChartValues:
    """Values of a chart with their labels, and the words of its title."""

    fields: tuple[Field, ...]
    title: Span = (0, 0)


def find_chart_values(words: Sequence[Word]) -> list[ChartValues]:
    """Charts of a page with values above the labels of an axis.

    One value stands above each label, at a height of its own. The title is the lowest line
    of several words above them.
    """
    cells = [cell for line in split_lines(words) for cell in row_cells(words, line)]
    values = [cell for cell in cells if _is_value(words, cell)]
    if len(values) < MIN_VALUES:
        return []
    axes = [row for row in _rows(cells) if len(row) >= MIN_VALUES and _is_axis(words, row)]
    values.sort(key=_top)
    titles = sorted((c for c in cells if c.end - c.start >= MIN_TITLE), key=_top, reverse=True)
    charts = []
    for axis, floor in zip(axes, _floors(axes), strict=True):
        top = axis[0].box[1]
        low = bisect_left(values, max(floor, top - MAX_HEIGHT), key=_top)
        pairs = _pairs(axis, values[low : bisect_left(values, top, key=_top)])
        if pairs:
            fields = (Field((a.start, a.end), (v.start, v.end)) for a, v in pairs)
            charts.append(ChartValues(tuple(fields), _title(titles, [v.box for _, v in pairs])))
    return charts


def _top(cell: Cell) -> float:
    return cell.box[1]


def _floors(axes: Sequence[Sequence[Cell]]) -> list[float]:
    """The lowest edge of the axes that begin above each axis, 0 where none does."""
    tops = sorted(axis[0].box[1] for axis in axes)
    by_top = sorted(axes, key=lambda axis: axis[0].box[1])
    edges = [0.0, *accumulate((axis[0].box[3] for axis in by_top), max)]
    return [edges[bisect_left(tops, axis[0].box[1])] for axis in axes]


def _title(titles: Sequence[Cell], values: Sequence[Box]) -> Span:
    """The lowest of the titles, which are in order from the bottom, that is above the values."""
    box = union_box(values)
    first = bisect_left(titles, -box[1], key=lambda cell: -_top(cell))
    for cell in titles[first:]:
        above = cell.box[3] <= box[1]
        if above and min(cell.box[2], box[2]) > max(cell.box[0], box[0]):
            return cell.start, cell.end
    return 0, 0


def _rows(cells: Sequence[Cell]) -> Iterator[list[Cell]]:
    """Cells at one height, from left to right."""
    row: list[Cell] = []
    for cell in sorted(cells, key=lambda cell: center(cell.box)[1]):
        if row and center(cell.box)[1] > row[0].box[3]:
            yield sorted(row, key=lambda each: each.box[0])
            row = []
        row.append(cell)
    if row:
        yield sorted(row, key=lambda each: each.box[0])


def _pairs(axis: Sequence[Cell], inside: Sequence[Cell]) -> list[tuple[Cell, Cell]]:
    """Each label of an axis with the value above it; none where they are no chart's.

    Args:
        inside: the values between the axis and the one above.
    """
    middles = [center(label.box)[0] for label in axis]
    pitch = min(after - before for before, after in pairwise(middles))
    columns = [[v for v in inside if abs(center(v.box)[0] - x) < pitch / 2] for x in middles]
    pairs = [(label, its[0]) for label, its in zip(axis, columns, strict=True) if len(its) == 1]
    heights = {round(value.box[1], 2) for _, value in pairs}
    # Values at one height are the row of a table, or fields.
    is_chart = len(pairs) >= max(MIN_VALUES, MIN_LABELLED * len(axis)) and len(heights) > 1
    return pairs if is_chart else []


def _is_axis(words: Sequence[Word], row: Sequence[Cell]) -> bool:
    return all(_is_label(words, cell) for cell in row)


def _is_label(words: Sequence[Word], cell: Cell) -> bool:
    text = text_of(words, (cell.start, cell.end))
    named = any(map(str.isalpha, text)) and not _VALUE.fullmatch(text)
    short = cell.end - cell.start <= MAX_LABEL and not text.endswith((".", ":", ";", ","))
    return short and (named or bool(_YEAR.fullmatch(text)))


def _is_value(words: Sequence[Word], cell: Cell) -> bool:
    text = text_of(words, (cell.start, cell.end))
    quotable = sum(map(str.isalnum, text)) >= MIN_CHARS
    return quotable and bool(_VALUE.fullmatch(text)) and not _YEAR.fullmatch(text)
