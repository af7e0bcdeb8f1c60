"""Legible text: pages with words to check a quote against, told from pictures."""

from __future__ import annotations

from collections.abc import Sequence

from ingest.page import Word

MIN_WORDS = 3
"""Words from which a page counts as one with text."""

MIN_WORD_CHARS = 3
"""Letters and digits of a word that counts; what OCR sees in a photo is mostly shorter."""

MIN_UNSPACED_CHARS = 6
"""Characters, in scripts without spaces, from which a page counts as one with text."""

_UNSPACED = "\u0e00"
"""Scripts from here on write words without spaces, or in few characters."""


def has_legible_text(words: Sequence[Word]) -> bool:
    """Whether a page has text; False for a picture, with or without stray letters.

    >>> box = (0.0, 0.0, 1.0, 1.0)
    >>> has_legible_text([Word(text, box) for text in "The other page".split()])
    True
    >>> has_legible_text([Word(text, box) for text in "l1 A o0 ~".split()])
    False
    """
    long, unspaced = 0, 0
    for word in words:
        letters = [letter for letter in word.text if letter.isalnum()]
        unspaced += sum(letter >= _UNSPACED for letter in letters)
        long += len(letters) >= MIN_WORD_CHARS
        if long >= MIN_WORDS or unspaced >= MIN_UNSPACED_CHARS:
            return True
    return False
