"""Similarity of two readings of the same print."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher


def letters_of(text: str) -> str:
    """Letters and digits of a text without case and accents."""
    plain = unicodedata.normalize("NFKD", text).casefold()
    return "".join(c for c in plain if c.isalnum())


def similarity(one: str, other: str) -> float:
    """Share of letters and digits that two texts have in common, in order, 0..1."""
    a, b = letters_of(one), letters_of(other)
    if not a or not b:
        return float(a == b)
    return SequenceMatcher(None, a, b, autojunk=False).ratio()


def differences(
    one: Sequence[str], other: Sequence[str]
) -> Iterator[tuple[Sequence[str], Sequence[str]]]:
    """Stretches of words whose letters and digits differ in two readings."""
    ours, theirs = list(map(letters_of, one)), list(map(letters_of, other))
    matcher = SequenceMatcher(None, ours, theirs, autojunk=False)
    for tag, a, b, c, d in matcher.get_opcodes():
        if tag != "equal" and "".join(ours[a:b]) != "".join(theirs[c:d]):
            yield one[a:b], other[c:d]
