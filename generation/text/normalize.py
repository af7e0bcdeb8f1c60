"""Text normalization: words as one plain string, with the offset of each.

Removed are case, spaces, ligatures, soft and line-end hyphens, and the shapes of
dashes and quotation marks. Kept are the signs and decimal points of numbers, and
the space between two numbers.
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
    """Normalized text of words; `starts` has the offset in `text` of each word."""

    text: str
    starts: tuple[int, ...]
    number_spans: tuple[tuple[int, int], ...]

    @property
    def numbers(self) -> list[str]:
        """Numbers in order, with sign and decimals."""
        return [self.text[start:end] for start, end in self.number_spans]

    def numbers_in(self, start: int, end: int) -> list[str] | None:
        """Numbers between two offsets; None where an offset is inside a number."""
        touched = [span for span in self.number_spans if span[0] < end and start < span[1]]
        if any(low < start or high > end for low, high in touched):
            return None
        return [self.text[low:high] for low, high in touched]

    def inside_word(self, at: int) -> bool:
        """Whether an offset is between two letters of one word, in a script with spaces."""
        if at in (0, len(self.text)) or self.starts[bisect_right(self.starts, at) - 1] == at:
            return False
        return _has_spaces(self.text[at - 1]) and _has_spaces(self.text[at])

    def words_at(self, start: int, end: int) -> tuple[int, int]:
        """Words of the characters `start` up to (not with) `end`, as such a span."""
        return bisect_right(self.starts, start) - 1, bisect_right(self.starts, end - 1)

    def strip(self, edges: str) -> NormalizedText:
        """Strip the characters `edges` from both ends."""
        dropped = len(self.text) - len(self.text.lstrip(edges))
        text = self.text.strip(edges)
        return NormalizedText(
            text, tuple(max(0, start - dropped) for start in self.starts), _number_spans(text)
        )


def normalize_words(words: Iterable[str]) -> NormalizedText:
    """Normalize words, in order, to one string.

    >>> text = normalize_words(["Café", "“Noir”", "3.50", "EUR"])
    >>> text.text
    "café'noir'3.50eur"
    >>> text.starts, text.numbers
    ((0, 4, 10, 14), ['3.50'])
    """
    pieces: list[str] = []
    last = ""
    for word in words:
        piece = _normalize_word(word)
        if _would_merge_numbers(last, piece):
            piece = " " + piece
        pieces.append(piece)
        last = piece[-1:] or last
    text = "".join(pieces)
    starts = tuple(accumulate((len(piece) for piece in pieces), initial=0))[:-1]
    return NormalizedText(text, starts, _number_spans(text))


def _would_merge_numbers(last: str, piece: str) -> bool:
    """Whether two numbers would become one without a space between them."""
    if last.isdigit():
        return piece[:1].isdigit() or piece.startswith((".", ",", ":", "/"))
    return piece[:1].isdigit() and last in (".", ",", ":", "/", _MINUS)


@lru_cache(maxsize=1 << 15)
def _normalize_word(word: str) -> str:
    text = unicodedata.normalize("NFKC", word.translate(_MARKS)).translate(_MARKS)
    text = unicodedata.normalize("NFKC", text.casefold()).replace("...", "…")
    return _HYPHEN.sub("", _SIGN.sub(_MINUS, "".join(text.split())))


def _number_spans(text: str) -> tuple[tuple[int, int], ...]:
    return tuple(found.span() for found in _NUMBER.finditer(text))


def _has_spaces(letter: str) -> bool:
    """Whether a letter or digit is of a script with spaces and without suffixes."""
    return letter.isalnum() and letter < "\u0e00"
