"""Look-alikes: Cyrillic and Greek letters within words in Latin letters.

They come from OCR, from keyboards that were switched within a word, and on number
plates, which are typed in either script.
"""

from __future__ import annotations

_OTHERS = "АВЕКМНОРСТУХаеорсухіјѕԁΑΒΕΖΗΙΚΜΝΟΡΤΥΧο"
_LATIN = "ABEKMHOPCTYXaeopcyxijsdABEZHIKMNOPTYXo"
_TO_LATIN = str.maketrans(_OTHERS, _LATIN)


def as_latin(word: str) -> str | None:
    """Word with look-alikes as the Latin letters that they look like.

    None for a word without look-alikes, or without Latin letters and digits beside them.

    >>> as_latin("Реtrоv"), as_latin("А123ВС"), as_latin("СОМЕТ"), as_latin("Petrov")
    ('Petrov', 'A123BC', None, None)
    """
    if word.isascii() or not any(c.isascii() and c.isalnum() for c in word):
        return None
    latin = word.translate(_TO_LATIN)
    return latin if latin.isascii() else None
