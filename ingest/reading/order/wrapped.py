"""Wrapped rows: rows of a table whose cells have several lines.

Within a cell lines follow each other closely, between cells there is more space. Cells
side by side are at the same height: by their tops, their middles or their feet. Text in
columns has no such bands.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, groupby, pairwise
from statistics import median_low

from ingest.reading.blocks import is_enumerator
from ingest.reading.order.bands import ALIGNED, Band, Cell, Run, find_runs
from ingest.reading.order.cards import find_cards
from ingest.reading.order.piece import Piece, PrintedRow, group_rows
from ingest.reading.order.tables import find_rows
from ingest.reading.order.tops import top_bands

EVEN = 0.2
"""Gaps between rows are equal where they differ by less line heights."""
MIN_BANDS, MIN_WRAPPED = 3, 2
"""Rows of a table, its heads among them, and rows with a wrapped cell, at least."""
MIN_CENTERED = 4
"""Rows of which cells are centered, at least, that nothing but a table has."""
MIN_WIDE, MIN_EVEN = 0.6, 0.6
"""Share of rows that have several cells, and of those with the usual gap below, at least."""
MIN_REGULAR = 0.8
"""Share of rows with one cell a column, and of those whose cells are at one height."""
MIN_STYLE = 0.7
"""Share of the cells of the last column in one font: cards side by side have headings too."""
MAX_ROW_WORDS = 90
"""Words of a row that is read as one; longer cells are texts, one after the other."""
MAX_PIECES = 3_000
"""A region of more pieces is not looked at; a newspaper page has half as many."""


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
    for run in find_runs(rows):
        bands, first, last = _trimmed(run, run.bands())
        groups = find_cards(bands[first:last])
        if not groups and not _is_table(bands[first:last], run.height):
            bands, first, last = _trimmed(run, top_bands(run.lines(), run.height))
            if not _is_table(bands[first:last], run.height):
                continue
        above = [*chain(*rows[: run.start]), *_pieces(bands[:first])]
        below = [*_pieces(bands[last:]), *chain(*rows[run.end :])]
        groups = groups or list(_printed(bands[first:last]))
        return WrappedTable(tuple(above), tuple(groups), tuple(below))
    return None


def _trimmed(run: Run, bands: list[Band]) -> tuple[list[Band], int, int]:
    """Bands, and which are the first and the last, without text above and below a table."""
    wide = [at for at, band in enumerate(bands) if len(band.cells) > 1]
    if not wide:
        return bands, 0, 0
    first = wide[0] + (run.start > 0 and run.goes_on(run.rows[run.start - 1], bands[wide[0]]))
    return bands, first, wide[-1] + 1


def _is_table(bands: Sequence[Band], height: float) -> bool:
    """Whether bands are rows of a table, some of them with a wrapped cell."""
    wide = [band for band in bands if len(band.cells) > 1]
    regular = [band for band in wide if band.regular]
    wrapped = [band for band in regular if band.lines > 1 and not band.plain]
    if len(regular) < max(MIN_BANDS, MIN_REGULAR * len(wide)) or not wrapped:
        return False
    if len(wide) < MIN_WIDE * len(bands):
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
    centered = level[1] >= MIN_CENTERED and level[1] > level[0]
    if not (centered or _are_even(bands, height)):
        return False
    if len(wrapped) < MIN_WRAPPED and (level[0] == max(level) or not _are_filled(wide)):
        return False
    styles = Counter(_style(band.cells[-1]) for band in regular[1:])
    return styles.most_common(1)[0][1] >= MIN_STYLE * len(regular[1:])


def _are_even(bands: Sequence[Band], height: float) -> bool:
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


def _columns(bands: Sequence[Band]) -> set[int]:
    """Columns that are more than bullets, numbers of items or signs of a currency."""
    found: dict[int, list[bool]] = {c.column: [] for band in bands for c in band.cells}
    for band in bands:
        for cell in band.cells:
            found[cell.column].append(_is_sign(cell))
    return {at for at, signs in found.items() if sum(signs) < MIN_REGULAR * len(signs)}


def _is_sign(cell: Cell) -> bool:
    """Whether it is a bullet, a number of an item or the sign of a currency."""
    return is_enumerator(cell.text) and not (cell.column and cell.text[0].isdigit())


def _are_filled(bands: Sequence[Band]) -> bool:
    """Whether each column of words has a cell in most rows."""
    filled = Counter(cell.column for band in bands for cell in band.cells)
    words = Counter(c.column for band in bands for c in band.cells if len(c.text) > 1)
    return all(2 * filled[at] >= len(bands) for at in words if 2 * words[at] > filled[at])


def _flows(bands: Sequence[Band]) -> bool:
    """Whether sentences go on from band to band."""
    count = 0
    above: dict[int, Cell] = {}
    for band in bands:
        for cell in band.cells:
            count += cell.column in above and cell.goes_on(above[cell.column])
            above[cell.column] = cell
    return count > 1


def _style(cell: Cell) -> tuple[str, int]:
    """Font and size, to half a point; of letters that are fonts of their own, the size."""
    word = cell.pieces[0].words[0]
    font = "" if word.font.startswith("Type3") else word.font
    return (font, round(2 * word.size)) if word.font else ("", 0)


def _printed(bands: Sequence[Band]) -> Iterator[Sequence[PrintedRow]]:
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


def _pieces(bands: Sequence[Band]) -> list[Piece]:
    return [piece for band in bands for cell in band.cells for piece in cell.pieces]
