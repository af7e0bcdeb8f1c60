"""Folding: text without the differences in spelling that a search ignores.

NFKC and case folding, digits of every script as ASCII, simplified characters for
traditional ones, and marks by script: Latin, Greek and Cyrillic accents, Hebrew points,
Arabic vowel marks and nuktas go; vowel signs of Indic and Thai letters, and voicing
marks of kana, are part of the word and stay.
"""

from __future__ import annotations

import re
import unicodedata
from functools import cache
from typing import TYPE_CHECKING

from anyascii import anyascii

if TYPE_CHECKING:
    from opencc import OpenCC

_VOICING, _VIRAMA = 8, 9
_KEPT_CLASSES = {0, _VOICING, _VIRAMA, *range(100, 134)}
"""Canonical combining classes of marks that stay: vowel signs, and tones of Thai and Lao."""
_LETTERS = {
    "ى": "ي",
    "ی": "ي",
    "ک": "ك",
    "ة": "ه",
    "ٱ": "ا",
    "ـ": "",
    "ँ": "ं",
    "ı": "i",
}
"""Letters written one for the other: Arabic alef, yeh, kaf, teh marbuta and tatweel; nasal signs
of Devanagari; the Turkish dotless i."""
_SHORT_I = {"и\u0306": "й"}
_CJK = range(0x3400, 0x323B0)


def fold(text: str) -> str:
    """Fold a text; equal for words that a search does not tell apart.

    >>> fold("ISTANBUL İstanbul Straße Œuvre"), fold("漢語"), fold("بِسْمِ"), fold("बिल")
    ('istanbul istanbul strasse oeuvre', '汉语', 'بسم', 'बिल')
    """
    if text.isascii():
        return text.lower()
    marked = unicodedata.normalize("NFD", normalize(text).casefold())
    for apart, letter in _SHORT_I.items():
        marked = marked.replace(apart, letter)
    return unicodedata.normalize("NFC", marked.translate(_TABLE))


def normalize(text: str) -> str:
    """Text in NFKC, without soft hyphens, joiners and other invisible characters.

    >>> normalize("ﬁle\\u00ad₂"), normalize("2½")
    ('file2', '2 1/2')
    """
    if text.isascii():
        return text
    if _FRACTION.search(text):
        text = _FRACTION.sub(_spell_fraction, text)
    return unicodedata.normalize("NFKC", text.translate(_INVISIBLE))


def _spell_fraction(found: re.Match[str]) -> str:
    """A fraction that is one character, apart from the number before it: 2½ is not 21/2."""
    return (" " if found[1] is not None else "") + unicodedata.normalize("NFKC", found[2]).replace(
        "\u2044", "/"
    )


_FRACTION = re.compile("((?<=\\d))?([\u00bc-\u00be\u2150-\u215e\u2189])")


def keep_accents(word: str) -> str:
    """Word with its accents, its case folded.

    >>> keep_accents("Éte")
    'éte'
    """
    return normalize(word).replace("İ", "i").casefold()


class _Invisible(dict[int, int | None]):
    """Translation that removes format characters, filled as they are met."""

    def __missing__(self, code: int) -> int | None:
        invisible = code > 0x7F and unicodedata.category(chr(code)) == "Cf"
        self[code] = value = None if invisible else code
        return value


class _Table(dict[int, str]):
    """Translation of single letters, filled as they are met."""

    def __missing__(self, code: int) -> str:
        self[code] = value = _fold_letter(chr(code))
        return value


_INVISIBLE = _Invisible()
_TABLE = _Table()


def _fold_letter(letter: str) -> str:
    if letter in _LETTERS:
        return _LETTERS[letter]
    if letter.isascii():
        return letter
    category = unicodedata.category(letter)
    if category == "Mn":
        return letter if unicodedata.combining(letter) in _KEPT_CLASSES else ""
    if category == "Nd":
        return str(unicodedata.digit(letter))
    if ord(letter) in _CJK and category != "Cs":  # half of a surrogate pair is no character
        return str(_simplifier().convert(letter))
    if category.startswith("L") and unicodedata.name(letter, "").startswith("LATIN"):
        return str(anyascii(letter)).lower()
    return letter


@cache
def _simplifier() -> OpenCC:
    from opencc import OpenCC

    return OpenCC("t2s")
