"""Sentence splitting: sentences, headings, table rows and list items of a page.

Uses punctuation and the layout of lines. The only words it knows are a few
English abbreviations. The order of the words is kept.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import quantiles

from generation.text.line import Line, split_lines
from ingest.page import Word

MAX_WORDS = 60
"""Words of a unit; a longer one is split at line ends."""

CELL_GAP = 2.5
"""A gap between two words of a line wider than this many letters separates table cells."""

PARAGRAPH_GAP = 1.3
"""Lines further apart than this many usual line pitches belong to different units."""

OTHER_SIZE = 1.35
"""Lines whose heights differ by this factor are in different fonts, such as a heading's."""

ABBREVIATIONS = re.compile(
    r"dr|mrs?|ms|prof|st|rev|hon|gen|capt|sgt|col|lt|vs|cf|figs?|eqs?|nos?|vol|eds?|pp?|ca|approx"
    r"|al|dept|est|incl|tel|ext|sec|ch|art"
)
_ALSO_WORDS = frozenset({"no", "art", "ed", "est"})
"""Abbreviations only before a number."""

_CLOSERS = "\"'”’»」』)]】）"
_END = re.compile(r"[.!?…。！？｡．]$")
_DOTTED = re.compile(r"(?:[^\W\d]\.){2,}")
_BULLET = re.compile(r"[•‣◦●○■□▪▫–—*·∙-]|[(（]?(?:\d{1,3}|[A-Za-z])[.)）]")


@dataclass(frozen=True, slots=True)
class Sentence:
    """Unit: words `start` up to (not with) `end`; `row` where its line has cells."""

    start: int
    end: int
    text: str
    row: bool = False


def split_sentences(words: Sequence[Word]) -> list[Sentence]:
    """Split a page into units, in reading order; each word is in one of them."""
    lines = split_lines(words)
    usual = _usual_pitch(lines)
    units: list[Sentence] = []
    for block in _blocks(words, lines, usual):
        row = len(block) == 1 and has_cells(words, block[0])
        for start, end in (
            _split_block(words, block) if not row else [(block[0].start, block[0].end)]
        ):
            for first, last in _split_long(start, end, block):
                text = " ".join(word.text for word in words[first:last])
                units.append(Sentence(first, last, text, row))
    return units


def has_cells(words: Sequence[Word], line: Line) -> bool:
    """Whether a line has a gap too wide for running text."""
    inside = words[line.start : line.end]
    letters = sum(len(word.text) for word in inside)
    letter = sum(word.box[2] - word.box[0] for word in inside) / max(letters, 1)
    return any(
        after.box[0] - before.box[2] > CELL_GAP * letter for before, after in pairwise(inside)
    )


def _blocks(words: Sequence[Word], lines: Sequence[Line], usual: float) -> Iterator[list[Line]]:
    """Blocks of lines: paragraphs, headings, list items; a table row is alone."""
    block: list[Line] = []
    for line in lines:
        if block and not _continues_block(words, block, line, usual):
            yield block
            block = []
        block.append(line)
    if block:
        yield block


def _continues_block(
    words: Sequence[Word], block: Sequence[Line], line: Line, usual: float
) -> bool:
    last = block[-1]
    pitch = _pitch(last, line)
    low, high = sorted((last.height, line.height))
    if not 0 < pitch <= PARAGRAPH_GAP * usual or high > OTHER_SIZE * low:
        return False
    if min(last.box[2], line.box[2]) <= max(last.box[0], line.box[0]):
        return False
    if has_cells(words, last) or has_cells(words, line):
        return False
    first = words[line.start]
    if _BULLET.fullmatch(first.text) or first.text.startswith(tuple("•‣●■▪")):
        return False
    # The next word would have fitted on the line before, so the break was meant.
    room = max(*(each.box[2] for each in block), line.box[2]) - last.box[2]
    fitted = room > 1.5 * (first.box[2] - first.box[0])
    return not fitted or first.text[:1].islower()


def _pitch(line: Line, following: Line) -> float:
    """Distance of two lines' tops in line heights; negative going up the page."""
    return (following.box[1] - line.box[1]) / max(min(line.height, following.height), 1e-6)


def _usual_pitch(lines: Sequence[Line]) -> float:
    """The lower quartile of pitches, so that loose tables do not hide paragraph gaps."""
    pitches = [
        pitch for line, following in pairwise(lines) if 0.5 < (pitch := _pitch(line, following)) < 3
    ]
    return quantiles(pitches, n=4, method="inclusive")[0] if len(pitches) > 1 else 1.5


def _split_block(words: Sequence[Word], block: Sequence[Line]) -> Iterator[tuple[int, int]]:
    """The sentences of a block, by punctuation."""
    start, stop = block[0].start, block[-1].end
    for at in range(start, stop):
        early = at - start < 2
        if at + 1 == stop or ends_sentence(words[at].text, words[at + 1].text, early=early):
            yield start, at + 1
            start = at + 1


def ends_sentence(word: str, following: str, *, early: bool = False) -> bool:
    """Whether a sentence ends between two words; `early` where "1." may begin it."""
    bare = word.rstrip(_CLOSERS)
    if not _END.search(bare):
        return False
    if bare[-1] not in ".…":
        return True
    if following[:1].islower():
        return False
    stem = bare.rstrip(".…").lstrip("\"'“‘«「(（[")
    if _DOTTED.fullmatch(bare.lstrip("(")) or (len(stem) == 1 and stem.isupper()):
        return False
    if early and _BULLET.fullmatch(bare):
        return False
    if ABBREVIATIONS.fullmatch(stem.lower()):
        return stem.lower() in _ALSO_WORDS and not following[:1].isdigit()
    return True


def _split_long(start: int, end: int, lines: Sequence[Line]) -> Iterator[tuple[int, int]]:
    """Parts of at most `MAX_WORDS` words, split at line ends where there are any."""
    while end - start > MAX_WORDS:
        ends = [line.end for line in lines if start < line.end <= start + MAX_WORDS]
        middle = ends[-1] if ends else start + MAX_WORDS
        yield start, middle
        start = middle
    yield start, end
