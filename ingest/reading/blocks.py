"""Blocks: lines in reading order as paragraphs, headings, list items and rows."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import groupby, pairwise
from statistics import quantiles

from ingest.box import union_box
from ingest.page import Word
from ingest.reading.line import Line, Placed, split_lines

PARAGRAPH_GAP = 1.3
"""Lines further apart than this many usual line pitches belong to different blocks."""

DOUBLE_SPACED = 2.2
STEADY = 0.1
"""Lines of double-spaced text are no further apart than so many heights, and evenly far."""
FEW_LINES = 4
"""Lines that are too few to tell their usual pitch."""

OTHER_SIZE = 1.35
"""Lines whose heights differ by this factor are in different fonts, such as a heading's."""

BULLETS = "•‣●■▪"
"""Characters that begin a list item, also without a blank after them."""
_ENDED = re.compile(r"[.!?:;]$")
_BULLET = re.compile(r"[•‣◦●○■□▪▫–—*·∙-]|[(（]?(?:\d{1,3}|[A-Za-z])[.)）]")


def group_blocks(
    words: Sequence[Placed], lines: Sequence[Line], page_pitch: float | None = None
) -> Iterator[list[Line]]:
    """Blocks of lines: paragraphs, headings, list items; a table row is alone.

    Args:
        page_pitch: usual pitch of the page, for lines that are too few to tell their own.
    """
    few = len(lines) <= FEW_LINES
    usual = page_pitch if few and page_pitch is not None else usual_pitch(lines)
    block: list[Line] = []
    right = 0.0
    pitches = [0.0, *(_pitch(one, other) for one, other in pairwise(lines)), 0.0]
    for at, line in enumerate(lines):
        before, own, after = pitches[max(at - 1, 0)], pitches[at], pitches[at + 1]
        steady = min(abs(before - own), abs(after - own)) <= STEADY * own <= STEADY * DOUBLE_SPACED
        if block and not _continues_block(words, block[-1], right, line, usual, steady=steady):
            yield block
            block = []
        right = max(right, line.box[2]) if block else line.box[2]
        block.append(line)
    if block:
        yield block


def printed_blocks(words: Sequence[Word]) -> Iterator[list[Line]]:
    """Blocks of a page's words as lines; a table row is one line, marked as such.

    Where blocks are not known they are found from the boxes.
    """
    lines = split_lines(words)
    for known, run in groupby(lines, key=lambda line: words[line.start].block):
        block = list(run)
        if not known:
            yield from group_blocks(words, block)
        elif words[block[0].start].role == "row":
            boxes = [line.box for line in block]
            yield [Line(block[0].start, block[-1].end, union_box(boxes), row=True)]
        else:
            yield [replace(line, row=False) for line in block]


def is_bullet(text: str) -> bool:
    """Whether a word is what begins a list item: a bullet, "1." or "(a)"."""
    return bool(_BULLET.fullmatch(text))


def is_enumerator(words: Sequence[str]) -> bool:
    """Whether words are one bullet, number or sign before the text of a line."""
    if len(words) != 1:
        return False
    text = words[0]
    return is_bullet(text) or bool(_NUMBER.fullmatch(text)) or not any(map(str.isalnum, text))


_NUMBER = re.compile(r"\d{1,2}(?:\.\d{1,2}){0,3}\.?|[A-Z]\.?|[IVX]{1,5}\.?")


def _continues_block(
    words: Sequence[Placed],
    last: Line,
    right: float,
    line: Line,
    usual: float,
    *,
    steady: bool,
) -> bool:
    """Whether a line goes on with a block that ends with `last` and reaches to `right`.

    Args:
        steady: the line before or the next is as far away as the two are from each other.
    """
    pitch = _pitch(last, line)
    low, high = sorted((last.height, line.height))
    near = pitch <= PARAGRAPH_GAP * usual
    if not (near or steady) or pitch <= 0 or high > OTHER_SIZE * low:
        return False
    if min(last.box[2], line.box[2]) <= max(last.box[0], line.box[0]):
        return False
    if last.row or line.row:
        return False
    first = words[line.start]
    if is_bullet(first.text) or first.text.startswith(tuple(BULLETS)):
        return False
    # The next word would have fitted on the line before, so the break was meant.
    room = max(right, line.box[2]) - last.box[2]
    fitted = room > max(1.5 * (first.box[2] - first.box[0]), last.height)
    if not near:  # lines of a double-spaced text beside a closer one
        return (
            not fitted
            and first.text[:1].islower()
            and not _ENDED.search(words[line.start - 1].text)
        )
    return not fitted or first.text[:1].islower()


def _pitch(line: Line, following: Line) -> float:
    """Distance of two lines' tops in line heights; negative going up the page."""
    return (following.box[1] - line.box[1]) / max(min(line.height, following.height), 1e-6)


def usual_pitch(lines: Sequence[Line]) -> float:
    """The lower quartile of pitches, so that loose tables do not hide paragraph gaps."""
    pitches = [
        pitch for line, following in pairwise(lines) if 0.5 < (pitch := _pitch(line, following)) < 3
    ]
    return quantiles(pitches, n=4, method="inclusive")[0] if len(pitches) > 1 else 1.5
