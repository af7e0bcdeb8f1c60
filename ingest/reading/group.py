"""Grouping of words into text lines, where a reader gives words alone."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from ingest.box import gap_across
from ingest.page import Word
from ingest.reading.line import continues_line
from ingest.reading.text_line import LineWord, TextLine

LINE_GAP = 1.0
"""A gap of more line heights parts two lines side by side."""


def group_lines(words: Iterable[Word], aspect: float) -> Iterator[TextLine]:
    """Lines of words that follow each other along a line of print.

    Args:
        aspect: the page's width over its height.
    """
    line: list[Word] = []
    for word in words:
        if line and not (continues_line(line[-1], word) and _is_near(line[-1], word, aspect)):
            yield _line(line)
            line = []
        line.append(word)
    if line:
        yield _line(line)


def _is_near(word: Word, following: Word, aspect: float) -> bool:
    one, other = word.box, following.box
    gap = gap_across(one, other) * aspect
    return gap <= LINE_GAP * max(one[3] - one[1], other[3] - other[1])


def _line(words: list[Word]) -> TextLine:
    return TextLine(
        tuple(LineWord(word.text, word.box, size=word.box[3] - word.box[1]) for word in words)
    )
