"""Stand-ins: private characters for glyphs that a font maps wrongly.

They tell one glyph from another until the print has shown what each is.
"""

from __future__ import annotations

_GLYPH, _ODD, _WIDE = 0xF0000, 0x100000, 0x108000
"""Of a glyph's number; of a character; of a Latin-1 character and the width of its glyph."""
WIDTHS = 127
"""Classes of widths, a fiftieth of the font's size each."""
FIRST = chr(_GLYPH)
"""Stand-ins are from here on; private characters before are the file's own."""


def for_glyph(number: int) -> str:
    """The stand-in for a glyph by its number in the font."""
    return chr(_GLYPH + (number & 0xFFFF))


def for_odd(character: str, width: float) -> str:
    """The stand-in for a character that is not what is printed, with its width."""
    code = ord(character)
    if code > 0xFF:
        return chr(_ODD + code) if code <= 0x7FFF else character
    return chr(_WIDE + (min(max(round(width * 50), 0), WIDTHS) << 8) + code)


def original(stand_in: str) -> str | None:
    """What the file says; None for a glyph by its number.

    >>> original(for_odd("[", 0.63)), original(for_odd("∆", 0.63)), original(for_glyph(65))
    ('[', '∆', None)
    """
    code = ord(stand_in)
    if code >= _WIDE:
        return chr(code & 0xFF)
    return chr(code & 0x7FFF) if code >= _ODD else None
