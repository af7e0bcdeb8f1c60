"""Unseen lines: what a file says of a page without showing it there."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from ingest.page import Box
from ingest.reading.text_line import LineWord, TextLine

MAX_EXTRA_WORDS = 5_000
"""Words of extras of a page that are kept."""
CORNER: Box = (0.0, 0.0, 0.001, 0.001)
"""Place of what has none on its page."""


def unseen_lines(texts: Iterable[str], lines: Sequence[TextLine]) -> Iterator[TextLine]:
    """Lines of texts that the lines of a page do not print."""
    printed = joined(word.text for line in lines for word in line.words)
    for text in texts:
        if joined(text.split()) not in printed:
            words = (LineWord(word, CORNER, hidden=True) for word in printable_words(text))
            yield TextLine(tuple(words), origin="unseen")


def printable_words(text: str) -> list[str]:
    """Words of a text without control characters, not more than are kept."""
    words = ("".join(c for c in word if c.isprintable()) for word in text.split())
    return [word for word in words if word][: MAX_EXTRA_WORDS + 1]


def joined(texts: Iterable[str]) -> str:
    """Letters of texts without blanks and case, to compare them."""
    return "".join("".join(text.split()) for text in texts).casefold()
