"""Order of words in lines of scripts that are written from right to left."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import groupby

from ingest.reading.line import is_right_to_left
from ingest.reading.text_line import LineWord

_ENDS = ".,:;!?\u060c\u061b\u061f\u06d4"


def logical_order(words: Sequence[LineWord]) -> tuple[LineWord, ...]:
    """Words of a line in the order in which they are read.

    Text layers have lines of Arabic and Hebrew from left to right too. Words are taken
    from the right; runs of others in between, such as numbers and names, from the left.
    """
    turned = sum(is_right_to_left(word.text) for word in words)
    plain = sum(any(map(str.isalpha, word.text)) for word in words) - turned
    if len(words) < 2 or turned <= plain:
        return tuple(words)
    from_right = sorted(words, key=lambda word: -(word.box[0] + word.box[2]))
    ordered: list[LineWord] = []
    for foreign, run in groupby(from_right, key=_reads_to_the_right):
        found = list(run)
        ordered.extend(found[::-1] if foreign else found)
    return tuple(map(_end_last, ordered))


def _end_last(word: LineWord) -> LineWord:
    """Word with the punctuation at its left end, which it ends with, last."""
    text = word.text.lstrip(_ENDS)
    if len(text) == len(word.text) or not text or not is_right_to_left(text):
        return word
    return replace(word, text=text + word.text[: len(word.text) - len(text)])


def _reads_to_the_right(word: LineWord) -> bool:
    return not is_right_to_left(word.text) and any(map(str.isalnum, word.text))
