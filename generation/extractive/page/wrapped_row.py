"""Wrapped rows: lines of a table's row whose cells go on in the next line, as one."""

from __future__ import annotations

from collections.abc import Container, Iterator, Sequence

from generation.text.sentence import MAX_WORDS, Sentence
from ingest.box import union_box
from ingest.page import Word
from ingest.reading.line import cell_starts

MAX_GAP = 0.6
"""Between two lines of a row, in heights of a line; between rows there is more."""
ALIGNED = 0.025
"""A cell goes on this near below its left edge, as a fraction of the page's width."""


def join_wrapped(
    words: Sequence[Word], sentences: Sequence[Sentence], apart: Container[int]
) -> list[Sentence]:
    """Join a row with the lines right below it that go on in lower case, cell by cell.

    Args:
        apart: first words of rows that are not joined, such as those of labels and values.
    """
    return list(_joined(words, sentences, apart))


def _joined(
    words: Sequence[Word], sentences: Sequence[Sentence], apart: Container[int]
) -> Iterator[Sentence]:
    row: Sentence | None = None
    last = (0, 0)
    for each in sentences:
        if row is not None and each.start not in apart and _goes_on(words, row, last, each):
            row = Sentence(row.start, each.end, f"{row.text} {each.text}", "row")
            last = (each.start, each.end)
            continue
        if row is not None:
            yield row
        row = each if each.row and each.start not in apart else None
        last = (each.start, each.end)
        if row is None:
            yield each
    if row is not None:
        yield row


def _goes_on(words: Sequence[Word], row: Sentence, last: tuple[int, int], line: Sentence) -> bool:
    """Whether each cell of a line goes on with one of a row whose last line is `last`."""
    if line.role not in ("row", "text") or line.end - row.start > MAX_WORDS:
        return False
    above, below = _line_box(words, *last), _line_box(words, line.start, line.end)
    height = min(above[3] - above[1], below[3] - below[1])
    if not -0.5 * height < below[1] - above[3] < MAX_GAP * height:
        return False
    cells = _cells(words, line.start, line.end)
    if not all(words[at].text[:1].islower() for at in cells):
        return False
    lefts = [words[at].box[0] for at in _cells(words, row.start, row.end)]
    return all(any(abs(words[at].box[0] - left) < ALIGNED for left in lefts) for at in cells)


def _cells(words: Sequence[Word], start: int, end: int) -> list[int]:
    return [start, *(start + at for at in cell_starts(words[start:end]))]


def _line_box(words: Sequence[Word], start: int, end: int) -> tuple[float, float, float, float]:
    return union_box([word.box for word in words[start:end]])
