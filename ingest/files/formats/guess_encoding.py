"""Encoding guess: that in which a text is likeliest a language."""

from __future__ import annotations

import re
import unicodedata
from functools import cache

from ingest.reading.text_layer.letter_likelihood import CJK, letter_likelihood, script_of

WESTERN = "cp1252"
WIDE = ("cp932", "euc_jp", "gb18030", "big5", "cp949")
"""Encodings with characters of several bytes, some of which are ASCII."""
ENCODINGS = (
    WESTERN,
    *("cp1250", "cp1251", "cp1253", "cp1254", "cp1255", "cp1256", "cp1257", "cp874"),
    *("iso8859-2", "iso8859-7", "iso8859-15", "koi8-r", "cp866", "cp850", "mac_roman"),
    *WIDE,
)
"""Encodings of texts that are no UTF-8, the usual ones first."""
OLD = frozenset({"cp866", "cp850", "mac_roman"})
SAMPLE = 3_000
"""Bytes beyond ASCII that are looked at, about."""
MARGIN = 0.25
"""Nats a letter by which another encoding must be likelier, and once more an old one."""
FEW = 6.0
"""The same where one byte is beyond ASCII; less the more there are."""
ODD = -12.0
"""Nats of a sign or control character beyond ASCII within a word."""
SIGNS_ALONE = -2.0
"""Nats of a text whose only characters beyond ASCII are signs that texts have."""
UNKNOWN = -6.0
"""Nats a letter of a script of which no language is known: Korean, Thai."""
_ASCII = bytes(range(128))
_WORD = re.compile(r"[^\W\d_]+")
_AROUND = re.compile(rb"(?<![\w'-])[\w'-]*[\x80-\xff][\w'\x80-\xff-]*")
_OPENING = frozenset("«»„“”‚‘’–—…•¿¡\u00a0、。，；：？！「」『』（）・ー")
"""Signs that may stand before a letter, and"""
_SIGNS = _OPENING | frozenset("€£¥§©®°±²³µ·‹›‰†‡™№×÷½¼¾¹ºª%")
"""those that texts have at all."""


def guess_encoding(data: bytes) -> str:
    """Encoding of bytes that are no UTF-8; "cp1252" where nothing else fits.

    >>> guess_encoding("Müller".encode("cp1252")), guess_encoding("Договор".encode("cp1251"))
    ('cp1252', 'cp1251')
    """
    words = b" ".join(_AROUND.findall(data))[:SAMPLE]
    few = len(words.translate(None, _ASCII))
    best, most = WESTERN, float("-inf")
    for encoding in ENCODINGS:
        found = _likelihood(data[:SAMPLE] if encoding in WIDE else words, encoding)
        if found is None:
            continue
        found -= (MARGIN + FEW / few**2) * (encoding != WESTERN) + MARGIN * (encoding in OLD)
        if found > most:
            best, most = encoding, found
    return best


def _likelihood(data: bytes, encoding: str) -> float | None:
    """Nats a letter of a text in an encoding; None where it cannot be in it."""
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError as error:
        if error.start < len(data) - 3:  # else the sample ends within a character
            return None
        text = data[: error.start].decode(encoding)
    beyond = [character for character in text if character > "\x7f"]
    letters = [character for character in beyond if character.isalpha()]
    odd = sum(_is_odd(*three) for three in zip(f" {text}", text, f"{text[1:]} ", strict=False))
    if not letters:
        return ODD * odd / len(beyond) + SIGNS_ALONE if beyond else None
    long = " ".join(word for word in _WORD.findall(text) if len(word) > 2 or not word.isascii())
    likely = letter_likelihood(long if len(long) > 2 else text)
    likely = UNKNOWN if likely is None else likely
    script = script_of("".join(letters))
    likely += {CJK: UNKNOWN / 2, "HANGUL": 1.0}.get(script, 0.0)
    return (likely * len(letters) + ODD * odd) / (len(letters) + odd)


def _is_odd(before: str, character: str, after: str) -> bool:
    """Whether a character beyond ASCII is none that a text has between these two."""
    if character <= "\x7f":
        return False
    if character.isalpha() or unicodedata.category(character).startswith("M"):
        other = before.isalpha() and _script(before) != _script(character)
        return other or _script(character) == "HALFWIDTH"
    if character in _OPENING:
        return character in "„‚«»¿¡" and before.isalpha() and after.isalpha()
    return character not in _SIGNS or (after.isalpha() and character not in "°µ§")


@cache
def _script(letter: str) -> str:
    name = unicodedata.name(letter, "").partition(" ")[0].partition("-")[0]
    return "CJK" if name in ("HIRAGANA", "KATAKANA", "KATAKANA-HIRAGANA") else name
