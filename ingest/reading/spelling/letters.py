"""Letters to words: split at blanks, accents composed, letterspacing undone.

A text layer places each letter by itself. What is printed as one word may come as
letters far apart, and an accent as a letter of its own.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from itertools import pairwise
from statistics import median
from typing import NamedTuple

from ingest.box import union_box
from ingest.forms.whole.identifiers import has_check_digits
from ingest.page import Box

CELL_GAP = 0.55
"""Gap between two cells of a line in sizes of the font, at least, where there are no blanks."""
MIN_SPACED = 4
"""Single letters in a row, at least, that are taken for a letterspaced word."""
SPACED_GAP = 0.1
"""Gap between the letters of a letterspaced word, at least, in sizes of the font."""
WIDEST_GAP = 2.5
"""The same, at most."""
REACH = 0.7
"""Share of the gap between two letterspaced words that counts as part of the first."""
MAX_CARE = 2_000
"""Letters of a line, at most, that are looked at one by one."""
_IBAN = re.compile(r"[A-Z]{2}\d{2}[A-Z0-9]{11,30}")
WORD_GAP = 1.45
"""A gap of this many of a line's usual ones separates letterspaced words."""

_ACCENTS = {
    **{"`": "\u0300", "\u02cb": "\u0300", "\u00b4": "\u0301", "\u02ca": "\u0301"},
    **{"^": "\u0302", "\u02c6": "\u0302", "~": "\u0303", "\u02dc": "\u0303"},
    **{"\u00af": "\u0304", "\u02c9": "\u0304", "\u02d8": "\u0306", "\u02d9": "\u0307"},
    **{"\u00a8": "\u0308", "\u02da": "\u030a", "\u02dd": "\u030b", "\u02c7": "\u030c"},
    **{"\u00b8": "\u0327", "\u02db": "\u0328"},
}
"""Accents that stand alone (Latin-1, Spacing Modifier Letters) as combining marks."""
_DOTLESS = {"\u0131": "i", "\u0237": "j"}
_CARE = re.compile(
    rf"[{re.escape(''.join(_ACCENTS))}\u0300-\u036f]|(?:(?<!\S)\w\s+){{{MIN_SPACED - 1}}}\w(?!\S)"
)
_SIGNS = (
    "\u0900-\u0903\u093a-\u094f\u0981-\u0983\u09bc-\u09cd\u0a01-\u0a03\u0a3c-\u0a4d\u0a81-\u0a83"
    "\u0abc-\u0acd\u0b01-\u0b03\u0b3c-\u0b4d\u0b82\u0bbe-\u0bcd\u0c00-\u0c04\u0c3e-\u0c4d\u0c81-\u0c83"
    "\u0e31\u0e34-\u0e3a\u0e47-\u0e4e\u0eb1\u0eb4-\u0ebc\u0ec8-\u0ecd"
    "\u0cbc-\u0ccd\u0d00-\u0d03\u0d3b-\u0d4d\u0d82-\u0d83\u0dca-\u0ddf\u102b-\u103e\u17b6-\u17d3"
)
_TWICE = re.compile(rf"([{_SIGNS}]{{1,3}}?)\1+")
"""Vowel signs of Indic scripts, Thai, Lao, Khmer and Burmese, which no word has twice in a row: some fonts
give a sign with the letter before it and once more by itself."""
_LIGATURES = {"\u019f": "ti", "\u01a9": "tt", "\u014c": "ft", "\u019e": "tf", "\u01ab": "tti"}
_FALSE_LIGATURES = re.compile("(?<=[a-z])[\u019f\u01a9\u014c\u019e\u01ab]|\u019f(?=[a-z])")
"""Letters as which many PDFs give the ligatures of Calibri: `informa\u019fon`, `so\u014cware`."""
_JOINERS = "\u00ad\u200c\u200d"
"""Soft hyphens, and what joins letters or keeps them apart, are part of the spelling."""


class Letter(NamedTuple):
    """Letter of a line: where it starts and ends in the direction of print, in points.

    `place` is its rectangle. `blank` is a space in the file, or one that the reader saw
    in a gap (`guessed`). `raised` letters are superscripts, `hidden` ones are drawn
    without ink.
    """

    text: str
    start: float
    end: float
    size: float
    place: Box
    font: str = ""
    raised: bool = False
    hidden: bool = False
    blank: bool = False
    guessed: bool = False


def split_words(letters: Sequence[Letter]) -> list[list[Letter]]:
    """Split a line's letters, in the direction of print, into words."""
    words: list[list[Letter]] = []
    word: list[Letter] = []
    for letter in compose_accents(letters):
        if letter.blank or (word and letter.raised != word[-1].raised):
            if word:
                words.append(word)
            word = []
        if not letter.blank:
            word.append(letter)
    if word:
        words.append(word)
    if sum(len(word) == 1 for word in words) >= MIN_SPACED:
        return join_letterspaced(words)
    return words


def find_words(text: str, places: Sequence[Box], size: float) -> Iterator[re.Match[str]]:
    """Words of letters of one size: between blanks, and gaps where a script has none.

    Arrows and boxes to tick are words of their own.
    """
    start = 0
    if text.isascii():
        yield from _WORD.finditer(text)
        return
    if MARKS.search(text):
        yield from _MARKED.finditer(text)
        return
    if _NO_BLANKS.search(text):
        right = places[0][2]
        for at, place in enumerate(places):
            if place[0] - right > CELL_GAP * size:
                yield from _WORD.finditer(text, start, at)
                start = at
            right = max(right, place[2])
    yield from _WORD.finditer(text, start)


_WORD = re.compile(r"\S+")
_MARK = "\u2190-\u21ff\u25b6\u25ba\u25c4\u2610-\u2612\u2705\u2713-\u2718\u2b05-\u2b0d"
_SLOPE = "\u25b2-\u25b5\u25bc-\u25bf"
MARKS = re.compile(f"[{_MARK}{_SLOPE}]")
"""Arrows, boxes to tick, ticks and crosses; triangles, which are signs before a number."""
_MARKED = re.compile(
    f"[{_MARK}]+|[{_SLOPE}]+(?=[^\\W\\d_])|[{_SLOPE}]*[^\\s{_MARK}{_SLOPE}]+|[{_SLOPE}]+"
)
_NO_BLANKS = re.compile("[\u0e01-\u0eff\u1000-\u109f\u1780-\u17ff]")
"""Thai, Lao, Burmese and Khmer, where MuPDF sees no blank in a gap."""


def is_mark(text: str) -> bool:
    """Whether a word is an arrow, a box or a tick, and no part of the word beside it.

    >>> is_mark("↓"), is_mark("▲5"), is_mark("mg")
    (True, False, False)
    """
    return not text.isascii() and MARKS.sub("", text) == ""


def needs_care(text: str) -> bool:
    """Whether a line may be letterspaced, or have accents apart from letters."""
    return len(text) <= MAX_CARE and bool(_CARE.search(text))


def plain_text(text: str) -> str:
    """Text of a word in composed form (NFC), without control characters.

    Presentation forms (ligatures, shapes of Arabic letters) and radicals that stand
    for a character become the letters that they show.

    >>> plain_text("\ufb01sh"), plain_text("cafe\u0301")
    ('fish', 'café')
    """
    if text.isascii() and text.isprintable():
        return text
    text = _FALSE_LIGATURES.sub(lambda found: _LIGATURES[found[0]], text)
    whole = unicodedata.normalize("NFC", "".join(map(_plain, text)))
    return _TWICE.sub(r"\1", whole)


def _plain(character: str) -> str:
    if "\ufb00" <= character <= "\ufefc" or "\u2f00" <= character <= "\u2fd5":
        return unicodedata.normalize("NFKC", character)
    if "\ud800" <= character <= "\udfff":  # half of a character
        return "\ufffd"
    # Private and replacement characters stay: they tell that a font has no Unicode map.
    if unicodedata.category(character) in ("Cc", "Cf") and character not in _JOINERS:
        return ""
    return character


def compose_accents(letters: Sequence[Letter]) -> Sequence[Letter]:
    """Join accents that are letters of their own to the letters under them."""
    if not any(_mark_of(letter.text) for letter in letters):
        return letters
    found = list(letters)
    at = 0
    while at < len(found):
        mark = _mark_of(found[at].text)
        base = _base_of(found, at) if mark else None
        if base is None or not (joined := _compose(found[base], found[at], mark)):
            at += 1
            continue
        first, last = min(at, base), max(at, base)
        found[first : last + 1] = [joined]
        # The blank that was seen before or after the accent is no gap between letters.
        found[first + 1 : first + 2] = [
            each for each in found[first + 1 : first + 2] if not _is_false_blank(found, first + 1)
        ]
        at = first + 1
    return found


def _mark_of(text: str) -> str:
    """The combining mark that an accent stands for; empty for other letters."""
    if "\u0300" <= text[:1] <= "\u036f":
        return text
    return _ACCENTS.get(text, "")


def _compose(base: Letter, accent: Letter, mark: str) -> Letter | None:
    whole = unicodedata.normalize("NFC", _DOTLESS.get(base.text, base.text) + mark)
    if len(whole) > 1:
        return None
    return base._replace(text=whole, place=union_box([base.place, accent.place]))


def _base_of(letters: Sequence[Letter], at: int) -> int | None:
    """The letter over or under which an accent is drawn: the next, or the one before."""
    middle = (letters[at].start + letters[at].end) / 2
    nearest = (at + 1, at - 1, at + 2, at - 2)
    # One without width begins where the next letter does, and is drawn on the one before.
    for other in nearest if letters[at].end > letters[at].start else (at - 1, *nearest):
        if 0 <= other < len(letters) and letters[other].text.isalpha():
            between = letters[min(at, other) + 1 : max(at, other)]
            inside = letters[other].start <= middle <= letters[other].end
            if inside and all(letter.blank for letter in between):
                return other
    return None


def _is_false_blank(letters: Sequence[Letter], at: int) -> bool:
    """Whether a blank is where the letters around it touch."""
    if not letters[at].blank or at + 1 >= len(letters):
        return False
    before, after = letters[at - 1], letters[at + 1]
    return after.start - before.end < SPACED_GAP * before.size


def join_letterspaced(words: Sequence[list[Letter]]) -> list[list[Letter]]:
    """Join runs of single letters with even gaps between them; other words stay."""
    joined: list[list[Letter]] = []
    run: list[Letter] = []
    for word in words:
        spaced = len(word) == 1 and _may_be_spaced(word[0])
        if run and not (spaced and abs(run[-1].size - word[0].size) < 0.1 * word[0].size):
            joined.extend(_join_run(run))
            run = []
        if spaced:
            run.append(word[0])
        else:
            joined.append(word)
    joined.extend(_join_run(run))
    return joined


def _may_be_spaced(letter: Letter) -> bool:
    wide = unicodedata.east_asian_width(letter.text[0]) in "WF"
    return not (wide or letter.raised) and (letter.text.isalnum() or letter.text in "&-'’.,:!?")


def _join_run(run: Sequence[Letter]) -> list[list[Letter]]:
    """Words of a run of letters: one a letter, unless it is letterspaced."""
    apart = [[letter] for letter in run]
    if len(run) < MIN_SPACED or not _is_spelled(run):
        return apart
    gaps = [after.start - before.end for before, after in pairwise(run)]
    usual = median(gaps)
    if not SPACED_GAP <= usual / run[0].size <= WIDEST_GAP:
        return apart
    inside = [gap for gap in gaps if gap <= WORD_GAP * usual]
    if max(inside) - min(inside) > 0.6 * usual:
        return apart  # gaps of many widths: cells, or labels of a drawing
    words = [[run[0]]]
    for gap, letter in zip(gaps, run[1:], strict=True):
        if gap > WORD_GAP * usual:
            words[-1][-1] = _reach(words[-1][-1], letter)
            words.append([])
        words[-1].append(letter)
    return words


def _reach(letter: Letter, following: Letter) -> Letter:
    """The last letter of a word, reaching towards the next word: the gap is no cell's."""
    left, top, right, bottom = letter.place
    if following.place[0] > right:
        right += REACH * (following.place[0] - right)
    return letter._replace(place=(left, top, right, bottom))


def _is_spelled(letters: Sequence[Letter]) -> bool:
    """Whether letters may spell words: most are letters, and not an alphabet in order.

    Or an IBAN, each letter in a box of its form.
    """
    text = "".join(letter.text for letter in letters)
    if _IBAN.fullmatch(text) and has_check_digits(text):
        return True
    codes = [ord(letter.text[0].upper()) for letter in letters if letter.text.isalpha()]
    if len(codes) < 0.6 * len(letters) or len(set(codes)) < 3:
        return False
    steps = [after - before for before, after in pairwise(codes)]
    return sum(step == 1 for step in steps) < 0.6 * max(len(steps), 1)
