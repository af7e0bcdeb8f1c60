"""Captions and page numbers as they are printed on a page."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import groupby

from ingest.page import Word
from retrieval.query.named_place import NamedPart, part_pattern, printed_number

EDGE = 0.1
"""Share of a page's height, at its top and its bottom, where its number is printed."""
MAX_WORDS = 14
"""Words of a line with a page's number, at most."""
_LEADERS = re.compile(r"(?:[.·…]\s?){3,}\s*[\divxlc]+$", re.IGNORECASE)
_BETWEEN = re.compile(r"\s*[a-z]?\)?\s*(?:[:.|)\]—–-]|$|[^\W\d_])")
"""What follows a caption's number: a mark, the end, or a title that begins with a capital."""


def has_caption(words: Sequence[Word], part: NamedPart) -> bool:
    """Whether a line begins with the name of a figure or table, as a caption does.

    A mention inside a sentence is none, and neither is a line of a list of figures.
    """
    pattern = re.compile(part_pattern(part.kind), re.IGNORECASE)
    return any(
        printed_number(found) == part.number and _begins_caption(line, found)
        for line, in_row in _lines(words)
        if not _LEADERS.search(line)
        for found in pattern.finditer(line)
        if found.start() == 0 or (in_row and line[: found.start()].rstrip().endswith("."))
    )


def has_number(words: Sequence[Word], label: str) -> bool:
    """Whether a page's number is at its edge: alone, first or last of its line."""
    number = re.escape(label)
    pattern = re.compile(
        rf"^(?:page|p\.|seite|s\.|slide)?\s?\W{{0,2}}\s?{number}(?!\S)(?!\s?[.,]\s?\d)"
        rf"|(?:page|seite|slide|p\.)\s{number}(?!\S)|(?<!of )(?<!von )(?<!/ )(?<!\S){number}\W{{0,2}}$"
        rf"|^{number}\s?쪽|(?<!\d){number}\s?/\s?\d+$",
        re.IGNORECASE,
    )
    edge = [w for w in words if w.role != "hidden" and (w.box[3] < EDGE or w.box[1] > 1 - EDGE)]
    lines = (list(line) for _, line in groupby(edge, key=lambda w: (w.block, round(w.box[3], 2))))
    return any(
        len(line) <= MAX_WORDS and pattern.search(" ".join(word.text for word in line))
        for line in lines
    )


def _begins_caption(line: str, found: re.Match[str]) -> bool:
    after = line[found.end() :]
    between = _BETWEEN.match(after)
    return between is not None and not between[0][-1:].islower()


def _lines(words: Sequence[Word]) -> Iterator[tuple[str, bool]]:
    """Texts of blocks and of lines, and whether several captions may share it."""
    shown = [word for word in words if word.role != "hidden"]
    for block, its in groupby(shown, key=lambda word: word.block):
        every = list(its)
        if block:
            yield " ".join(word.text for word in every), every[0].role in ("row", "caption")
        if not block or every[0].role not in ("caption", "row", "text", "note"):
            for _, line in groupby(every, key=lambda word: round(word.box[3], 2)):
                yield " ".join(word.text for word in line), False
