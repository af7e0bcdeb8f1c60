"""Spell printed words as one run of plain characters, and lead back from characters to words.

What does not matter to a reader goes: case, spaces, ligatures, soft and
line-end hyphens, the shapes of dashes and quotation marks. What matters to
numbers stays: signs, decimal points, and that two numbers are two.
"""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from itertools import accumulate

_MINUS = "−"
_MARKS = str.maketrans(
    dict.fromkeys('"“”„‟«»‹›「」『』‘’‚‛`´′″＂＇', "'")
    | dict.fromkeys("‐‑‒–—―−﹣－", "-")
    | dict.fromkeys("\u00ad\u200b\u200c\u200d\u2060\ufeff", "")
)
_SIGN = re.compile(r"(?<![^\W_])-(?=[^\w\s]?\d)")
_HYPHEN = re.compile(r"(?<!\d)-|-(?!\d)")
_NUMBER = re.compile(rf"(?:{_MINUS}\D?)?\d+(?:[.,:/]\d+)*")


@dataclass(frozen=True, slots=True)
class NormalizedText:
    """Characters spelled from words. `starts` has, for each word, where in `text` it begins."""

    text: str
    starts: tuple[int, ...]
    number_spans: tuple[tuple[int, int], ...]

    @property
    def numbers(self) -> list[str]:
        """Every number, in order, with its sign and decimals."""
        return [self.text[start:end] for start, end in self.number_spans]

    def numbers_in(self, start: int, end: int) -> list[str] | None:
        """The numbers between two places; None where a place cuts through a number."""
        touched = [span for span in self.number_spans if span[0] < end and start < span[1]]
        if any(low < start or high > end for low, high in touched):
            return None
        return [self.text[low:high] for low, high in touched]

    def inside_word(self, at: int) -> bool:
        """Whether a place lies between two letters of one word, in a script that parts words."""
        if at in (0, len(self.text)) or self.starts[bisect_right(self.starts, at) - 1] == at:
            return False
        return _parted(self.text[at - 1]) and _parted(self.text[at])

    def words_at(self, start: int, end: int) -> tuple[int, int]:
        """The words that the characters `start` up to (not with) `end` belong to."""
        return bisect_right(self.starts, start) - 1, bisect_right(self.starts, end - 1)

    def strip(self, edges: str) -> NormalizedText:
        """Without any of the characters `edges` at either end."""
        dropped = len(self.text) - len(self.text.lstrip(edges))
        text = self.text.strip(edges)
        return NormalizedText(
            text, tuple(max(0, start - dropped) for start in self.starts), _spans(text)
        )


def normalize_words(words: Iterable[str]) -> NormalizedText:
    """Spell words, in order, as one run of characters."""
    pieces: list[str] = []
    last = ""
    for word in words:
        piece = _plain(word)
        if _would_join(last, piece):
            piece = " " + piece
        pieces.append(piece)
        last = piece[-1:] or last
    text = "".join(pieces)
    starts = tuple(accumulate((len(piece) for piece in pieces), initial=0))[:-1]
    return NormalizedText(text, starts, _spans(text))


def _would_join(last: str, piece: str) -> bool:
    """Whether two numbers would become one if no space were kept between them."""
    if last.isdigit():
        return piece[:1].isdigit() or piece.startswith((".", ",", ":", "/"))
    return piece[:1].isdigit() and last in (".", ",", ":", "/", _MINUS)


@lru_cache(maxsize=1 << 15)
def _plain(word: str) -> str:
    text = unicodedata.normalize("NFKC", word.translate(_MARKS)).translate(_MARKS)
    text = unicodedata.normalize("NFKC", text.casefold()).replace("...", "…")
    return _HYPHEN.sub("", _SIGN.sub(_MINUS, "".join(text.split())))


def _spans(text: str) -> tuple[tuple[int, int], ...]:
    return tuple(found.span() for found in _NUMBER.finditer(text))


def _parted(letter: str) -> bool:
    """Letters and digits of scripts that are written with spaces; Hangul endings grow on."""
    return letter.isalnum() and letter < "\u0e00"
