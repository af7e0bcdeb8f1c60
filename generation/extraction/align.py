"""Word alignment: `difflib` with a budget of work.

Where words repeat, difflib takes the square or the cube of their number: two
pages of 5,000 words in turns never end. Beyond the budget, what is left of a
range is one difference.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from difflib import Match, SequenceMatcher
from itertools import accumulate

MAX_STEPS = 30_000_000
"""Pairs of equal words that are looked at, for each of two tries; about two seconds."""
COMMON = 20
"""In the second try, words that occur more often do not start a match."""

OpCode = tuple[str, int, int, int, int]


def align(a: Sequence[str], b: Sequence[str]) -> tuple[Sequence[OpCode], bool]:
    """Align two sequences of words.

    Returns:
        The opcodes of `SequenceMatcher`, and whether the budget was enough for
        an alignment that heeds every word.
    """
    exact = _Matcher(a, b)
    opcodes = exact.get_opcodes()
    if not exact.spent:
        return opcodes, True
    counts = Counter(b)
    coarse = _Matcher(a, b, lambda word: counts[word] > COMMON)
    return coarse.get_opcodes(), False


class _Matcher(SequenceMatcher[str]):
    """Matcher that finds nothing more when its steps are `spent`."""

    def __init__(
        self, a: Sequence[str], b: Sequence[str], junk: Callable[[str], bool] | None = None
    ) -> None:
        super().__init__(junk, a, b, autojunk=False)
        places = {word: len(found) for word, found in self.b2j.items()}  # type: ignore[attr-defined]
        self._steps = [0, *accumulate(1 + places.get(word, 0) for word in a)]
        self._left = MAX_STEPS
        self.spent = False

    def find_longest_match(
        self, alo: int = 0, ahi: int | None = None, blo: int = 0, bhi: int | None = None
    ) -> Match:
        """Longest match of two ranges; an empty one where the budget does not allow a look."""
        end = len(self._steps) - 1 if ahi is None else ahi
        self._left -= self._steps[end] - self._steps[alo]
        if self._left < 0:
            self.spent = True
            return Match(alo, blo, 0)
        return super().find_longest_match(alo, ahi, blo, bhi)
