"""Table rows: rows of cells, told from lines that only happen to be side by side."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from ingest.box import gap_across, union_box
from ingest.page import Box
from ingest.reading.blocks import is_enumerator
from ingest.reading.gutters import find_grids
from ingest.reading.order.parties import find_parties
from ingest.reading.order.piece import Piece, PrintedRow, group_rows, split_piece
from ingest.reading.text_line import LineWord

CELL_GAP = 1.1
"""Pieces of a row further apart than this many heights of a line are cells."""
ALIGNED = 0.35
"""Cells are in one column where an edge or their middles differ by less line heights."""
MIN_ROWS = 3
"""Rows of a table, at least."""
NEXT_LINE = 0.6
"""Gap between two lines of a cell in heights of a line, at most."""
MAX_CELLS = 50
"""Cells of a row that are compared with those of the next."""
MIN_EVEN, EVEN, UNLIKE = 3, 0.08, 2.0
"""In a line of justified text: gaps at least, the share by which they differ at most, and how
many times as wide one word is as another."""
MAX_LABEL_LINES = 3
"""Lines of the label of a table's row, at most."""
MAX_LABEL = 6
"""Words of a label that stands before its value, at most."""


def find_rows(region: Sequence[Piece]) -> list[list[PrintedRow]]:
    """Rows of a region, top to bottom; those that belong together in a list.

    Pieces side by side are one row where they are cells of a table, a label and its
    value, or parts of one line; else each is read for itself.
    """
    rows = group_rows(region)
    groups: list[list[PrintedRow]] = []
    at = 0
    for parties in find_parties(rows):
        groups += _grouped(rows[at : parties.start])
        groups += [[PrintedRow((piece,), False) for piece in side] for side in parties.sides]
        at = parties.end
    return [*groups, *_grouped(rows[at:])]


def _grouped(found: Sequence[Sequence[Piece]]) -> list[list[PrintedRow]]:
    rows = _with_labels(found)
    rows, close = _with_close_cells(rows)
    split = [cells or _has_cells(row) for row, cells in zip(rows, close, strict=True)]
    table = _table_rows(rows, split)
    table = [either or cells for either, cells in zip(table, close, strict=True)]
    groups: list[list[PrintedRow]] = [[]]
    for row, cells, in_table in zip(rows, split, table, strict=True):
        last = groups[-1][-1] if groups[-1] else None
        if last and last.cells and not cells and _continues_cell(last, row):
            groups[-1][-1] = PrintedRow(_with_line(last.pieces, row[0]), True)
        elif in_table or (cells and _is_pair(row)):
            groups[-1].append(PrintedRow(tuple(row), True))
        elif not cells:
            groups[-1].append(PrintedRow(tuple(row), False))
        else:
            groups.extend([PrintedRow((piece,), False)] for piece in row)
            groups.append([])
    return [group for group in groups if group]


def _with_close_cells(
    rows: Sequence[Sequence[Piece]],
) -> tuple[list[list[Piece]], list[bool]]:
    """Rows with their pieces parted at the gutters of a table, and which those are."""
    parted, close = [list(row) for row in rows], [False] * len(rows)
    words = [_turned_words(row) for row in rows]
    for grid in find_grids(words):
        for at in range(grid.start, grid.end):
            starts = set(grid.starts(words[at]))
            if not starts:
                continue
            parted[at], first = [], 0
            for piece in rows[at]:
                cuts = [n for n in range(1, len(piece.words)) if first + n in starts]
                parted[at].extend(split_piece(piece, cuts))
                first += len(piece.words)
            parted[at].sort(key=lambda piece: piece.box[0])
            close[at] = True
    return parted, close


def _turned_words(row: Sequence[Piece]) -> list[LineWord]:
    return [
        LineWord(word.text, box)
        for piece in row
        for word, box in zip(piece.words, piece.boxes, strict=True)
    ]


def _with_labels(rows: Sequence[Sequence[Piece]]) -> list[list[Piece]]:
    """Rows in which a label of two lines is one with the cells at half its height."""
    joined: list[list[Piece]] = []
    waiting = [list(row) for row in reversed(rows)]
    while waiting:
        row = waiting.pop()
        if len(row) == 1 and len(waiting) > 1 and _is_label(row[0], waiting[-2], waiting[-1]):
            cells = waiting.pop()
            row = [*row, *waiting.pop(), *cells]
        elif len(row) > 1 and waiting and _is_label(row[0], waiting[-1], row[1:]):
            row = [row[0], *waiting.pop(), *row[1:]]
        joined.append(row)
    return joined


def _is_label(first: Piece, below: Sequence[Piece], cells: Sequence[Piece]) -> bool:
    """Whether two lines are a label, and what stands to its right at half its height its cells."""
    second = below[0]
    if len(below) > 1 or not second.words[0].text[:1].islower():
        return False
    middle = (cells[0].box[1] + cells[0].box[3]) / 2
    slack = ALIGNED * first.height
    return (
        abs(first.box[0] - second.box[0]) <= slack
        and cells[0].box[0] > max(first.box[2], second.box[2])
        and abs(middle - (first.box[1] + second.box[3]) / 2) <= slack
        and second.box[1] - first.box[3] <= NEXT_LINE * first.height
    )


def _continues_cell(above: PrintedRow, row: Sequence[Piece]) -> bool:
    """Whether a line goes on with a cell, not the first, of the row above it."""
    piece, lowest = row[0], max(each.box[3] for each in above.pieces)
    slack = ALIGNED * piece.height
    return (
        len(row) == 1
        and piece.box[1] - lowest < NEXT_LINE * piece.height
        and piece.words[0].text[:1].islower()
        and any(abs(cell.box[0] - piece.box[0]) <= slack for cell in above.pieces[1:])
    )


def _with_line(pieces: Sequence[Piece], line: Piece) -> tuple[Piece, ...]:
    """Pieces of a row with one more line of a cell, after those above it."""
    slack = ALIGNED * line.height
    above = [at for at, piece in enumerate(pieces) if abs(piece.box[0] - line.box[0]) <= slack]
    return (*pieces[: above[-1] + 1], line, *pieces[above[-1] + 1 :])


def _has_cells(row: Sequence[Piece]) -> bool:
    rest = row[1:] if is_enumerator([word.text for word in row[0].words]) else row
    if len(row) > 1 and _is_justified([box for piece in row for box in piece.boxes]):
        return False
    return any(
        after.box[0] - before.box[2] > CELL_GAP * min(before.height, after.height)
        for before, after in pairwise(rest)
    )


def _is_justified(boxes: Sequence[Box]) -> bool:
    """Whether all gaps are equally wide, and words are not: a line of justified text."""
    if len(boxes) <= MIN_EVEN:
        return False
    gaps = [gap_across(one, other) for one, other in pairwise(boxes)]
    if max(gaps) - min(gaps) > EVEN * max(gaps):
        return False
    widths = [box[2] - box[0] for box in boxes]
    return max(widths) > UNLIKE * min(widths)


def _is_pair(row: Sequence[Piece]) -> bool:
    """Whether a row is a label and its value, or short entries side by side."""
    words = [len(piece.words) for piece in row]
    if row[0].line.text.rstrip().endswith((":", "：")) or any(
        piece.line.origin == "field" for piece in row
    ):
        return True
    return words[0] <= MAX_LABEL and all(count <= MAX_LABEL for count in words[1:])


def _table_rows(rows: Sequence[Sequence[Piece]], split: Sequence[bool]) -> list[bool]:
    """Which rows are of a table: those in a run whose cells are in columns.

    A row may have a label of several lines.
    """
    found = [False] * len(rows)
    run: list[int] = []
    for at in [*(n for n, cells in enumerate(split) if cells), len(rows)]:
        if run and at < len(rows) and at - run[-1] <= MAX_LABEL_LINES:
            if _share_column(rows[run[-1]], rows[at]):
                run.append(at)
                continue
        if len(run) >= MIN_ROWS:
            for row in run:
                found[row] = True
        run = [at]
    return found


def _share_column(above: Sequence[Piece], below: Sequence[Piece]) -> bool:
    """Whether two cells, not of the first column both, are one above the other."""
    slack = ALIGNED * min(above[0].height, below[0].height)
    for one in above[1:MAX_CELLS]:
        for other in below[1:MAX_CELLS]:
            left, right = one.box[0] - other.box[0], one.box[2] - other.box[2]
            if min(abs(left), abs(right), abs(left + right) / 2) <= slack:
                return True
    wide = union_box([piece.box for piece in above[1:]])
    return any(wide[0] <= piece.box[0] and piece.box[2] <= wide[2] for piece in below[1:])
