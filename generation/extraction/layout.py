"""Layout of words: rows of a page, and the cells of a row."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from generation.prompt import Evidence
from ingest.box import center, union_box
from ingest.page import Box, Word

CELL_GAP_LETTERS = 2.5
"""A gap wider than this many letters separates two cells of a row."""


@dataclass(frozen=True, slots=True)
class Row:
    """Row of words, left to right: their indices on the page, text and box."""

    at: tuple[int, ...]
    text: str
    top: float
    bottom: float
    left: float
    right: float

    @property
    def has_digit(self) -> bool:
        """Whether a digit is among its characters."""
        return any(c.isdigit() for c in self.text)


Pages = Sequence[tuple[Evidence, list[Row]]]
"""Pages with their rows."""


def read_rows(words: Sequence[Word]) -> list[Row]:
    """Group a page's words into rows, top to bottom, whatever the gaps."""
    rows: list[list[int]] = []
    last: Box | None = None
    for at in sorted(range(len(words)), key=lambda i: words[i].box[1] + words[i].box[3]):
        box = words[at].box
        middle = center(box)[1]
        if last and last[1] <= middle <= last[3] and middle - last[1] < box[3] - box[1]:
            rows[-1].append(at)
            last = union_box([last, box])
        else:
            rows.append([at])
            last = box
    return [_make_row(words, tuple(sorted(row, key=lambda i: words[i].box[0]))) for row in rows]


def split_cells(page: Evidence, row: Row) -> list[Row]:
    """Split a row into cells, at gaps too wide for running text."""
    gaps = [
        n
        for n in range(1, len(row.at))
        if page.words[row.at[n]].box[0] - page.words[row.at[n - 1]].box[2]
        > CELL_GAP_LETTERS * _letter_width(page.words[row.at[n - 1]])
    ]
    bounds = [0, *gaps, len(row.at)]
    return [_make_row(page.words, row.at[start:end]) for start, end in pairwise(bounds)]


def _make_row(words: Sequence[Word], at: tuple[int, ...]) -> Row:
    left, top, right, bottom = union_box([words[i].box for i in at])
    return Row(at, " ".join(words[i].text for i in at), top, bottom, left, right)


def _letter_width(word: Word) -> float:
    """The mean width of a word's letters, as a fraction of the page."""
    return (word.box[2] - word.box[0]) / max(len(word.text), 1)
