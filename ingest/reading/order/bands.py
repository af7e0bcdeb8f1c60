"""Bands: cells side by side, of columns that no word crosses.

Lines of a column that follow each other more closely than others are one cell.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import chain, pairwise
from statistics import median

from ingest.box import gap_across, union_box
from ingest.reading.order.piece import Piece, group_rows, split_piece

MIN_GUTTER = 0.42
"""Gap between two columns in heights of a line, at least."""
MAX_COLUMNS = 60
"""Columns of a table, at most."""
MAX_STEP = 2.0
"""Gap between two lines of a table in heights of a line, at most."""
MIN_LEADING, MAX_LEADING = 0.7, 1.5
"""Steps between lines of a cell in their heights."""
LOOSE, SLACK, EXACT = 1.08, 1.2, 1.02
"""Steps between cells are larger by this factor; those within cells differ by less than this,
and by less than this where they are not of a scan."""
ALIGNED = 0.3
"""Cells are at one height where edges or middles differ by less line heights."""
MIN_ROWS = 3
"""Rows in a run, at least."""
MIN_NUMERIC = 0.5
"""Share of the lines of a column of numbers that are such, at least."""
MIN_PROSE, PROSE_LINE = 30, 4
"""Words of a cell and of each of its lines, at least, where it is running text."""
_VALUE = re.compile(r"\d")
_STOPS = ".!?:;…。！？"
OPEN = (",", "-", "\u2010", "–", "/", "(")
"""What a line ends with whose cell goes on."""

Span = tuple[float, float]
Line = list[Piece]


class Cell:
    """Lines of a column that follow each other closely."""

    def __init__(self, column: int, lines: Sequence[Line]) -> None:
        self.column = column
        self.lines = lines
        self.boxes = [union_box([piece.box for piece in line]) for line in lines]
        self.top, self.bottom = self.boxes[0][1], self.boxes[-1][3]
        self.pieces = [piece for line in lines for piece in line]

    @property
    def text(self) -> list[str]:
        """Its words."""
        return [word.text for piece in self.pieces for word in piece.words]

    @property
    def prose(self) -> bool:
        """Whether it is running text."""
        return len(self.text) >= max(MIN_PROSE, PROSE_LINE * len(self.lines))

    def has_rows(self, numeric: bool) -> bool:
        """Whether its lines are rows of their own: several numbers or signs."""
        words = [bool(_is_words(line)) for line in self.lines]
        values = [_is_value(line) for line in self.lines]
        if any(line[-1].words[-1].text.endswith(OPEN) for line in self.lines[:-1]):
            return False
        return len(words) > 1 and ((numeric and any(values)) or sum(values) > 1 or not any(words))

    def goes_on(self, above: Cell) -> bool:
        """Whether it goes on with a sentence of the cell above it."""
        ends = above.text[-1][-1:] in _STOPS
        long = min(len(self.text), len(above.text)) >= PROSE_LINE
        return long and not ends and self.text[0][:1].islower()

    def is_level(self, other: Cell, how: int, slack: float) -> bool:
        """Whether tops (0), middles (1) or feet (2) are at one height."""
        tops, feet = self.top - other.top, self.bottom - other.bottom
        return abs((tops, (tops + feet) / 2, feet)[how]) <= slack

    def beside(self, other: Cell) -> bool:
        """Whether each line has one of the other cell beside it."""
        return len(self.lines) == len(other.lines) and all(
            abs(one[1] + one[3] - two[1] - two[3]) < ALIGNED * (one[3] - one[1])
            for one, two in zip(self.boxes, other.boxes, strict=True)
        )


class Band:
    """Cells side by side; `numeric` columns are of numbers."""

    def __init__(self, cells: Sequence[Cell], numeric: Sequence[bool]) -> None:
        self.numeric = numeric
        self.top = min(cell.top for cell in cells)
        self.bottom = max(cell.bottom for cell in cells)
        self.cells = sorted(cells, key=lambda cell: cell.column)
        self.lines = max(len(cell.lines) for cell in cells)

    @property
    def regular(self) -> bool:
        """Whether it has at most one cell of each column, none with several rows."""
        one_each = all(a.column < b.column for a, b in pairwise(self.cells))
        rows = any(cell.has_rows(self.numeric[cell.column]) for cell in self.cells)
        return one_each and not rows and not (self.plain and not _continues(self.cells))

    @property
    def plain(self) -> bool:
        """Whether its lines may be rows of their own: each cell has as many, side by side."""
        return self.lines > 1 and all(self.cells[0].beside(cell) for cell in self.cells[1:])

    @property
    def has_rows_beside(self) -> bool:
        """Whether cells have as many lines, side by side, that do not go on in lower case."""
        long = [cell for cell in self.cells[1:] if len(cell.lines) > 1]
        return any(
            one.beside(two) and not (_continues([one]) or _continues([two]))
            for one, two in pairwise(long)
        )


def _continues(cells: Sequence[Cell]) -> bool:
    going_on = [line_goes_on(above, line) for cell in cells for above, line in pairwise(cell.lines)]
    return 2 * sum(going_on) >= len(going_on)


def line_goes_on(above: Line | None, line: Line) -> bool:
    """Whether a line goes on with a cell: in lower case, or after a comma or a dash."""
    open_end = above is not None and above[-1].words[-1].text.endswith(OPEN)
    return open_end or line[0].words[0].text[:1].islower()


class Run:
    """Rows `start` up to (not with) `end`, with the columns that no word crosses."""

    def __init__(self, rows: Sequence[Sequence[Piece]], start: int) -> None:
        self.rows = rows
        self.start, self.end = start, start + 1
        self.height = max(piece.height for piece in rows[start])
        self.columns: list[Span] = []
        self.limit = 0.0

    def add(self, row: Sequence[Piece]) -> bool:
        """Widen the columns by a row unless it crosses a gutter."""
        columns, least = self.columns, MIN_GUTTER * self.height
        spans = _spans(row, least)
        for left, right in spans if len(spans) <= MAX_COLUMNS else ():
            near = [each for each in columns if each[0] - right < least and left - each[1] < least]
            whole = min([left, *(n[0] for n in near)]), max([right, *(n[1] for n in near)])
            columns = sorted([*(each for each in columns if each not in near), whole])
        if not max(len(self.columns), 2) <= len(columns) <= MAX_COLUMNS:
            return False
        self.columns = columns
        return True

    def bands(self) -> list[Band]:
        """Cells side by side, top to bottom."""
        columns = self.lines()
        self.limit = _longest_step(columns)
        cells = [
            Cell(at, lines)
            for at, column in enumerate(columns)
            for lines in _split_column(column, self.limit)
        ]
        cells.sort(key=lambda cell: cell.top)
        bands: list[list[Cell]] = []
        foot = 0.0
        for cell in cells:
            slack = ALIGNED * self.height
            if bands and cell.top < foot - slack:
                bands[-1].append(cell)
            else:
                bands.append([cell])
            foot = max(foot, cell.bottom) if len(bands[-1]) > 1 else cell.bottom
        numeric = [is_value_column(lines) for lines in columns]
        return [Band(band, numeric) for band in bands]

    def goes_on(self, above: Sequence[Piece], band: Band) -> bool:
        """Whether a cell begins with the last line of the text above it."""
        return any(
            len(cell.lines) > 1
            and cell.text[0][:1].islower()
            and gap_across(cell.boxes[0], piece.box) < 0
            and sum(cell.boxes[0][1::2]) - sum(piece.box[1::2]) <= 2 * self.limit * self.height
            for cell in band.cells
            for piece in above
        )

    def lines(self) -> list[list[Line]]:
        """Lines of each column, top to bottom."""
        return [group_rows(column) for column in self._parts()]

    def _parts(self) -> list[list[Piece]]:
        """Parts of the pieces in each column."""
        bounds = [(one[1] + two[0]) / 2 for one, two in pairwise(self.columns)]
        found: list[list[Piece]] = [[] for _ in self.columns]
        for piece in chain(*self.rows[self.start : self.end]):
            at = [sum(box[0] + box[2] > 2 * bound for bound in bounds) for box in piece.boxes]
            cuts = [n for n, (one, other) in enumerate(pairwise(at), 1) if one != other]
            for start, part in zip([0, *cuts], split_piece(piece, cuts), strict=True):
                found[at[start]].append(part)
        return found


def find_runs(rows: Sequence[Sequence[Piece]]) -> Iterator[Run]:
    """Runs of rows around one with several columns."""
    first = at = 0
    while at < len(rows):
        run = Run(rows, at)
        if not _has_gap(rows[at], MIN_GUTTER * run.height) or not run.add(rows[at]):
            at += 1
            continue
        while run.end < len(rows) and _is_near(rows, run.end) and run.add(rows[run.end]):
            run.end += 1
        while run.start > first and _is_near(rows, run.start) and run.add(rows[run.start - 1]):
            run.start -= 1
        first = at = run.end
        if run.end - run.start >= MIN_ROWS:
            yield run


def _has_gap(row: Sequence[Piece], least: float) -> bool:
    """Whether a row may have several columns, seen without sorting its words."""
    return len(row) > 1 or any(b[0] - a[2] >= least for a, b in pairwise(row[0].boxes))


def _is_near(rows: Sequence[Sequence[Piece]], at: int) -> bool:
    """Whether a row is right below the one before it."""
    bottom, height = max((piece.box[3], piece.height) for piece in rows[at - 1])
    return min(piece.box[1] for piece in rows[at]) - bottom <= MAX_STEP * height


def _spans(row: Sequence[Piece], least: float) -> list[Span]:
    """Extents of a row's words, those nearer than `least` as one."""
    spans: list[Span] = []
    for left, _, right, _ in sorted(box for piece in row for box in piece.boxes):
        if spans and left - spans[-1][1] < least:
            spans[-1] = spans[-1][0], max(spans[-1][1], right)
        else:
            spans.append((left, right))
    return spans


def is_value_column(lines: Sequence[Line]) -> bool:
    """Whether a column is of numbers."""
    return sum(map(_is_value, lines)) >= MIN_NUMERIC * len(lines)


def _is_value(line: Line) -> bool:
    """Whether a line is a number."""
    return not _is_words(line) and any(_VALUE.search(p.line.text) for p in line)


def _is_words(line: Line) -> bool:
    return sum(map(str.isalpha, "".join(piece.line.text for piece in line))) > 1


def _steps(column: Sequence[Line]) -> list[float]:
    """Distances of a column's lines in their height; of a scan, in the usual height."""
    boxes = [union_box([piece.box for piece in line]) for line in column]
    heights = [box[3] - box[1] for box in boxes]
    if any(piece.line.origin == "ocr" for line in column for piece in line):
        heights = [median(heights)] * len(heights)
    return [
        (b[1] + b[3] - a[1] - a[3]) / (2 * min(heights[at : at + 2]))
        for at, (a, b) in enumerate(pairwise(boxes))
    ]


def _longest_step(columns: Sequence[Sequence[Line]]) -> float:
    """The longest step between lines of a cell in heights of a line; 0 where all are alike."""
    steps = sorted(s for column in columns for s in _steps(column) if s >= MIN_LEADING)
    if len(steps) < MIN_ROWS or steps[0] > MAX_LEADING:
        return 0.0
    ratio, limit = LOOSE, 0.0
    for one, two in pairwise(steps):
        if one > SLACK * steps[0]:
            break
        if two > ratio * one:
            ratio, limit = two / one, (one + two) / 2
            if one <= EXACT * steps[0]:
                break  # not of a scan: the next larger step is one between cells
    return limit


def _split_column(column: Sequence[Line], limit: float) -> Iterator[list[Line]]:
    """Cells of a column: lines that follow each other by no more than a step."""
    cell: list[Line] = []
    for line, step in zip(column, [0.0, *_steps(column)], strict=False):
        if cell and step > limit:
            yield cell
            cell = []
        cell.append(line)
    if cell:
        yield cell
