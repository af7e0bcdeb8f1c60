"""Tables of a page: rows under column heads, from words in reading order.

Heads of several lines are those of which a later line has no cell in the column of labels,
or the first one has none.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import dropwhile, groupby, islice, pairwise

from ingest.box import union_box
from ingest.forms.shape import shape_of
from ingest.page import Box, Word
from ingest.reading.blocks import printed_blocks
from ingest.reading.gutters import find_grids
from ingest.reading.line import Line, cell_starts, is_sideways

MIN_ROWS = 2
"""Rows below the heads of a table, at least."""
MAX_BETWEEN = 2
"""Lines without cells between two rows of a table, such as the name of a group, at most."""
MAX_HEAD_LINES = 5
MIN_NUMBERS = 0.6
"""Share of rows with a number, at least, below heads of several lines."""
MIN_ALIGNED = 0.6
"""Share of a row's cells that are below a head, at least."""
YEAR_DIGITS = 4
MIN_NUMBERED = 3
"""Columns with numbers for heads, at least."""
MAX_CELLS = 50
"""Cells of a row that are looked at."""


@dataclass(frozen=True, slots=True)
class Cell:
    """Cell: words `start` up to (not with) `end`, and the box around them."""

    start: int
    end: int
    box: Box


@dataclass(frozen=True, slots=True)
class PrintedTable:
    """Table: the cells of each line of its heads, and of each row below them."""

    heads: tuple[tuple[Cell, ...], ...]
    rows: tuple[tuple[Cell, ...], ...]

    def column_heads(self, cell: Cell) -> list[Cell]:
        """Heads of a cell's column: of each line the one nearest above it."""
        best = [max(line, key=lambda head: _shared(head.box, cell.box)) for line in self.heads]
        return [head for head in best if _shared(head.box, cell.box) > 0]


def find_tables(words: Sequence[Word]) -> Iterator[PrintedTable]:
    """Tables of a page whose first row names the columns, top to bottom.

    A list of labels and values has no such row, and is none.
    """
    words = _upright(words)
    for run in _runs(words):
        rows: list[tuple[Cell, ...]] = []
        for cells in _rows_of_cells(words, run):
            if rows and not _is_below(rows[0], cells):
                yield from _tables(words, rows)
                rows = []
            rows.append(cells)
        yield from _tables(words, rows)


def _upright(words: Sequence[Word]) -> Sequence[Word]:
    """Words, those of blocks that are printed sideways as if they were upright."""
    turned: list[Word] = []
    for block, run in groupby(words, key=lambda word: word.block):
        its = list(run)
        if block and is_sideways(its):
            up = its[-1].box[1] < its[0].box[1]
            its = [replace(word, box=_turn(word.box, up)) for word in its]
        turned += its
    return turned


def _turn(box: Box, up: bool) -> Box:
    left, top, right, bottom = box
    return (-bottom, left, -top, right) if up else (top, -right, bottom, -left)


def _runs(words: Sequence[Word]) -> Iterator[list[Line]]:
    """Rows with little between them."""
    run: list[Line] = []
    between = 0
    for block in printed_blocks(words):
        if not block[0].row:
            between += len(block)
            continue
        if run and between > MAX_BETWEEN:
            yield run
            run = []
        run.append(block[0])
        between = 0
    if run:
        yield run


def _rows_of_cells(words: Sequence[Word], run: Sequence[Line]) -> Iterator[tuple[Cell, ...]]:
    """Cells of each row: parted by its own gaps, and at gutters that rows share."""
    lines = [words[line.start : line.end] for line in run]
    starts = [set(cell_starts(line)) for line in lines]
    for grid in find_grids(lines):
        for at in range(grid.start, grid.end):
            starts[at].update(grid.starts(lines[at]))
    gutters = _gutters(lines, starts)
    for row, some in zip(lines, starts, strict=True):
        some.update(_crossings(row, gutters))
    for line, some in zip(run, starts, strict=True):
        yield tuple(_cells(words, line, sorted(some)))


Gap = tuple[float, float]


def _gutters(rows: Sequence[Sequence[Word]], starts: Sequence[Collection[int]]) -> list[Gap]:
    """Gaps between columns, of the rows that have the most cells."""
    most = max(map(len, starts))
    full = [
        [union_box([word.box for word in row[one:two]]) for one, two in _spans(row, some)]
        for row, some in zip(rows, starts, strict=True)
        if len(some) == most
    ]
    if len(full) < MIN_ROWS or most > MAX_CELLS:
        return []
    columns = list(map(union_box, zip(*full, strict=True)))
    return [(a[2], b[0]) for a, b in pairwise(columns) if a[2] < b[0]]


def _spans(row: Sequence[Word], starts: Collection[int]) -> Iterator[tuple[int, int]]:
    return pairwise([0, *sorted(starts), len(row)])


def _crossings(row: Sequence[Word], gutters: Sequence[Gap]) -> Iterator[int]:
    """Indices of the words of a row that are in a column after that of the word before."""
    bounds = []
    for left, right in gutters:
        for place in ((left + right) / 2, right, left):
            if not any(word.box[0] < place < word.box[2] for word in row):
                bounds.append(place)
                break
    columns = [bisect_right(bounds, word.box[0]) for word in row]
    yield from (at for at, (one, two) in enumerate(pairwise(columns), 1) if one < two)


def _tables(words: Sequence[Word], rows: Sequence[tuple[Cell, ...]]) -> Iterator[PrintedTable]:
    """The table of rows, or where these are none that of those below rows of numbers alone."""
    found = list(_table(words, rows))
    if not found:
        below = list(dropwhile(lambda row: _are_numbers(words, row), rows))
        found = list(_table(words, below)) if len(below) < len(rows) else []
    yield from found


def _table(words: Sequence[Word], rows: Sequence[tuple[Cell, ...]]) -> Iterator[PrintedTable]:
    if len(rows) <= MIN_ROWS:
        return
    count = _head_lines(words, rows)
    heads, below = rows[:count], rows[count:]
    # A first row without a head for the labels of rows has one cell less.
    columns = [cell for line in heads for cell in line if _shared(cell.box, below[0][0].box) <= 0]
    text = _may_be_heads(words, columns) or _are_numbered(words, columns, heads[0])
    values = [row[-1] for row in below]
    numbers = all(_has_digit(words, cell) for cell in values)
    numbers = numbers and not _has_digit(words, heads[0][-1])
    if columns and text and (len(columns) > 1 or numbers) and not _is_row(words, heads[0], below):
        yield PrintedTable(tuple(heads), tuple(below))


def _head_lines(words: Sequence[Word], rows: Sequence[tuple[Cell, ...]]) -> int:
    """How many of the first rows are lines of heads, at least one."""
    with_numbers = [any(_has_digit(words, cell) for cell in row) for row in rows]
    label, count = rows[0][0], 1
    while (
        count < min(MAX_HEAD_LINES, len(rows) - MIN_ROWS)
        and not with_numbers[count]
        and _goes_on(rows[count - 1], rows[count], label)
        and sum(with_numbers[count + 1 :]) >= MIN_NUMBERS * len(rows[count + 1 :])
    ):
        label = min(label, rows[count][0], key=lambda cell: cell.box[0])
        count += 1
    return count


def _goes_on(above: Sequence[Cell], line: Sequence[Cell], label: Cell) -> bool:
    """Whether a line right below heads has no cell below the first, or one before it."""
    near = line[0].box[1] - above[0].box[3] < above[0].box[3] - above[0].box[1]
    return near and _shared(line[0].box, label.box) <= 0


def _is_row(
    words: Sequence[Word], first: Sequence[Cell], below: Sequence[tuple[Cell, ...]]
) -> bool:
    """Whether the first row is one like those below: a number or a code in the same form."""
    if len(first) != len(below[0]):
        return False
    shapes = [[_shape(words, cell) for cell in row] for row in (first, *below[:MIN_ROWS])]
    return any("1" in shape and shape == under for shape, under, *_ in zip(*shapes, strict=False))


def _text(words: Sequence[Word], cell: Cell) -> str:
    """Letters of a cell, without blanks."""
    return "".join(word.text for word in words[cell.start : cell.end])


def _shape(words: Sequence[Word], cell: Cell) -> str:
    """Shape of a cell's text; "" for a year, which may be a head."""
    text = _text(words, cell)
    if text.isdecimal() and len(text) == YEAR_DIGITS:
        return ""
    return shape_of(text)


def row_cells(words: Sequence[Word], row: Line) -> Iterator[Cell]:
    """Cells of a row, each with all its lines."""
    return _cells(words, row, cell_starts(words[row.start : row.end]))


def _cells(words: Sequence[Word], line: Line, starts: Sequence[int]) -> Iterator[Cell]:
    for start, end in islice(pairwise([0, *starts, line.end - line.start]), MAX_CELLS):
        inside = words[line.start + start : line.start + end]
        box = union_box([word.box for word in inside])
        yield Cell(line.start + start, line.start + end, box)


def _is_below(heads: Sequence[Cell], cells: Sequence[Cell]) -> bool:
    """Whether most cells of a row stand in columns of the first."""
    aligned = sum(any(_shared(head.box, cell.box) > 0 for head in heads) for cell in cells)
    lower = cells[0].box[1] > heads[0].box[1]
    return lower and len(cells) > 1 and aligned >= MIN_ALIGNED * len(cells)


def _shared(one: Box, other: Box) -> float:
    return min(one[2], other[2]) - max(one[0], other[0])


def _names(words: Sequence[Word], cell: Cell) -> bool:
    """Whether a cell may name a column: it has a letter, or is a year."""
    text = _text(words, cell)
    return any(map(str.isalpha, text)) or (text.isdecimal() and len(text) == YEAR_DIGITS)


def _may_be_heads(words: Sequence[Word], cells: Sequence[Cell]) -> bool:
    """Whether cells may name columns: three and more that are all alike are marks."""
    texts = {_text(words, cell) for cell in cells}
    marks = len(cells) > 2 and len(texts) == 1
    return not marks and all(_names(words, cell) for cell in cells)


def _are_numbered(words: Sequence[Word], columns: Sequence[Cell], first: Sequence[Cell]) -> bool:
    """Whether columns are numbered upwards, as trains or lessons are, beside a head in words."""
    texts = [_text(words, cell) for cell in columns]
    if len(texts) < MIN_NUMBERED or not all(text.isdecimal() for text in texts):
        return False
    numbers = [int(text) for text in texts]
    beside = len(first) == len(columns) or _names(words, first[0])
    return beside and all(one < other for one, other in pairwise(numbers))


def _are_numbers(words: Sequence[Word], row: Sequence[Cell]) -> bool:
    return all(_has_digit(words, cell) and not _names(words, cell) for cell in row)


def _has_digit(words: Sequence[Word], cell: Cell) -> bool:
    return any(c.isdigit() for word in words[cell.start : cell.end] for c in word.text)
