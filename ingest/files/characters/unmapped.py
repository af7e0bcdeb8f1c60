"""Glyphs that a font maps to no character, or to a wrong one.

A ligature is often mapped to nothing, to a blank, or to whatever has its number in another
encoding: `certi cate`, `o∆er`, `operaOons`. Such characters become private ones, which tell
the glyph and what the file says of it; the print decides what they are.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Sequence
from typing import Any

from ingest.reading.spelling.stand_in import for_glyph, for_odd

UNMAPPED = 64 | 128
"""MuPDF's flags of characters that are the number of a glyph: the font says nothing of it."""
SYNTHETIC = 512
"""MuPDF's flag of blanks that it has put into a gap."""
INK = 16 | 32
"""MuPDF's flags of letters that are filled or stroked; others are drawn without ink."""
MIN_WIDTH = 0.05
"""Width of a control character that shows something, in sizes of the font."""
FEWEST_WORDS, FEWEST_OF_CAPITALS = 2, 3
"""Different surroundings in which a character is odd, at least; of a capital letter."""
FEWEST_BLANKS = 3
"""Blanks of one width in a line, at least, to tell others from them."""
WIDER, NARROWER = 1.15, 0.85
"""Widths of blanks for the usual one, beyond which they are no blanks."""
MAX_SPANS = 20_000

_IN_WORD = re.compile(
    r"(?<=[a-z\u00df-\u00f6\u00f8-\u00ff])"
    r"(?:[A-Z\u00d8\u00de]|[^\w\s.,:;/@'\u2019\u2018\u00ad\u00b7\u00b4`()\u2010-\u2015\u2026\"\u201c\u201d-])"
    r"(?=[a-z\u00df-\u00f6\u00f8-\u00ff])"
)
"""A character between two small letters that no word has there."""
_AT_START = re.compile(
    r"(?<!\w)[^\w\s\"'\u2018-\u201f\u00ab(*\u2022/.,\u2010-\u2015-](?=[a-z])|(?<!\w)\u00df(?=[a-z])"
)
"""The same at the beginning of a word, in fonts that have odd characters within words."""


def mark_unmapped(spans: Sequence[dict[str, Any]], unknown: Sequence[Sequence[bool]]) -> None:
    """Put stand-ins for glyphs that are mapped to nothing or to odd characters.

    Args:
        unknown: for each span, which of its characters the font says nothing of.
    """
    if len(spans) > MAX_SPANS:
        return
    fonts: dict[str, list[tuple[dict[str, Any], Sequence[bool]]]] = defaultdict(list)
    for span, flags in zip(spans, unknown, strict=True):
        if not span["char_flags"] & SYNTHETIC and span["char_flags"] & INK:
            fonts[span["font"]].append((span, flags))
    for own in fonts.values():
        glyphs = sum(sum(flags) for _, flags in own)
        if 2 * glyphs < sum(len(span["chars"]) for span, _ in own):
            for span, flags in own:
                for at, is_unknown in enumerate(flags):
                    if is_unknown:
                        char = span["chars"][at]
                        char["c"] = for_glyph(ord(char["c"][:1] or " "))
            _mark_odd([span for span, _ in own])


def _mark_odd(spans: Sequence[dict[str, Any]]) -> None:
    texts = ["".join([char["c"][:1] for char in span["chars"]]) for span in spans]
    odd = _odd_characters(texts)
    for span, text in zip(spans, texts, strict=True):
        if text.isalnum() or len(text) != len(span["chars"]):
            continue
        blanks = _odd_blanks(span) if " " in text else ()
        for at, (char, character) in enumerate(zip(span["chars"], text, strict=True)):
            if character == " ":
                is_odd = at in blanks and _touches_small(text, at)
            elif character < " ":
                is_odd = character not in "\t\n\r" and _width(char, span) > MIN_WIDTH
            else:
                is_odd = character in odd and _touches_small(text, at)
            if is_odd:
                char["c"] = for_odd(character, _width(char, span))


def _odd_characters(texts: Sequence[str]) -> set[str]:
    around: dict[str, set[str]] = defaultdict(set)
    for text in texts:
        for found in _IN_WORD.finditer(text):
            around[found[0]].add(text[max(found.start() - 2, 0) : found.end() + 2])
    odd = {
        character
        for character, places in around.items()
        if len(places) >= (FEWEST_OF_CAPITALS if character.isalpha() else FEWEST_WORDS)
    }
    if odd:
        odd |= around.keys() | {found for text in texts for found in _AT_START.findall(text)}
    return odd


def _odd_blanks(span: dict[str, Any]) -> Sequence[int]:
    """Which blanks of a span have another width than most of its blanks.

    The space that justifies a line is the same at each of its blanks.
    """
    widths = {
        at: round(_width(char, span), 2)
        for at, char in enumerate(span["chars"])
        if char["c"] == " " and not char.get("synthetic")
    }
    common = Counter(widths.values()).most_common(1)
    if not common or common[0][1] < FEWEST_BLANKS or len(widths) == common[0][1]:
        return ()
    return [at for at, width in widths.items() if _is_other(width, common[0][0])]


def _is_other(width: float, usual: float) -> bool:
    return not NARROWER * usual <= width <= WIDER * usual


def _touches_small(text: str, at: int) -> bool:
    return text[max(at - 1, 0) : at].islower() or text[at + 1 : at + 2].islower()


def _width(char: dict[str, Any], span: dict[str, Any]) -> float:
    """Extent of a character along its line, in sizes of the font."""
    left, top, right, bottom = char["bbox"]
    across, down = span["dir"]
    extent = right - left if abs(across) >= abs(down) else bottom - top
    return float(extent / max(span["size"], 0.1))
