"""Sentence splitting: sentences, headings, table rows and list items of a page.

Uses punctuation and the layout of lines. The only words it knows are a few
English abbreviations. The order of the words is kept.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ingest.forms.whole.dates import month_number
from ingest.page import Word, WordRole
from ingest.reading.blocks import is_bullet, printed_blocks
from ingest.reading.line import Line

MAX_WORDS = 60
"""Words of a unit; a longer one is split at line ends."""

ABBREVIATIONS = re.compile(
    r"dr|mrs?|ms|prof|st|rev|hon|gen|capt|sgt|col|lt|vs|cf|figs?|eqs?|nos?|vol|eds?|pp?|ca|approx"
    r"|al|dept|est|incl|tel|ext|sec|ch|art"
)
_ALSO_WORDS = frozenset({"no", "art", "ed", "est"})
"""Abbreviations only before a number."""

_ORDINAL = re.compile(r"\d{1,3}")
_COUNTED = frozenset(
    "Jahrhundert Jahrhunderts Auflage Stock Etage Kapitel Absatz Klasse Tag Woche Jahr Platz".split()
)
"""German nouns that stand after ordinals."""
_CLOSERS = "\"'”’»」』)]】）"
_END = re.compile(r"[.!?…。！？｡．]$")
_DOTTED = re.compile(r"(?:[^\W\d]\.){2,}")


@dataclass(frozen=True, slots=True)
class Sentence:
    """Unit: words `start` up to (not with) `end`, and what its block is on the page."""

    start: int
    end: int
    text: str
    role: WordRole = "text"

    @property
    def row(self) -> bool:
        """Whether it is a row of cells."""
        return self.role == "row"


def split_sentences(words: Sequence[Word]) -> list[Sentence]:
    """Split a page into units, in reading order; each word is in one of them.

    A unit lies in one block of the page. Where blocks are not known they are found
    from the boxes.
    """
    units: list[Sentence] = []
    for block in printed_blocks(words):
        row = len(block) == 1 and block[0].row
        role: WordRole = "row" if row else words[block[0].start].role
        for start, end in (
            _split_block(words, block) if not row else [(block[0].start, block[0].end)]
        ):
            for first, last in _split_long(start, end, block):
                text = " ".join(word.text for word in words[first:last])
                units.append(Sentence(first, last, text, role))
    return units


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
    if early and is_bullet(bare):
        return False
    if _ORDINAL.fullmatch(stem) and is_counted(following):
        return False
    if ABBREVIATIONS.fullmatch(stem.lower()):
        return stem.lower() in _ALSO_WORDS and not following[:1].isdigit()
    return True


def is_counted(word: str) -> bool:
    """Whether a word may follow an ordinal with a point, as in "30. Juni".

    >>> is_counted("Juni."), is_counted("Jahrhundert"), is_counted("The")
    (True, True, False)
    """
    bare = word.strip(".,;:!?()" + _CLOSERS)
    return bare in _COUNTED or (len(bare) > 2 and month_number(bare) is not None)


def _split_long(start: int, end: int, lines: Sequence[Line]) -> Iterator[tuple[int, int]]:
    """Parts of at most `MAX_WORDS` words, split at line ends where there are any."""
    while end - start > MAX_WORDS:
        ends = [line.end for line in lines if start < line.end <= start + MAX_WORDS]
        middle = ends[-1] if ends else start + MAX_WORDS
        yield start, middle
        start = middle
    yield start, end
