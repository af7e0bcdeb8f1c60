"""Wrapped rows: rows of a table whose cells have several lines.

Within a cell lines follow each other closely, between cells there is more space. Cells
side by side are at the same height: by their tops, their middles or their feet. Text in
columns has no such bands.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, groupby, pairwise
from statistics import median, median_low

from ingest.box import gap_across, union_box
from ingest.reading.blocks import is_enumerator
from ingest.reading.order.piece import Piece, PrintedRow, group_rows, split_piece
from ingest.reading.order.tables import find_rows

MIN_GUTTER = 0.42
"""Gap between two columns in heights of a line, at least."""
MAX_STEP = 2.0
"""Gap between two lines of a table in heights of a line, at most."""
MIN_LEADING, MAX_LEADING = 0.7, 1.5
"""Steps between lines of a cell in their heights."""
LOOSE, SLACK, EXACT = 1.08, 1.2, 1.02
"""Steps between cells are larger by this factor; those within cells differ by less than this,
and by less than this where they are not of a scan."""
EVEN = 0.2
"""Gaps between rows are equal where they differ by less line heights."""
ALIGNED = 0.3
"""Cells are at one height where edges or middles differ by less line heights."""
MIN_BANDS, MIN_WRAPPED = 3, 2
"""Rows of a table, its heads among them, and rows with a wrapped cell, at least."""
MIN_WIDE, MIN_EVEN = 0.6, 0.6
"""Share of rows that have several cells, and of those with the usual gap below, at least."""
MIN_NUMERIC = 0.5
"""Share of the lines of a column of numbers that are such, at least."""
MIN_REGULAR = 0.8
"""Share of rows with one cell a column, and of those whose cells are at one height."""
MIN_STYLE = 0.7
"""Share of the cells of the last column in one font: cards side by side have headings too."""
MIN_PROSE, PROSE_LINE = 30, 4
"""Words of a cell and of each of its lines, at least, where it is running text."""
MAX_ROW_WORDS = 90
"""Words of a row that is read as one; longer cells are texts, one after the other."""
MAX_PIECES = 3_000
"""A region of more pieces is not looked at; a newspaper page has half as many."""

_VALUE = re.compile(r"\d")
_STOPS = ".!?:;…。！？"

Span = tuple[float, float]
Line = list[Piece]


@dataclass(frozen=True, slots=True)
class WrappedTable:
    """Table with its rows in groups that belong together, and what is above and below."""

    above: tuple[Piece, ...]
    groups: tuple[Sequence[PrintedRow], ...]
    below: tuple[Piece, ...]


def find_wrapped(pieces: Sequence[Piece]) -> WrappedTable | None:
    """The first table with wrapped cells of a region."""
    if not MIN_BANDS < len(pieces) <= MAX_PIECES:
        return None
    rows = group_rows(pieces)
    for run in _runs(rows):
        bands = run.bands()
        first = next((at for at, band in enumerate(bands) if len(band.cells) > 1), 0)
        first += bool(run.start and bands) and run.goes_on(rows[run.start - 1], bands[first])
        last = next((at for at in range(len(bands), 0, -1) if len(bands[at - 1].cells) > 1), 0)
        if _is_table(bands[first:last], run.height):
            above = [*chain(*rows[: run.start]), *_pieces(bands[:first])]
            below = [*_pieces(bands[last:]), *chain(*rows[run.end :])]
            groups = _printed(bands[first:last])
            return WrappedTable(tuple(above), tuple(groups), tuple(below))
    return None


class _Cell:
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
        return len(words) > 1 and ((numeric and any(values)) or sum(values) > 1 or not any(words))

    def goes_on(self, above: _Cell) -> bool:
        """Whether it goes on with a sentence of the cell above it."""
        ends = above.text[-1][-1:] in _STOPS
        long = min(len(self.text), len(above.text)) >= PROSE_LINE
        return long and not ends and self.text[0][:1].islower()

    def is_level(self, other: _Cell, how: int, slack: float) -> bool:
        """Whether tops (0), middles (1) or feet (2) are at one height."""
        tops, feet = self.top - other.top, self.bottom - other.bottom
        return abs((tops, (tops + feet) / 2, feet)[how]) <= slack

    def beside(self, other: _Cell) -> bool:
        """Whether each line has one of the other cell beside it."""
        return len(self.lines) == len(other.lines) and all(
            abs(one[1] + one[3] - two[1] - two[3]) < ALIGNED * (one[3] - one[1])
            for one, two in zip(self.boxes, other.boxes, strict=True)
        )


class _Band:
    """Cells side by side; `numeric` columns are of numbers."""

    def __init__(self, cells: Sequence[_Cell], numeric: Sequence[bool]) -> None:
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
        return one_each and not rows and not (self.plain and not self.continues)

    @property
    def plain(self) -> bool:
        """Whether its lines may be rows of their own: each cell has as many, side by side."""
        return self.lines > 1 and all(self.cells[0].beside(cell) for cell in self.cells[1:])

    @property
    def continues(self) -> bool:
        """Whether lines of cells go on in lower case."""
        heads = [line[0].words[0].text for cell in self.cells for line in cell.lines[1:]]
        return 2 * sum(head[:1].islower() for head in heads) >= len(heads)


class _Run:
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
        for left, right in _spans(row, least):
            near = [each for each in columns if each[0] - right < least and left - each[1] < least]
            whole = min([left, *(n[0] for n in near)]), max([right, *(n[1] for n in near)])
            columns = sorted([*(each for each in columns if each not in near), whole])
        if len(columns) < max(len(self.columns), 2):
            return False
        self.columns = columns
        return True

    def bands(self) -> list[_Band]:
        """Cells side by side, top to bottom."""
        columns = [group_rows(column) for column in self._parts()]
        self.limit = _longest_step(columns)
        cells = [
            _Cell(at, lines)
            for at, column in enumerate(columns)
            for lines in _split_column(column, self.limit)
        ]
        cells.sort(key=lambda cell: cell.top)
        bands: list[list[_Cell]] = []
        foot = 0.0
        for cell in cells:
            slack = ALIGNED * self.height
            if bands and cell.top < foot - slack:
                bands[-1].append(cell)
            else:
                bands.append([cell])
            foot = max(foot, cell.bottom) if len(bands[-1]) > 1 else cell.bottom
        numeric = [sum(map(_is_value, lines)) >= MIN_NUMERIC * len(lines) for lines in columns]
        return [_Band(band, numeric) for band in bands]

    def goes_on(self, above: Sequence[Piece], band: _Band) -> bool:
        """Whether a cell begins with the last line of the text above it."""
        return any(
            len(cell.lines) > 1
            and gap_across(cell.boxes[0], piece.box) < 0
            and sum(cell.boxes[0][1::2]) - sum(piece.box[1::2]) <= 2 * self.limit * self.height
            for cell in band.cells
            for piece in above
        )

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


def _runs(rows: Sequence[Sequence[Piece]]) -> Iterator[_Run]:
    """Runs of rows around one with several columns."""
    first = at = 0
    while at < len(rows):
        run = _Run(rows, at)
        if len(rows[at]) + len(rows[at][0].boxes) < 3 or not run.add(rows[at]):
            at += 1
            continue
        while run.end < len(rows) and _is_near(rows, run.end) and run.add(rows[run.end]):
            run.end += 1
        while run.start > first and _is_near(rows, run.start) and run.add(rows[run.start - 1]):
            run.start -= 1
        first = at = run.end
        if run.end - run.start >= MIN_BANDS:
            yield run


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
    if len(steps) < MIN_BANDS or steps[0] > MAX_LEADING:
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


def _is_table(bands: Sequence[_Band], height: float) -> bool:
    """Whether bands are rows of a table, some of them with a wrapped cell."""
    wide = [band for band in bands if len(band.cells) > 1]
    regular = [band for band in wide if band.regular]
    wrapped = [band for band in regular if band.lines > 1 and not band.plain]
    if len(regular) < max(MIN_BANDS, MIN_REGULAR * len(wide)) or not wrapped:
        return False
    if len(wide) < MIN_WIDE * len(bands) or not _are_even(bands, height):
        return False
    if len(_columns(regular)) < 2 or any(sum(c.prose for c in band.cells) > 1 for band in regular):
        return False
    slack = ALIGNED * height
    level = [
        sum(
            all(cell.is_level(band.cells[0], how, slack) for cell in band.cells) for band in wrapped
        )
        for how in range(3)
    ]
    if max(level) < MIN_REGULAR * len(wrapped) or _flows(regular):
        return False
    if len(wrapped) < MIN_WRAPPED and (level[0] == max(level) or not _are_filled(wide)):
        return False
    styles = Counter(_style(band.cells[-1]) for band in regular[1:])
    return styles.most_common(1)[0][1] >= MIN_STYLE * len(regular[1:])


def _are_even(bands: Sequence[_Band], height: float) -> bool:
    """Whether rows have the same gap between them, whatever their cells, or the same step."""
    pairs = list(pairwise(bands))
    return any(
        sum(abs(gap - median_low(gaps)) <= EVEN * height for gap in gaps) >= MIN_EVEN * len(gaps)
        for gaps in (
            [below.top - above.bottom for above, below in pairs],
            [below.top - above.top for above, below in pairs],
            [below.top + below.bottom - above.top - above.bottom for above, below in pairs],
        )
    )


def _columns(bands: Sequence[_Band]) -> set[int]:
    """Columns that are more than bullets, numbers of items or signs of a currency."""
    found: dict[int, list[bool]] = {c.column: [] for band in bands for c in band.cells}
    for band in bands:
        for cell in band.cells:
            found[cell.column].append(_is_sign(cell))
    return {at for at, signs in found.items() if sum(signs) < MIN_REGULAR * len(signs)}


def _is_sign(cell: _Cell) -> bool:
    """Whether it is a bullet, a number of an item or the sign of a currency."""
    return is_enumerator(cell.text) and not (cell.column and cell.text[0].isdigit())


def _are_filled(bands: Sequence[_Band]) -> bool:
    """Whether each column of words has a cell in most rows."""
    filled = Counter(cell.column for band in bands for cell in band.cells)
    words = Counter(c.column for band in bands for c in band.cells if len(c.text) > 1)
    return all(2 * filled[at] >= len(bands) for at in words if 2 * words[at] > filled[at])


def _flows(bands: Sequence[_Band]) -> bool:
    """Whether sentences go on from band to band."""
    count = 0
    above: dict[int, _Cell] = {}
    for band in bands:
        for cell in band.cells:
            count += cell.column in above and cell.goes_on(above[cell.column])
            above[cell.column] = cell
    return count > 1


def _style(cell: _Cell) -> tuple[str, int]:
    word = cell.pieces[0].words[0]
    return (word.font, round(2 * word.size)) if word.font else ("", 0)


def _printed(bands: Sequence[_Band]) -> Iterator[Sequence[PrintedRow]]:
    """Rows of a table; what is not regular is read for itself."""
    for regular, some in groupby(bands, key=lambda band: band.regular and len(band.cells) > 1):
        if not regular:
            yield from find_rows(_pieces(list(some)))
            continue
        for band in some:
            if len(_pieces([band])) and sum(len(cell.text) for cell in band.cells) <= MAX_ROW_WORDS:
                yield [PrintedRow(tuple(_pieces([band])), True)]
            else:
                for cell in band.cells:
                    yield [PrintedRow(tuple(line), False) for line in cell.lines]


def _pieces(bands: Sequence[_Band]) -> list[Piece]:
    return [piece for band in bands for cell in band.cells for piece in cell.pieces]
