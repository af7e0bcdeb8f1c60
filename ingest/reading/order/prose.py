"""Sides of a gap: running text, told from cells, labels and lists by its lines."""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_left
from collections.abc import Sequence
from functools import cached_property
from itertools import pairwise
from statistics import median, median_low

from ingest.reading.blocks import is_bullet, is_enumerator
from ingest.reading.line import is_leader
from ingest.reading.order.piece import Piece, group_rows

MIN_WORDS = 2.5
"""Words of a line of running text, on average, at least."""
MIN_WIDE = 7
"""The same for characters of Chinese and Japanese, written without spaces."""
MIN_FILL = 0.6
"""A usual line of running text fills this share of its column's width."""
MIN_LOWER = 0.25
"""Share of lines that begin with a small letter, in scripts that have them."""
MAX_DIGITS = 0.35
"""Share of words with a digit; tables of numbers have more."""
SAME_LINE = 0.3
"""Lines of two columns are on one grid where their middles differ by less line heights."""
CELL_STEP, MIN_CELLS = 1.15, 0.8
"""Steps between cells, in those between lines of one, and share of them side by side, at least."""
WRAPPED, MAX_WRAPPED = 0.3, 4
"""Gap in line heights between lines of a cell, and lines of one, at most."""
WIDER = 1.4
"""A gutter is wider than the usual gap between the words beside it by this factor."""
MIN_STEPS = 3
"""Items of a numbered list, at least."""
MIN_FLOW, NEXT = 4, 1.8
"""Lines of a text beside entries, and words of each, at least; distance of two entries in line
heights, at most."""
HEAD_SIZE, MAX_HEAD = 1.12, 5
"""Size of a heading in that of most lines, and its words at most."""
MIN_LETTERS, MOST_DIGITS = 3, 0.6
"""Letters of an entry on average, at least; share of the words of entries with a digit, at most."""
MIN_PAST, PAST = 2, 0.4
"""Entries beside a line that goes on with a sentence, at least, and share of all entries."""
MIN_ENTRIES = 0.6
"""Share of lines that begin as items, or end as entries of an index, in a list."""
_ENTRY_END = re.compile(r".*[^\W\d].*, ?\d{1,4}(?:[-–]\d{1,4})?")
"""The end of an entry of an index: "lamps, oil, 12, 40-43"."""


class Side:
    """What lies on one side of a gap between columns.

    Attributes:
        rows: its pieces as rows.
        prose: whether it is running text.
    """

    def __init__(self, pieces: Sequence[Piece]) -> None:
        self.rows = group_rows(pieces)
        self.boxes = [
            (row[0].box[0], min(p.box[1] for p in row), row[-1].box[2], max(p.box[3] for p in row))
            for row in self.rows
        ]
        self.middles = [(box[1] + box[3]) / 2 for box in self.boxes]
        self.height = median(bottom - top for _, top, _, bottom in self.boxes)
        self.words = [[word.text for piece in row for word in piece.words] for row in self.rows]
        every = [word for row in self.words for word in row]
        self.digits = sum(any(map(str.isdigit, word)) for word in every) / max(len(every), 1)
        self.prose = self._is_prose()

    def _is_prose(self) -> bool:
        if len(self.rows) < 2 or self.digits > MAX_DIGITS or self._fill() < MIN_FILL:
            return False
        text = "".join(word for row in self.words for word in row)
        wide = sum(unicodedata.east_asian_width(letter) in "WF" for letter in text)
        if wide > 0.5 * len(text):
            return len(text) >= MIN_WIDE * len(self.rows)
        words = sum(map(len, self.words)) / len(self.rows)
        if not any(letter.islower() for letter in text):  # a script without small letters
            return words >= MIN_WORDS + 0.5 and not text.isupper()
        return words >= MIN_WORDS and self.lower >= MIN_LOWER

    @property
    def lower(self) -> float:
        """Share of lines, the first left out, that begin with a small letter."""
        heads = [row[0][:1] for row in self.words[1:]]
        return sum(head.islower() for head in heads) / max(len(heads), 1)

    @property
    def dense(self) -> bool:
        """Whether its lines follow each other at an even distance, as those of one text."""
        if len(self.rows) < 4 or self.digits > MAX_DIGITS:
            return False
        steps = [after[1] - before[1] for before, after in pairwise(self.boxes)]
        even = sum(step < 1.3 * median(steps) for step in steps)
        return even >= 0.8 * len(steps) and (self.lower >= MIN_LOWER or self._caseless())

    @property
    def cellular(self) -> bool:
        """Whether its lines are those of cells: closer where they go on in lower case."""
        steps = [after[1] - before[1] for before, after in pairwise(self.boxes)]
        follows = [row[0][:1].islower() for row in self.words[1:]]
        close = [step for step, lower in zip(steps, follows, strict=True) if lower]
        apart = [step for step, lower in zip(steps, follows, strict=True) if not lower]
        return min(len(close), len(apart)) > 1 and min(apart) > CELL_STEP * max(close)

    @property
    def listed(self) -> bool:
        """Whether it is a list of items or an index: no line is the cell of a row."""
        items = sum(is_bullet(row[0]) and len(row) > 1 for row in self.words)
        entries = sum(bool(_ENTRY_END.fullmatch(" ".join(row))) for row in self.words)
        return len(self.rows) > 2 and max(items, entries) >= MIN_ENTRIES * len(self.rows)

    @property
    def signs(self) -> bool:
        """Whether it is bullets or numbers of what stands beside."""
        return sum(map(is_enumerator, self.words)) >= MIN_CELLS * len(self.words)

    @cached_property
    def heads(self) -> frozenset[int]:
        """Rows that are headings: short, without numbers, and in larger letters than most."""
        sizes = [max(word.size for piece in row for word in piece.words) for row in self.rows]
        if any(piece.line.origin != "text" for row in self.rows for piece in row):
            return frozenset()
        usual = HEAD_SIZE * median_low(sizes)
        return frozenset(
            at
            for at, (size, words) in enumerate(zip(sizes, self.words, strict=True))
            if size > usual and len(words) <= MAX_HEAD and _is_named(words)
        )

    @property
    def led(self) -> bool:
        """Whether it is a list of labels with leaders to their values."""
        led = sum(any(map(is_leader, row)) for row in self.words)
        return led >= MIN_ENTRIES * len(self.words)

    @property
    def counts(self) -> bool:
        """Whether it is a list of steps: items with text that are numbered from 1 on."""
        heads = [row[0] for row in self.words if is_bullet(row[0]) and len(row) > 1]
        numbers = [int(head.strip("().")) for head in heads if head.strip("().").isdecimal()]
        return len(numbers) >= MIN_STEPS and numbers == list(range(1, len(numbers) + 1))

    @property
    def entries(self) -> bool:
        """Whether it is a list of words, not of signs or numbered items."""
        letters = sum(map(str.isalpha, "".join(word for row in self.words for word in row)))
        bare = any(is_bullet(row[0]) for row in self.words if len(row) == 1)
        return letters >= MIN_LETTERS * len(self.rows) and not (bare or self.counts)

    def flows_past(self, other: Side) -> bool:
        """Whether a sentence goes on beside entries of the other side."""
        if len(self.rows) < MIN_FLOW or sum(map(len, self.words)) < MIN_FLOW * len(self.rows):
            return False
        if sum(map(len, self.rows)) > WIDER * len(self.rows) or other.digits > MOST_DIGITS:
            return False
        end = max(box[2] for box in self.boxes)
        goes_on = [False]
        for row, following, text in zip(self.boxes, self.rows[1:], self.words[1:], strict=False):
            first = following[0].boxes[0]
            goes_on.append(text[0][:1].islower() and row[2] + first[2] - first[0] > end)
        past = 0
        for at, (above, middle) in enumerate(pairwise(other.middles), start=1):
            line = self.nearest(middle)
            level = abs(self.middles[line] - middle) <= SAME_LINE * self.height
            entries = not other.words[at][0][:1].islower() and middle - above < NEXT * self.height
            past += level and entries and goes_on[line]
        return past >= max(MIN_PAST, PAST * len(other.rows))

    def _caseless(self) -> bool:
        return not any(letter.islower() for row in self.words for word in row for letter in word)

    def _fill(self) -> float:
        left, right = min(box[0] for box in self.boxes), max(box[2] for box in self.boxes)
        widths = [box[2] - box[0] for box in self.boxes]
        return float(median(widths)) / max(right - left, 1e-6)

    def aligned(self, other: Side) -> float:
        """Share of the rows of the shorter side that have one of the other beside them.

        Of sides that overlap, rows above and below the other are left out. Where neither is
        running text, lines of a cell may count as one.
        """
        share = self._share(other, self.middles, other.middles)
        if self.prose or self.dense or other.prose or other.dense:
            return share
        return max(share, self._share(other, self._cells(), other._cells()))

    def has_cells_beside(self, other: Side) -> bool:
        """Whether cells, not only lines, are beside those of the other side."""
        firsts, its = (
            [side.middles[at] for at, row in enumerate(side.words) if not row[0][:1].islower()]
            for side in (self, other)
        )
        return self.aligned(other) >= MIN_CELLS and (
            self._share(other, firsts, its) >= MIN_CELLS
            or self._share(other, self._cells(), other._cells()) >= MIN_CELLS
        )

    def _share(self, other: Side, own: Sequence[float], its: Sequence[float]) -> float:
        both = [other.beside(own), self.beside(its)]
        if min(map(len, both)) < 2:
            both = [list(own), list(its)]
        few, many = sorted(both, key=len)
        slack = SAME_LINE * min(self.height, other.height)
        near = sum(abs(many[_nearest(many, middle)] - middle) <= slack for middle in few)
        return near / len(few)

    def beside(self, middles: Sequence[float]) -> list[float]:
        """Those of some middles that lie beside this side."""
        top, bottom = self.boxes[0][1], max(box[3] for box in self.boxes)
        return [middle for middle in middles if top <= middle <= bottom]

    def _cells(self) -> list[float]:
        """Middles of the rows, where lines that go on in lower case are of the same cell."""
        cells: list[list[int]] = []
        for at, row in enumerate(self.words):
            close = at and self.boxes[at][1] - self.boxes[at - 1][3] < WRAPPED * self.height
            if close and row[0][:1].islower() and len(cells[-1]) < MAX_WRAPPED:
                cells[-1].append(at)
            else:
                cells.append([at])
        return [(self.boxes[cell[0]][1] + self.boxes[cell[-1]][3]) / 2 for cell in cells]

    def nearest(self, middle: float) -> int:
        """Index of the row whose middle is nearest to a height."""
        return _nearest(self.middles, middle)


def _is_named(words: Sequence[str]) -> bool:
    """Whether words have letters of a name, and no digits."""
    text = "".join(words)
    return sum(map(str.isalpha, text)) >= MIN_LETTERS and not any(map(str.isdigit, text))


def _nearest(middles: Sequence[float], middle: float) -> int:
    at = bisect_left(middles, middle)
    near = [n for n in (at - 1, at) if 0 <= n < len(middles)]
    return min(near, key=lambda n: abs(middles[n] - middle))
