"""Order of letters in lines from right to left, by their places.

A text layer gives a number in Arabic digits backwards, the letters around the sign of a
Hebrew acronym from the left, and a comma at the wrong word. The places of the letters show
how they are read (UAX #9, within one word; words are put in order later).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from itertools import chain

from ingest.reading.line import is_right_to_left
from ingest.reading.spelling.letters import Letter, split_words
from ingest.reading.spelling.vowel_marks import MARKS

_DIGITS = "\u0660-\u0669\u06f0-\u06f9"
_PART = re.compile(
    rf"[{_DIGITS}](?:[.,:/\u00a0\u060c\u066b\u066c]?[{_DIGITS}])*"
    r"|[#$\u20aa\u20ac]?[0-9A-Za-z](?:[.,:/@_%+-]?[0-9A-Za-z])*[%\u00b0]?"
    rf"|.[{MARKS}]*",
    re.DOTALL,
)
"""A number, a Latin word, or a letter with its marks."""
MAX_GAP = 0.3
"""Gap between two letters of a word in sizes of the font, at most."""


def order_from_left(letters: Sequence[Letter]) -> list[Letter]:
    """Letters of a line by their places, from the left, marks after their letter."""
    clusters: list[list[Letter]] = []
    for letter in letters:
        narrow = letter.place[2] - letter.place[0] < 0.01
        if clusters and (narrow or unicodedata.combining(letter.text)):
            clusters[-1].append(letter)
        else:
            clusters.append([letter])
    clusters.sort(key=lambda cluster: cluster[0].place[0] + cluster[0].place[2])
    return list(chain.from_iterable(clusters))


def words_from_left(letters: Sequence[Letter]) -> list[list[Letter]]:
    """Words of a line that `order_from_left` has put in order, each as it is read."""
    words: list[list[Letter]] = []
    for whole in split_words(letters):
        words.append([])
        right = whole[0].place[2]
        for letter in whole:
            if letter.place[0] - right > MAX_GAP * letter.size:  # cells of a table
                words.append([])
            right = max(right, letter.place[2])
            words[-1].append(letter)
    return list(map(order_letters, words))


def order_letters(word: Sequence[Letter]) -> list[Letter]:
    """Letters of a word as they are read; numbers and Latin from the left.

    Args:
        word: as `order_from_left` gives it.
    """
    text = "".join(letter.text[:1] for letter in word)
    if not is_right_to_left(text):
        return list(word)
    parts = [found.span() for found in _PART.finditer(text)]
    return [letter for start, end in reversed(parts) for letter in word[start:end]]
