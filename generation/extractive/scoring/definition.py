"""Definitions: whether a sentence says what a name means or stands for."""

from __future__ import annotations

import re
from functools import lru_cache

EXPANDS, DEFINES, NAMES, BEGINS = 0.6, 0.35, 0.2, 0.15
"""Added to the score of a passage that spells out an abbreviation, that says what the name is, that
has a name or description beside it, and that begins with it."""

_IS = r"(?:is|are|was|were|refers? to|means?|denotes?|describes?|stands? for|represents?|ist|sind|bedeutet|bezeichnet)"


def definition_bonus(name: str, text: str, *, expansion: bool = False) -> float:
    """What a passage gains where it defines a name; 0 where it only mentions it.

    Args:
        expansion: the question asks what the name stands for; nothing else counts.

    >>> definition_bonus("TideNet", "We present TideNet, a network for tides."), definition_bonus(
    ...     "MAE", "The mean absolute error (MAE) is small.", expansion=True)
    (0.35, 0.6)
    """
    if _expands(name, text):
        return EXPANDS
    if expansion:
        return 0.0
    return next((bonus for pattern, bonus in _patterns(name) if pattern.search(text)), 0.0)


@lru_cache(maxsize=64)
def _patterns(name: str) -> tuple[tuple[re.Pattern[str], float], ...]:
    spaced = r"[\s-]+".join(map(re.escape, name.split()))
    word = rf"(?<!\w){spaced}(?:s|es)?(?!\w)"
    begin = (
        r"^(?:(?:\d+(?:\.\d+)*\.?|[•·*-])\s)?(?:(?:an?|the|our|this|eine?|der|die|das)\s)?[\"“'‘]?"
    )
    article = r"(?:an?|the|any|one|eine?[nr]?|der|die|das)\b"
    return tuple(
        (re.compile(pattern, re.IGNORECASE), bonus)
        for pattern, bonus in (
            (
                rf"{begin}{word}[\"”'’]?(?: \([^)]*\))? {_IS} (?:defined as |called )?{article}",
                DEFINES,
            ),
            (
                rf"{begin}{word}, (?:which|that|who)\b|{word}, (?:also called|or|an?|the)\b|\bdefined? (?:an?|the)?\s?[\"“'‘]?{word}",
                DEFINES,
            ),
            (rf"{begin}{word}[\"”'’]?(?: \([^)]*\))? {_IS}\b|{begin}{word}\s?[:：–—]", NAMES),
            (
                rf"{begin}{word}(?:이?란|은|는)\s|\b(?:called|known as|named) (?:an?|the)?\s?[\"“'‘]?{word}",
                NAMES,
            ),
            (rf"{begin}{word}", BEGINS),
        )
    )


def _expands(name: str, text: str) -> bool:
    """Whether words whose initials are the name stand before it or after it, in brackets."""
    letters = [letter.lower() for letter in name if letter.isalnum()]
    if not 2 <= len(letters) <= 8 or not name.isupper():
        return False
    found = re.search(rf"(?<!\w){re.escape(name)}s?(?!\w)", text)
    if found is None:
        return False
    before = re.findall(r"[^\W_]+", text[: found.start()])
    after = re.findall(r"[^\W_]+", text[found.end() :])
    return any(
        _initials(words) == letters
        for size in range(len(letters), len(letters) + 1)
        for words in (before[len(before) - size :], after[:size])
        if len(words) == size
    )


def _initials(words: list[str]) -> list[str]:
    return [word[0].lower() for word in words]
