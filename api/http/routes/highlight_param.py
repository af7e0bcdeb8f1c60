"""Highlight parameter of a page image: boxes by number, or words on the page."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

from api.http.errors import InvalidHighlight
from generation.text.quote import find_quote, quote_boxes
from ingest.page import Box, Word

MAX_HIGHLIGHTS = 64
MAX_HIGHLIGHT_LENGTH = 4_000
"""Characters."""


def parse_highlights(marks: Sequence[str], words: Sequence[Word]) -> list[Box]:
    """Boxes of highlight marks.

    A mark is "LEFT,TOP,RIGHT,BOTTOM" in fractions of the page, several of
    these with ";" between them, or a quote.

    Raises:
        InvalidHighlight: numbers that are not a box on the page, or a quote that is not on it.
    """
    return [box for mark in marks for box in (_boxes(mark) or _quote(mark, words))]


def _boxes(mark: str) -> list[Box]:
    """Boxes of a mark; none if it is not numbers."""
    parts = [part.split(",") for part in mark.split(";") if part.strip()]
    try:
        rows = [[float(edge) for edge in part] for part in parts]
    except ValueError:
        return []
    if not any(len(row) > 1 for row in rows):
        return []
    return list(_check(rows))


def _check(rows: Sequence[Sequence[float]]) -> Iterator[Box]:
    for row in rows:
        good = len(row) == 4 and all(math.isfinite(edge) and 0 <= edge <= 1 for edge in row)
        if not good or row[0] >= row[2] or row[1] >= row[3]:
            raise InvalidHighlight(
                f"{','.join(f'{edge:g}' for edge in row)} is not a box on a page.",
                hint="A box is LEFT,TOP,RIGHT,BOTTOM, fractions of the page from 0 to 1.",
            )
        left, top, right, bottom = row
        yield left, top, right, bottom


def _quote(mark: str, words: Sequence[Word]) -> Sequence[Box]:
    span = find_quote(mark, words)
    if span is None:
        raise InvalidHighlight(
            f"The words {mark[:100]!r} are not on the page.",
            hint="Give words as they are printed there, or boxes LEFT,TOP,RIGHT,BOTTOM.",
        )
    return quote_boxes(words, span)
