"""Parts of words written together or apart, with signs or without.

camelCase and 16GB by their parts, 16 GB as one; colo(u)r, re[vised], Mitarbeiter*innen and
col·lecció as one word; currencies by their codes; Persian words with a joiner by their parts.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from ingest.forms.fold import fold
from ingest.forms.terms import split_terms

_CAMEL = re.compile(r"(?<![^\W_])[^\W_]*[a-z][A-Z][a-z][^\W_]*")
_HUMP = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")
_UNITS = "mm|cm|km|m|g|kg|mg|l|ml|v|kv|w|kw|kwh|mwh|a|ma|ah|mah|hz|khz|mhz|ghz|kb|mb|gb|tb|px|pt|dpi|rpm|bar|nm|db"
_MEASURE = re.compile(rf"(?<![^\W_])(\d{{1,6}})( ?)({_UNITS})(?![^\W_])", re.IGNORECASE)
_SIZE = re.compile(r"(?<![^\W_])(\d{1,5}) ?[x×] ?(\d{1,5})(?![^\W])", re.IGNORECASE)
_BRACKETS = re.compile(
    r"(?<!\w)[^\W\d_]*(?:[^\W\d_]\([^\W\d_]{1,8}\)|[^\W\d_]\[[^\W\d_]{1,8}\]|\[[^\W\d_]{1,8}\](?=[^\W\d_]))[^\W\d_]*"
)
_BRACKETED = re.compile(r"[(\[]([^\W\d_]+)[)\]]")
_GENDERED = re.compile(r"(?<!\w)([^\W\d_]{3,})(?:[*:_·•]|/-?|-)(in(?:nen)?|r|n)(?!\w)")
MAX_WORD = 100
"""Characters of a word whose encoding is looked at."""
_TWICE_ENCODED = re.compile("[\u00c2-\u00f4][\u0080-\u00bf\u0152-\u0192\u02c6-\u02dc\u2013-\u2122]")
"""What a letter in UTF-8 looks like in Windows-1252: Stra\u00c3\u0178e."""
_MIDDLE_DOT = re.compile(r"(?<!\w)[^\W\d_]*l[·•\u2027]l[^\W\d_]*", re.IGNORECASE)
_JOINED = re.compile("[\u0600-\u06ff]+(?:\u200c[\u0600-\u06ff]+)+")
CURRENCY_SIGNS = {
    "€": "eur",
    "$": "usd",
    "£": "gbp",
    "¥": "jpy",
    "₹": "inr",
    "₩": "krw",
    "₺": "try",
}
_SIGN = re.compile(f"(?<![A-Za-z])[{''.join(CURRENCY_SIGNS)}]")
_NAMES = {
    **dict.fromkeys(("euro", "euros"), "eur"),
    **dict.fromkeys(("dollar", "dollars"), "usd"),
    **dict.fromkeys(("yen", "円"), "jpy"),
    **dict.fromkeys(("rupee", "rupees"), "inr"),
}
_NAME = re.compile(r"(?<=\d )(?:euros?|dollars?|yen|rupees?)(?!\w)|(?<=\d)円", re.IGNORECASE)
_COMPANY = re.compile(r"[(（]([株有])[)）]|[㈱㈲]")
_COMPANIES = {"株": "株式会社", "㈱": "株式会社", "有": "有限会社", "㈲": "有限会社"}


def parts_of_words(text: str) -> Iterator[str]:
    """Parts of a page's words, and measures as one; a query has none.

    >>> list(parts_of_words("getUserName 16GB")), list(parts_of_words("12 V, 10 x 20"))
    (['get', 'user', 'name', '16', 'gb'], ['12v', '10x20', '10', '20'])
    """
    for found in _CAMEL.finditer(text):
        yield from (part.lower() for part in _HUMP.findall(found[0]) if len(part) > 1)
    for found in _MEASURE.finditer(text):
        number, blank, unit = found.groups()
        yield from (f"{number}{unit.lower()}",) if blank else (number, unit.lower())
    for found in _SIZE.finditer(text):
        yield f"{found[1]}x{found[2]}"
        yield from found.groups()


def without_signs(text: str) -> Iterator[str]:
    """Words without the signs within them, and currencies by their codes.

    Args:
        text: as it is printed, before it is normalized.

    >>> list(without_signs("colo(u)r, Mitarbeiter*innen, €5"))
    ['colour', 'color', 'mitarbeiterinnen', 'eur']
    """
    for found in _BRACKETS.finditer(text):
        yield fold(_BRACKETED.sub(r"\1", found[0]))
        yield fold(_BRACKETED.sub("", found[0]))  # without what the brackets hold
    for found in _GENDERED.finditer(text):
        yield fold(found[1] + found[2])
    for found in _SIGN.finditer(text):
        yield CURRENCY_SIGNS[found[0]]
    for found in _NAME.finditer(text):
        yield _NAMES[found[0].lower()]
    if text.isascii():
        return
    for word in text.split() if _TWICE_ENCODED.search(text) else ():
        if len(word) <= MAX_WORD and _TWICE_ENCODED.search(word):
            yield from split_terms(_decoded(word))
    for found in _MIDDLE_DOT.finditer(text):
        yield fold(re.sub("[·•\u2027]", "", found[0]))
    for found in _JOINED.finditer(text):
        yield from map(fold, found[0].split("\u200c"))
    for found in _COMPANY.finditer(text):
        yield from split_terms(_COMPANIES[found[1] or found[0]])


def _decoded(word: str) -> str:
    """A word whose UTF-8 was read as Windows-1252; empty for another."""
    try:
        return b"".join(map(_byte, word)).decode("utf-8")
    except UnicodeError:
        return ""


def _byte(letter: str) -> bytes:
    return letter.encode("latin-1" if letter < "\u0100" else "cp1252")
