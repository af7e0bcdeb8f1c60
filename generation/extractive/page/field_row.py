"""Fields: labels and values in rows of cells, side by side or one above the other."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from generation.text.value import Span
from ingest.page import Word
from ingest.reading.blocks import printed_blocks
from ingest.reading.table import Cell, row_cells

ALIGNED = 0.02
"""A value begins this near to its label's left edge, as a fraction of the page's width."""
OTHER_HEIGHT = 1.1
"""Labels and values above each other are in letters whose heights differ by this factor."""
MAX_GAP = 2.0
"""Between the tops of a label and its value, in heights of the higher one."""
MAX_FILLED = 3
"""Words of labels and of what a form has below them in words, at most."""
MAX_LABEL = 6
"""Words of a label, at most."""


@dataclass(frozen=True, slots=True)
class Field:
    """Words of a label and its value; an empty label is part of the value."""

    label: Span
    value: Span


def find_fields(words: Sequence[Word]) -> dict[int, list[Field]]:
    """Fields by the first word of their row; rows of labels have none."""
    found: dict[int, list[Field]] = {}
    rows = [
        tuple(row_cells(words, block[0])) if block[0].row else () for block in printed_blocks(words)
    ]
    for row in rows:
        if len(row) > 2 and (fields := list(_labelled(words, row))):
            found[row[0].start] = fields
    for number, (above, below) in enumerate(pairwise(rows)):
        if not above or not below or above[0].start in found:
            continue
        beside = [*rows[max(0, number - 1) : number], *rows[number + 2 : number + 3]]
        order = _order(words, above, below, beside)
        if order:
            labels, values = (above, below) if order == "above" else (below, above)
            found[above[0].start] = [
                Field((label.start, label.end), (value.start, value.end))
                for label, value in zip(labels, values, strict=True)
            ]
            found[below[0].start] = []
    return found


def _labelled(words: Sequence[Word], row: Sequence[Cell]) -> Iterator[Field]:
    """Several labels that end in a colon, each with what stands before the next one."""
    starts = [at for at, cell in enumerate(row) if _colon(words, cell)]
    if len(starts) < 2 or starts[0] != 0:
        return
    for at, following in pairwise([*starts, len(row)]):
        start = row[at].start
        yield Field((start, start), (start, row[following - 1].end))


def _colon(words: Sequence[Word], cell: Cell) -> bool:
    first = words[cell.start : min(cell.end, cell.start + MAX_LABEL)]
    return any(word.text.endswith((":", "：")) for word in first)


def _order(
    words: Sequence[Word],
    above: Sequence[Cell],
    below: Sequence[Cell],
    beside: Sequence[Sequence[Cell]],
) -> str:
    """Whether the labels of two rows are "above" or "below"; "" where they are no such rows."""
    if not _are_stacked(words, above, below) or _colon(words, above[0]):
        return ""
    upper, lower = _height(words, above), _height(words, below)
    values = [any(_is_value(words, cell) for cell in row) for row in (above, below)]
    if max(upper, lower) > OTHER_HEIGHT * min(upper, lower):
        if values == [True, False]:
            return "below"
        return "above" if not values[0] and lower > upper else ""
    if values[0] or not (values[1] or _are_short(above, below)):
        return ""
    in_table = any(
        _are_stacked(words, row, above) or _are_stacked(words, below, row) for row in beside
    )
    return "" if in_table else "above"


def _are_stacked(words: Sequence[Word], above: Sequence[Cell], below: Sequence[Cell]) -> bool:
    """Whether the cells of a row begin right below those of another."""
    if len(above) != len(below) or len(above) < 2:
        return False
    high = max(_height(words, above), _height(words, below))
    last = max(cell.box[3] for cell in above) - high  # the top of the lowest line
    step = min(cell.box[1] for cell in below) - last
    if not 0 < step < MAX_GAP * high:
        return False
    return all(
        abs(one.box[0] - other.box[0]) < ALIGNED for one, other in zip(above, below, strict=True)
    )


def _are_short(above: Sequence[Cell], below: Sequence[Cell]) -> bool:
    """Whether the cells of two rows are no longer than labels, as in a form filled in by hand."""
    return all(cell.end - cell.start <= MAX_FILLED for cell in (*above, *below))


def _height(words: Sequence[Word], row: Sequence[Cell]) -> float:
    """Height of a line: cells may have several."""
    boxes = [word.box for cell in row for word in words[cell.start : cell.end]]
    return max(box[3] - box[1] for box in boxes)


def _is_value(words: Sequence[Word], cell: Cell) -> bool:
    """Whether a cell begins with a number."""
    return any(c.isdigit() for c in words[cell.start].text)
